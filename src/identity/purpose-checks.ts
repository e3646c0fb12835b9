import type { Finding } from '../lib/reason-code.ts';
import { purposeOids } from './oids.ts';
import type { Certificate } from './types.ts';

/** Key usages of which one must be there where keyUsage is, for a purpose (RFC 5280 section 4.2.1.12). */
const usagesOf: Readonly<Record<string, readonly string[]>> = {
  [purposeOids.clientAuth]: ['digitalSignature', 'keyAgreement'],
  [purposeOids.serverAuth]: ['digitalSignature', 'keyEncipherment', 'keyAgreement'],
};

/**
 * Whether the path serves every one of these purposes: a leaf that states purposes must name each (one for any purpose
 * is not one for this), and a CA that states purposes vouches for those only, as every common validator has it.
 * Certificates that state none restrict nothing.
 */
export function checkPurposes(path: readonly Certificate[], purposes: readonly string[]): Finding[] {
  return purposes.flatMap((purpose) => [
    ...path.flatMap((certificate, place) => checkPurpose(certificate, place, purpose)),
    ...checkUsage(path[0] as Certificate, purpose),
  ]);
}

/** Most purposes that are told of a certificate that lacks the right one. */
const mostTold = 8;

function checkPurpose({ extendedKeyUsage }: Certificate, place: number, purpose: string): Finding[] {
  if (extendedKeyUsage === undefined || extendedKeyUsage.includes(purpose)) return [];
  if (place > 0 && extendedKeyUsage.includes(purposeOids.any)) return [];
  const stated = extendedKeyUsage.slice(0, mostTold).join(' ');
  const detail = { certificate: place, extended_key_usage: stated, required: purpose };
  return [{ code: 'credential.eku_missing_client_auth', detail }];
}

function checkUsage({ keyUsage }: Certificate, purpose: string): Finding[] {
  const usages = usagesOf[purpose];
  if (keyUsage === undefined || usages === undefined || usages.some((usage) => keyUsage.has(usage)))
    return [];
  const detail = { key_usage: [...keyUsage].join(' '), required: usages.join(' or ') };
  return [{ code: 'credential.key_usage_invalid', detail }];
}
