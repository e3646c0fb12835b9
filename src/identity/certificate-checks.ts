import type { Finding } from '../lib/reason-code.ts';
import { extensionOids } from './oids.ts';
import { keyWeakness } from './strength.ts';
import type { Certificate } from './types.ts';

/**
 * Extensions that constrain the path and are not processed. RFC 5280 has them critical; where a CA left that out,
 * ignoring them would accept what that CA forbids.
 */
const constraining = [
  extensionOids.nameConstraints,
  extensionOids.policyConstraints,
  extensionOids.inhibitAnyPolicy,
];

/** RFC 5280 section 4.2: a critical extension that is not processed denies. `place` is counted from the leaf, 0. */
export function checkExtensions(certificate: Certificate, place: number): Finding[] {
  const { extensions, unknownCritical } = certificate;
  const constraints = constraining.filter((oid) => extensions.has(oid) && !unknownCritical.includes(oid));
  return [...unknownCritical, ...constraints].map((oid) => ({
    code: 'chain.unknown_critical_extension',
    detail: { certificate: place, oid, critical: extensions.get(oid)?.critical ?? false },
  }));
}

/** Kind and strength of a certificate's own key. */
export function checkKey(certificate: Certificate, place: number): Finding[] {
  const problem = keyWeakness(certificate.key);
  return problem === undefined
    ? []
    : [{ code: 'credential.weak_key', detail: { certificate: place, problem } }];
}
