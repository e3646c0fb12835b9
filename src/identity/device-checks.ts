import type { Finding } from '../lib/reason-code.ts';
import type { Certificate } from './types.ts';

/** What is wrong with a leaf as a device's, beyond its path: it may not be a CA, and must be able to sign. */
export function checkDeviceLeaf(leaf: Certificate): Finding[] {
  const findings: Finding[] = [];
  if (leaf.basicConstraints?.ca) findings.push({ code: 'credential.ca_as_leaf' });
  if (leaf.keyUsage !== undefined && !leaf.keyUsage.has('digitalSignature')) {
    const detail = { key_usage: [...leaf.keyUsage].join(' '), required: 'digitalSignature' };
    findings.push({ code: 'credential.key_usage_invalid', detail });
  }
  return findings;
}

/** A profile may require that the leaf states its purpose: then a leaf without extendedKeyUsage is refused. */
export function checkStatedPurpose(leaf: Certificate): Finding[] {
  if (leaf.extendedKeyUsage !== undefined) return [];
  const detail = { certificate: 0, extended_key_usage: 'absent' };
  return [{ code: 'credential.eku_missing_client_auth', detail }];
}
