import type { CustomCode, Finding } from '../lib/reason-code.ts';
import type { CustomReason } from './custom-reasons.ts';
import type { PolicyMoment } from './builtins/types.ts';

/**
 * The policy input, version 1: flat, every key always present, `null` where there is nothing to say (in Rego
 * an absent operand would make a deny rule silently not fire). Documented field by field in
 * `rego/schema/input.json`. Times are Unix seconds, ages and lifetimes seconds, serials and digests lower-case hex.
 */
export interface PolicyInput {
  readonly input_version: 1;
  readonly now_s: number;
  /** UTC, 0 = Sunday. */
  readonly weekday: number;
  /** UTC, 0–1439. */
  readonly minute_of_day: number;
  readonly tenant: string;
  readonly door: string;
  readonly pep: string;
  readonly pep_site: string | null;
  readonly pep_zone: string | null;
  readonly pep_authenticated_by: string;
  readonly pep_may_assert_devices: boolean;
  readonly pep_networks: readonly string[];
  readonly source_ip: string | null;
  /** Whose list of networks the source is outside of: its class's, its record's, its enforcement point's. */
  readonly source_outside: readonly ('class' | 'device' | 'pep')[];
  /** As `source_ip`; null where the source is outside of no list. */
  readonly source_ip_outside: string | null;
  readonly destination: string | null;
  readonly protocol: string | null;
  readonly sni: string | null;
  readonly http_method: string | null;
  readonly http_host: string | null;
  readonly http_path: string | null;
  readonly authenticated_by: 'device_tls' | 'gateway_asserted' | 'none';
  readonly assurance: Assurance;
  /** The configuration names `trust.credential_optional`. */
  readonly credential_optional: boolean;
  readonly credential_presented: boolean;
  readonly credential_valid: boolean;
  readonly credential_findings: readonly string[];
  /** Of whom or what more than one used the certificate's key lately; null where no more than one did. */
  readonly credential_shared: 'networks' | 'gateways' | 'devices' | null;
  readonly anchor: string | null;
  readonly profile: string | null;
  /** Configured name of the CA that issued the leaf. */
  readonly issuer: string | null;
  readonly device_id: string | null;
  readonly hardware_serial: string | null;
  readonly certificate_serial: string | null;
  readonly certificate_fingerprint: string | null;
  readonly key_digest: string | null;
  readonly key_algorithm: string | null;
  readonly lifetime_s: number | null;
  readonly certificate_age_s: number | null;
  readonly remaining_s: number | null;
  readonly revocation_status: 'good' | 'revoked' | 'on_hold' | 'unknown' | null;
  readonly revocation_freshness: 'fresh' | 'within_grace' | 'stale' | 'missing' | null;
  readonly crl_age_s: number | null;
  readonly claimed_device_id: string | null;
  readonly claimed_serial: string | null;
  readonly claimed_id_matches: boolean | null;
  readonly claimed_serial_matches: boolean | null;
  readonly inventory_known: boolean;
  /** Of the sources of devices, firmware and gateways that matter here and have a limit; null where none has. */
  readonly inventory_freshness: 'fresh' | 'within_grace' | 'stale' | null;
  readonly device_status: string | null;
  readonly device_class: string | null;
  readonly device_owner: string | null;
  readonly device_site: string | null;
  readonly device_tags: readonly string[];
  readonly device_firmware: readonly string[];
  readonly device_networks: readonly string[];
  readonly device_entitlements: readonly string[];
  readonly key_protection: string | null;
  /** When a certificate that is valid from before then is to have been renewed, by the device's record. */
  readonly renewal_expected_by_s: number | null;
  /** By what its renewal is overdue: the class's `renew_by_share`, the time in the device's record. */
  readonly renewal_overdue: readonly ('class' | 'device')[];
  /** As `remaining_s`; null where no renewal is overdue. */
  readonly renewal_overdue_remaining_s: number | null;
  /** Strongest binding that holds; `ended` where the record names the certificate and its time is over. */
  readonly binding: 'certificate' | 'key' | 'issuer' | 'none' | 'ended';
  readonly firmware_hash: string | null;
  readonly firmware_source: 'claimed' | 'attested' | null;
  /** What the catalogue, the class's minimum and the versions seen before say against the firmware, or warn of. */
  readonly firmware_findings: readonly Finding[];
  /** By the catalogue; null where it does not have the hash. */
  readonly firmware_product: string | null;
  readonly firmware_status: 'approved' | 'known_vulnerable' | 'blocked' | null;
  readonly firmware_version: string | null;
  /** Seconds since the result was issued, below 0 where that is ahead of the clock; null without one that was verified. */
  readonly attestation_age_s: number | null;
  /** What does not hold of a token that was presented. */
  readonly attestation_findings: readonly Finding[];
  readonly attestation_status: 'none' | 'failed' | 'verified';
  readonly attestation_tier: 'none' | 'affirming' | 'warning' | 'contraindicated' | null;
  readonly attestation_verifier: string | null;
  readonly gateway: string | null;
  /** The gateway showed its own valid certificate; false = only the PEP's word, null = no gateway. */
  readonly gateway_proved: boolean | null;
  readonly gateway_known: boolean | null;
  readonly gateway_status: string | null;
  /** The gateway may speak for this device now: its record names the gateway, or it is delegated. */
  readonly gateway_enrolled: boolean | null;
  /** When what is delegated ends or has ended; null where nothing is, or it has no end. */
  readonly gateway_delegation_until_s: number | null;
  readonly custom: Readonly<Record<string, { readonly value: string; readonly origin: string }>>;
}

