import type { Finding } from '../lib/reason-code.ts';
import { keyWeakness } from './strength.ts';
import type { Certificate } from './types.ts';

/** Most extensions of one certificate that are told: each would be a reason of the decision and in its record. */
const mostTold = 8;

/** RFC 5280 section 4.2: a critical extension that is not processed denies. `place` is counted from the leaf, 0. */
export function checkExtensions(certificate: Certificate, place: number): Finding[] {
  return certificate.unknownCritical.slice(0, mostTold).map((oid) => ({
    code: 'chain.unknown_critical_extension',
    detail: { certificate: place, oid, critical: true },
  }));
}

/** Kind and strength of a certificate's own key. */
export function checkKey(
  certificate: Certificate,
  place: number,
  { allowSmallKeys }: { readonly allowSmallKeys: boolean },
): Finding[] {
  const problem = keyWeakness(certificate.key, allowSmallKeys);
  return problem === undefined
    ? []
    : [{ code: 'credential.weak_key', detail: { certificate: place, problem } }];
}
