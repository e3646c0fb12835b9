import type { Certificate } from '../identity/types.ts';
import type { Binding, DeviceRecord } from './types.ts';

/**
 * The strongest way in which a presented leaf is this device's: the record names the certificate, or its key, or
 * the leaf came from a CA (by its configured name) whose certificates count for the device's class. Whether that
 * is strong enough is the class's rule and not judged here.
 */
export function strongestBinding(
  record: Pick<DeviceRecord, 'certificates' | 'keys'>,
  leaf: Pick<Certificate, 'fingerprint' | 'keyDigest'>,
  issuerName: string | null,
  issuers: readonly string[],
): Binding {
  if (record.certificates.includes(leaf.fingerprint)) return 'certificate';
  if (record.keys.includes(leaf.keyDigest)) return 'key';
  if (issuerName !== null && issuers.includes(issuerName)) return 'issuer';
  return 'none';
}