export type Assurance = 'none' | 'gateway_asserted' | 'device_proved' | 'attested';

/** A reason of the policy author's own, with what its bundle declares of it: enough to conclude without the bundle. */
export interface CustomFinding {
  readonly code: CustomCode;
  readonly declared: CustomReason;
  readonly detail?: Finding['detail'];
}

/** What the policy said, checked and readonly. */
export interface Verdict {
  readonly allow: boolean;
  readonly reasons: readonly (Finding | CustomFinding)[];
  readonly entitlements: readonly string[];
  /** Extra upstream headers; names are lower-case and never begin with `x-portreeve-`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly session_limit_s: number | null;
  readonly ttl_s: number | null;
}

export interface BundleInfo {
  /** SHA-256 (hex) of the bundle's bytes: `versions.bundle`. */
  readonly digest: string;
  readonly revision: string;
  readonly inputVersion: number;
}

/** Rules of one device class, from the configuration, seen by Rego as `data.portreeve.classes[name]`. */
export interface ClassRules {
  /** Least assurance; `device_proved` refuses a gateway's word. */
  readonly assurance: Assurance;
  /** Weakest binding that is enough. */
  readonly binding: 'certificate' | 'key' | 'issuer';
  /** Names of CAs whose certificates count for binding `issuer`. */
  readonly issuers: readonly string[];
  /** Anchors under which devices of this class may be identified. */
  readonly anchors: readonly string[];
  readonly max_lifetime_s: number | null;
  /** Share of a certificate's lifetime (0 to 1) after which its renewal is overdue; null = not told. */
  readonly renew_by_share: number | null;
  readonly firmware: {
    readonly required: boolean;
    readonly allowed: readonly string[];
    readonly blocked: readonly string[];
    /** Product → least version. What the catalogue approves of these products may run. */
    readonly minimum: Readonly<Record<string, string>>;
    readonly rollback: 'deny' | 'accept';
  };
  /** CIDRs; empty = anywhere. */
  readonly networks: readonly string[];
  readonly attestation: AttestationClassRules;
  /** Of a certificate or key that is used in several places or by several devices. */
  readonly shared_use: 'warn' | 'deny' | 'ignore';
  /** Seconds after the last trusted time in which devices are decided about at the kept time; null = none. */
  readonly clock_grace_s: number | null;
  /** Seconds for which known devices go on with state that is older than its limit; by site, else `state_s`. */
  readonly grace: {
    readonly state_s: number | null;
    readonly sites: Readonly<Record<string, number>>;
  };
  readonly entitlements: readonly string[];
  readonly ttl_s: number;
  readonly session_limit_s: number | null;
}

/** What is asked of the attestation of one class of devices. */
export interface AttestationClassRules {
  readonly required: boolean;
  /** Labels of appraisals that must be there; empty = those that are there count. */
  readonly submods: readonly string[];
  /** Weakest tier that is enough. */
  readonly tier: 'affirming' | 'warning';
  /** Weakest tier of single claims of the trustworthiness vector, by their names. */
  readonly vector: Readonly<Record<string, 'affirming' | 'warning'>>;
  readonly max_age_s: number | null;
  /** Only a result for a challenge that the enforcement point gave counts. */
  readonly challenge: boolean;
}

/** A loaded policy. Not re-entrant, synchronous; one instance a worker. */
export interface PolicyEngine {
  readonly bundle: BundleInfo;
  /**
   * Evaluates `portreeve/decision`. Throws PDP_POLICY_UNDEFINED for an empty result and PDP_POLICY_TRAP for
   * a trap, a wrong shape or an unknown reason code; after a trap it makes itself a fresh instance. The moment is what
   * built-in functions take time and chance from; policies without any need none.
   */
  evaluate(input: PolicyInput, moment?: PolicyMoment): Verdict;
  /** Pages (64 KiB) of WASM memory in use; 0 between a trap and the next evaluation, which makes a fresh instance. */
  pages(): number;
}
