import type { KeptStats } from '../lib/kept.ts';
import type { CustomCode, Finding } from '../lib/reason-code.ts';
import type { CustomReason } from './custom-reasons.ts';
import type { InputVersion, PolicyInputs } from './input-versions.ts';
import type { PolicyMoment } from './builtins/types.ts';
import type { PolicyResponse } from './compat/types.ts';
import type { RequestDocument } from '../context/types.ts';

/** The policy input, in whichever version the bundle in force wants. */
export type PolicyInput = PolicyInputs[InputVersion];

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
  /** What a policy that was written for another program says to the proxy and the device itself. */
  readonly response?: PolicyResponse;
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
   * built-in functions take time and chance from; policies without any need none. The document is what a policy that was
   * written for another program sees beside the input.
   */
  evaluate(input: PolicyInput, moment?: PolicyMoment, document?: RequestDocument): Verdict;
  /** Pages (64 KiB) of WASM memory in use; 0 between a trap and the next evaluation, which makes a fresh instance. */
  pages(): number;
  /** How what it remembers stands. */
  kept(): readonly KeptStats[];
}
