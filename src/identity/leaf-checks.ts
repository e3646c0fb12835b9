import type { Finding } from '../lib/reason-code.ts';
import { purposeOids } from './oids.ts';
import { checkExtensions, checkKey } from './certificate-checks.ts';
import type { Certificate } from './types.ts';

/** What is wrong with a leaf on whatever path: RFC 5280 sections 4.2.1.3, 4.2.1.9 and 4.2.1.12. */
export function checkLeaf(leaf: Certificate): Finding[] {
  return [...checkExtensions(leaf, 0), ...checkKey(leaf, 0), ...checkRole(leaf), ...checkPurpose(leaf)];
}

/** A profile may require that the leaf states its purpose: then a leaf without extendedKeyUsage is refused. */
export function checkStatedPurpose(leaf: Certificate): Finding[] {
  if (leaf.extendedKeyUsage !== undefined) return [];
  return [
    { code: 'credential.eku_missing_client_auth', detail: { certificate: 0, extended_key_usage: 'absent' } },
  ];
}

function checkRole(leaf: Certificate): Finding[] {
  const findings: Finding[] = [];
  if (leaf.basicConstraints?.ca) findings.push({ code: 'credential.ca_as_leaf' });
  if (leaf.keyUsage !== undefined && !leaf.keyUsage.has('digitalSignature')) {
    const detail = { key_usage: [...leaf.keyUsage].join(' '), required: 'digitalSignature' };
    findings.push({ code: 'credential.key_usage_invalid', detail });
  }
  return findings;
}

/** Of a leaf only clientAuth itself counts: a certificate for any purpose is not one for this. */
function checkPurpose(leaf: Certificate): Finding[] {
  const purposes = leaf.extendedKeyUsage;
  if (purposes === undefined || purposes.includes(purposeOids.clientAuth)) return [];
  const detail = { certificate: 0, extended_key_usage: purposes.join(' ') };
  return [{ code: 'credential.eku_missing_client_auth', detail }];
}
