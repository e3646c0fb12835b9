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
  'identity.concurrent_use',
  'identity.credential_shared',
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
  'credential.renewal_overdue',
  'revocation.revoked',
  'revocation.issuer_revoked',
  'revocation.on_hold',
  'revocation.status_unknown',
  'revocation.crl_missing',
  'revocation.crl_stale',
  'revocation.shard_not_loaded',
  'revocation.ocsp_unavailable',
  'revocation.ocsp_unknown',
  'revocation.stale_within_grace',
  'revocation.removed_from_hold',
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
  'inventory.superseded_certificate',
  'inventory.class_unknown',
  'inventory.cache_stale',
  'inventory.stale_within_grace',
  'firmware.missing',
  'firmware.unknown_hash',
  'firmware.blocked',
  'firmware.known_vulnerable',
  'firmware.below_minimum',
  'firmware.rollback',
  'firmware.grace_expiring',
  'firmware.mismatch_attestation',
  'attestation.missing',
  'attestation.malformed',
  'attestation.profile_unknown',
  'attestation.signature_invalid',
  'attestation.verifier_untrusted',
  'attestation.expired',
  'attestation.too_old',
  'attestation.nonce_mismatch',
  'attestation.replayed',
  'attestation.key_not_bound',
  'attestation.device_mismatch',
  'attestation.submod_missing',
  'attestation.contraindicated',
  'attestation.warning',
  'attestation.none_tier',
  'attestation.status_inconsistent',
  'attestation.not_relied_upon',
  'assurance.gateway_unknown',
  'assurance.gateway_untrusted',
  'assurance.device_not_proven',
  'assurance.level_below_required',
  'assurance.child_not_enrolled',
  'assurance.delegation_expired',
  'network.source_not_allowed',
  'policy.ok',
  'policy.denied',
  'policy.undefined',
  'policy.error',
  'policy.timeout',
  'policy.bundle_missing',
  'policy.bundle_signature_invalid',
  'policy.bundle_stale',
  'policy.stale_within_grace',
  'policy.shadow_would_deny',
  'system.input_invalid',
  'system.overload_shed',
  'system.internal',
  'system.clock_untrusted',
  'system.clock_within_grace',
  'system.dependency_stale',
  'system.break_glass_used',
  'system.audit_unavailable',
] as const;

export type ReasonCode = (typeof reasonCodes)[number];

const known: ReadonlySet<string> = new Set(reasonCodes);

export function isReasonCode(text: string): text is ReasonCode {
  return known.has(text);
}

/** A reason of a policy author's own, declared in the bundle that tells it; told after `network` and before `policy`. */
export type CustomCode = `custom.${string}`;

/** Whatever code a decision may tell. */
export type ToldCode = ReasonCode | CustomCode;

/** Whether a text has the form of an author's own code, `custom.` and a name in snake_case of at most 64 characters. */
export function isCustomCode(text: string): text is CustomCode {
  return /^custom\.[a-z][a-z0-9_]{0,63}$/.test(text);
}

export type Severity = 'deny' | 'warn' | 'info';

/**
 * What a device may be told about a denial, and nothing finer: which list or check it failed would help whoever
 * is trying them (the split is OPC UA's, Part 4 section 6.1.3).
 */
export const coarseClasses = ['retry_later', 'renew_certificate', 're_attest', 'not_authorized'] as const;

export type CoarseClass = (typeof coarseClasses)[number];

/** What a room found out against (or about) a connection; `detail` holds the compared values for the auditor. */
export interface Finding {
  readonly code: ReasonCode;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}
