import type { Finding } from '../lib/reason-code.ts';
import { checkExtensions, checkKey } from './certificate-checks.ts';
import { isSelfIssued, nameText } from './name.ts';
import type { Certificate } from './types.ts';

/**
 * What makes a certificate unfit to stand above the leaf at `place` in this path, the anchor included: RFC 5280
 * section 6.1.4 (k) to (o). An absent keyUsage restricts nothing; an absent cA denies.
 */
export function checkCa(
  certificates: readonly Certificate[],
  place: number,
  strength: { readonly allowSmallKeys: boolean },
): Finding[] {
  const ca = certificates[place] as Certificate;
  return [
    ...checkExtensions(ca, place),
    ...checkKey(ca, place, strength),
    ...checkRights(ca, place),
    ...checkPathLength(certificates, ca, place),
  ];
}

function checkRights(ca: Certificate, place: number): Finding[] {
  const detail = { certificate: place, subject: nameText(ca.subject) };
  const findings: Finding[] = [];
  if (ca.basicConstraints?.ca !== true) findings.push({ code: 'chain.not_a_ca', detail });
  if (ca.keyUsage !== undefined && !ca.keyUsage.has('keyCertSign')) {
    findings.push({ code: 'chain.key_cert_sign_missing', detail });
  }
  return findings;
}

/** RFC 5280 section 4.2.1.9: intermediates that follow towards the leaf, those not counted that issued to themselves. */
function checkPathLength(certificates: readonly Certificate[], ca: Certificate, place: number): Finding[] {
  const allowed = ca.basicConstraints?.pathLen;
  if (allowed === undefined) return [];
  const below = certificates.slice(1, place).filter((certificate) => !isSelfIssued(certificate)).length;
  if (below <= allowed) return [];
  const detail = { certificate: place, subject: nameText(ca.subject), allowed, found: below };
  return [{ code: 'chain.pathlen_exceeded', detail }];
}
