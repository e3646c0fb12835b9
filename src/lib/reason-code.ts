/**
 * The closed list of reason codes, in the order in which reasons are told within one severity:
 * identity, chain, credential, revocation, hold, inventory, firmware, attestation, assurance, network,
 * policy, system. A code enters with the code that produces it and is never renamed or removed.
 * Texts, severities, controls and remediation are in `decision/reasons.ts`.
 */
export const reasonCodes = [
  'identity.no_credential',
  'identity.unparsable_certificate',
  'identity.id_missing',
  'identity.id_malformed',
  'identity.multiple_ids',
  'identity.anchor_namespace_mismatch',
  'identity.vendor_product_mismatch',
  'identity.claimed_id_mismatch',
  'identity.serial_mismatch',
  'identity.key_shared',
  'chain.incomplete',
  'chain.untrusted_anchor',
  'chain.signature_invalid',
  'chain.issuer_expired',
  'chain.pathlen_exceeded',
  'chain.not_a_ca',
  'chain.key_cert_sign_missing',
  'chain.name_constraint_violation',
  'chain.policy_unsatisfied',
  'chain.unknown_critical_extension',
  'chain.duplicate_extension',
  'chain.too_long',
  'chain.budget_exceeded',
  'credential.not_yet_valid',
  'credential.expired',
  'credential.lifetime_exceeds_policy',
  'credential.weak_key',
  'credential.weak_signature',
  'credential.eku_missing_client_auth',
  'credential.key_usage_invalid',
  'credential.ca_as_leaf',
  'credential.idevid_used_operationally',
  'credential.lint_strict',
  'revocation.revoked',
  'revocation.issuer_revoked',
  'revocation.on_hold',
  'revocation.status_unknown',
  'revocation.crl_missing',
  'revocation.crl_stale',
  'revocation.stale_within_grace',
  'hold.device',
  'hold.certificate',
  'hold.key',
  'hold.issuer',
  'hold.firmware',
  'hold.class',
  'hold.gateway',
  'hold.network',
  'inventory.unknown_device',
  'inventory.not_active',
  'inventory.decommissioned',
  'inventory.quarantined',
  'inventory.lost_or_stolen',
  'inventory.cert_not_bound',
  'inventory.class_unknown',
  'firmware.missing',
  'firmware.unknown_hash',
  'firmware.blocked',
  'attestation.missing',
  'attestation.verifier_untrusted',
  'assurance.gateway_unknown',
  'assurance.gateway_untrusted',
  'assurance.device_not_proven',
  'assurance.level_below_required',
  'assurance.child_not_enrolled',
  'network.source_not_allowed',
  'policy.ok',
  'policy.denied',
  'policy.undefined',
  'policy.error',
  'policy.timeout',
  'policy.bundle_missing',
  'system.input_invalid',
  'system.overload_shed',
  'system.internal',
  'system.clock_untrusted',
  'system.dependency_stale',
  'system.break_glass_used',
  'system.audit_unavailable',
] as const;

export type ReasonCode = (typeof reasonCodes)[number];

const known: ReadonlySet<string> = new Set(reasonCodes);

export function isReasonCode(text: string): text is ReasonCode {
  return known.has(text);
}

/** What a room found out against (or about) a connection; `detail` holds the compared values for the auditor. */
export interface Finding {
  readonly code: ReasonCode;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}
