import { nameText } from '../identity/name-text.ts';
import type { Certificate } from '../identity/types.ts';
import type { SignatureVerdict } from '../identity/verify-signature.ts';
import { equalBytes } from '../lib/bytes.ts';
import { formatInstant, type EpochMs } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { refused } from './crl-extensions.ts';
import type { CrlFields } from './parse-crl.ts';

/**
 * The CA certificate that a CRL was signed under (RFC 5280 section 6.3.3 (f) and (g)): of the CRL's issuer name, with
 * the key identifier that the CRL asks for where both state one, allowed to sign CRLs where it has a keyUsage, valid
 * at `now`, and its key verifies the signature, which `verify` tells. Of several that could be meant (re-issued CA certificates) the first
 * that passes counts. Throws PDP_CRL_REFUSED where none is known or has the right, PDP_CRL_INVALID where the
 * signature is wrong under all.
 */
export function findCrlIssuer(
  crl: CrlFields,
  issuers: readonly Certificate[],
  now: EpochMs,
  verify: (candidate: Certificate) => SignatureVerdict,
): Certificate {
  const named = issuers.filter((candidate) => isMeant(crl, candidate));
  if (named.length === 0) {
    throw refused(
      `no configured CA certificate has its issuer's name (${nameText(crl.issuer)}) and key; configure it as anchor or intermediate`,
    );
  }
  let problem: PortreeveError | undefined;
  for (const candidate of named) {
    const found = problemWith(crl, candidate, now, verify);
    if (found === undefined) return candidate;
    problem ??= found;
  }
  throw problem as PortreeveError;
}

function isMeant(crl: CrlFields, candidate: Certificate): boolean {
  if (candidate.subject.key !== crl.issuer.key) return false;
  const { authorityKeyId } = crl;
  const { subjectKeyId } = candidate;
  return !authorityKeyId || !subjectKeyId || equalBytes(authorityKeyId, subjectKeyId);
}

function problemWith(
  crl: CrlFields,
  issuer: Certificate,
  now: EpochMs,
  verify: (candidate: Certificate) => SignatureVerdict,
): PortreeveError | undefined {
  const name = nameText(issuer.subject);
  if (issuer.keyUsage && !issuer.keyUsage.has('cRLSign')) {
    return refused(`its issuer ${name} has no right to sign CRLs (keyUsage without cRLSign)`);
  }
  if (now < issuer.notBefore) {
    return refused(`its issuer ${name} is not valid before ${formatInstant(issuer.notBefore)}`);
  }
  if (now > issuer.notAfter)
    return refused(`its issuer ${name} expired at ${formatInstant(issuer.notAfter)}`);
  switch (verify(issuer)) {
    case 'valid':
      return undefined;
    case 'invalid':
      return new PortreeveError('PDP_CRL_INVALID', `CRL is not signed by ${name}: the signature is wrong`);
    case 'weak':
      return refused(`its signature algorithm or its issuer's key (${name}) is too weak`);
    case 'unsupported':
      return refused(`its signature algorithm ${crl.signatureAlgorithm.oid} is not supported`);
  }
}
