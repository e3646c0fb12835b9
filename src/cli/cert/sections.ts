import type { ReasonCode } from '../../lib/reason-code.ts';

/** Where the rule stands that a reason about a certificate, its path or its revocation rests on. */
const sections: Partial<Readonly<Record<ReasonCode, string>>> = {
  'identity.unparsable_certificate': 'RFC 5280 section 4.1',
  'chain.incomplete': 'RFC 5280 section 6.1',
  'chain.untrusted_anchor': 'RFC 5280 section 6.1.1 (d)',
  'chain.signature_invalid': 'RFC 5280 section 6.1.3 (a)(1)',
  'chain.issuer_expired': 'RFC 5280 section 6.1.3 (a)(2)',
  'chain.pathlen_exceeded': 'RFC 5280 section 6.1.4 (l) and (m)',
  'chain.not_a_ca': 'RFC 5280 section 6.1.4 (k)',
  'chain.key_cert_sign_missing': 'RFC 5280 section 6.1.4 (n)',
  'chain.unknown_critical_extension': 'RFC 5280 section 6.1.4 (o) and 6.1.5 (f)',
  'chain.duplicate_extension': 'RFC 5280 section 4.2',
  'chain.too_long': 'RFC 5280 section 6.1',
  'chain.budget_exceeded': 'RFC 4158 section 2.4',
  'credential.not_yet_valid': 'RFC 5280 section 6.1.3 (a)(2)',
  'credential.expired': 'RFC 5280 section 6.1.3 (a)(2)',
  'credential.weak_key': 'RFC 5280 section 8',
  'credential.weak_signature': 'RFC 5280 section 8',
  'credential.lint_strict': 'RFC 5280 sections 4 and 5',
  'chain.name_constraint_violation': 'RFC 5280 section 6.1.3 (b) and (c)',
  'chain.policy_unsatisfied': 'RFC 5280 section 6.1.5 (g)',
  'credential.eku_missing_client_auth': 'RFC 5280 section 4.2.1.12',
  'credential.key_usage_invalid': 'RFC 5280 section 4.2.1.3',
  'credential.ca_as_leaf': 'RFC 5280 section 4.2.1.9',
  'revocation.revoked': 'RFC 5280 section 6.3.3 (i) and (j)',
  'revocation.issuer_revoked': 'RFC 5280 section 6.3.3 (i) and (j)',
  'revocation.on_hold': 'RFC 5280 section 6.3.3 (i) and (j)',
  'revocation.status_unknown': 'RFC 5280 section 6.3.3',
  'revocation.crl_missing': 'RFC 5280 section 6.3.3 (b) to (g)',
  'revocation.crl_stale': 'RFC 5280 section 6.3.3 (a)',
  'revocation.shard_not_loaded': 'RFC 5280 section 6.3.3 (b)',
  'revocation.ocsp_unavailable': 'RFC 6960 section 2.3',
  'revocation.ocsp_unknown': 'RFC 6960 section 2.2',
  'revocation.removed_from_hold': 'RFC 5280 section 5.3.1',
};

/** The section that a reason rests on; undefined for reasons that no standard for certificates gives. */
export function sectionOf(code: ReasonCode): string | undefined {
  return sections[code];
}

/** What a reason means where any purpose and any certificate may be asked about, other than a device's at its connection. */
const texts: Partial<Readonly<Record<ReasonCode, string>>> = {
  'credential.eku_missing_client_auth':
    'The certificate, or a CA above it, may not be used for a required purpose.',
};

/** A reason in a sentence of its own, undefined where the catalogue's fits. */
export function textOf(code: ReasonCode): string | undefined {
  return texts[code];
}
