import type { AttestationFact } from '../attestation/types.ts';
import type { ContextResult, Door, FactOrigin, Pep } from '../context/types.ts';
import type { Binding, DeviceRecord } from '../inventory/types.ts';
import type { DelegatedBy } from '../inventory/gateways/types.ts';
import type { KeyUse } from '../inventory/observed/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { CoarseClass, Finding, ReasonCode, Severity, ToldCode } from '../lib/reason-code.ts';
import type { Moment } from '../lib/moment.ts';
import type { Assurance, PolicyInput, Verdict } from '../policy/types.ts';
import type { PolicyResponse } from '../policy/compat/types.ts';
import type { HoldFact } from '../revocation/holds/types.ts';
import type { RevocationFact } from '../revocation/types.ts';
import type { RecordedDocument } from './recorded-document.ts';

export type { Assurance } from '../policy/types.ts';
export type { Severity } from '../lib/reason-code.ts';

/** A reason as it is told: in answers, records and on the command line. */
export interface Reason {
  readonly code: ToldCode;
  readonly severity: Severity;
  readonly message: string;
  readonly detail?: Finding['detail'];
  /** Of a `custom.` reason alone, which no catalogue explains: what an operator does about it. */
  readonly remediation?: string;
  /** Of a `custom.` reason alone: what a device is told that is denied for it. */
  readonly class?: CoarseClass;
}

/** Something of ours that went wrong while deciding. */
export interface Fault {
  readonly code: ReasonCode;
  readonly stage: 'context' | 'facts' | 'policy' | 'conclude' | 'record';
  readonly message: string;
}

export interface Obligations {
  readonly entitlements: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** What the policy itself answers to proxy and device, where it was written for another program. */
  readonly response?: PolicyResponse;
  readonly session_limit_s: number | null;
}

/** Everything that a decision was made from. Digests are SHA-256 hex; what they name is kept for replay. */
export interface Versions {
  readonly program: string;
  readonly instance: string;
  readonly site: string | null;
  readonly bundle: string | null;
  readonly input_version: number;
  readonly epochs: Readonly<Record<string, number>>;
  readonly crls: readonly {
    readonly issuer_key: string;
    readonly number: string | null;
    readonly digest: string;
  }[];
  readonly configuration: string;
  readonly anchors: string;
  readonly classes: string;
  readonly catalogue: string;
}

/**
 * The answer. JSON-shaped on purpose: these names are relied upon in answers, records and reports, so the
 * type is the document (times RFC 3339, digests hex).
 */
export interface Decision {
  readonly decision_id: string;
  readonly tenant: string;
  readonly time: string;
  readonly outcome: 'allow' | 'deny';
  /** False where the configuration lets the connection pass although the outcome is deny (observe, broken glass). */
  readonly enforced: boolean;
  /** First one primary. */
  readonly reasons: readonly Reason[];
  readonly device_id: string | null;
  readonly assurance: Assurance;
  readonly obligations: Obligations;
  /** Of an allow; always after `time`. */
  readonly valid_until: string | null;
  readonly versions: Versions;
  readonly faults: readonly Fault[];
}

/**
 * Whose word it is that a connection is a device's: `proved` by the device itself, `named_by_certificate` where a
 * configured anchor's CA vouched for the name and the certificate does not hold now (expired, not yet valid, revoked or
 * not known not to be), `vouched` for by a gateway or enforcement point whose word counts; else no more than `claimed`
 * by whoever connects.
 */
export type Subject = 'proved' | 'named_by_certificate' | 'vouched' | 'claimed';

/** Facts as they are recorded: JSON, enough to conclude again with the verdict. */
export interface Facts {
  readonly now: EpochMs;
  readonly tenant: string;
  readonly door: Door;
  readonly pep: Pep;
  readonly connection: {
    readonly authenticated_by: 'device_tls' | 'gateway_asserted' | 'none';
    readonly source_ip: string | null;
    readonly destination: string | null;
    readonly protocol: string | null;
    readonly sni: string | null;
    readonly http: { readonly method: string; readonly host: string; readonly path: string } | null;
    readonly connection_id: string | null;
    readonly request_id: string | null;
    readonly claims: {
      readonly device_id: string | null;
      readonly serial: string | null;
      readonly firmware_hash: string | null;
    };
  };
  readonly credential: CredentialFacts | null;
  /** The device that the decision is about: proved by its certificate, else asserted. */
  readonly device_id: string | null;
  /** Whose word `device_id` is; null where there is none. */
  readonly subject: Subject | null;
  readonly assurance: Assurance;
  readonly revocation: readonly RevocationFact[];
  readonly device: DeviceRecord | null;
  readonly binding: Binding;
  readonly gateway: {
    /** When the window ends in which its record binds its certificate; null where it has no end, or binds none. */
    readonly bound_until: EpochMs | null;
    readonly id: string;
    readonly proved: boolean;
    readonly known: boolean;
    readonly status: string | null;
    /** It may speak for the device now. */
    readonly enrolled: boolean;
    /** By what it may, or might last; null where by nothing. */
    readonly delegated_by: DelegatedBy | null;
    /** When that ends or has ended; null where it has no end. */
    readonly delegated_until: EpochMs | null;
  } | null;
  /** What the catalogue has of the firmware that the device runs; null where it has nothing. */
  readonly firmware: FirmwareFact | null;
  /** How old the inventory is that the decision rests on; null where no source of it has a limit. */
  readonly inventory_state: InventoryStateFact | null;
  /** How old the policy is that decides; null where that has no limit. Older records have none. */
  readonly policy_state: PolicyStateFact | null;
  /** What lets the certificate's holder go on with CRLs that are too old; null where none is, or nothing lets it. */
  readonly crl_grace: OfflineGrace | null;
  readonly attestation: AttestationFact;
  readonly custom: Readonly<Record<string, { readonly value: string; readonly origin: FactOrigin }>>;
  /** Operators' holds that are in force for this connection. */
  readonly holds: readonly HoldFact[];
  /** What the rooms found; those of the floor deny whatever the policy says. */
  readonly findings: readonly Finding[];
  /** Ends of what an allow would rely on. */
  /** The certificate or its key was lately used in several places or by several devices; null where it was not. */
  readonly shared_use: SharedUseFact | null;
  /** What is wrong with the machine's clock; null while it can be trusted. `now` is then the kept time. */
  readonly clock: ClockFact | null;
  readonly limits: readonly { readonly until: EpochMs; readonly because: string }[];
}

/** How old the policy is that decides. */
export interface PolicyStateFact {
  readonly freshness: 'fresh' | 'within_grace' | 'stale';
  /** How long it decides after it has become stale. */
  readonly grace_s: number;
  /** When its source last said that it is the newest; null where it never did. */
  readonly last_success: EpochMs | null;
  readonly max_age_s: number;
  /** Name of the source. */
  readonly source: string;
  readonly stale_since: EpochMs | null;
}

/** Firmware by the catalogue, and what it is held against. */
export interface FirmwareFact {
  readonly advisory: string | null;
  readonly epoch: number;
  readonly firmware_hash: string;
  readonly grace_until: EpochMs | null;
  /** Highest version of the product that the device was seen with; null where none was. */
  readonly highest: string | null;
  /** Least version of the product that the device's class asks for; null where it names none. */
  readonly minimum: string | null;
  readonly product: string;
  readonly source: 'attested' | 'claimed';
  readonly status: 'approved' | 'known_vulnerable' | 'blocked';
  readonly version: string;
}

/** Grace of a class for state that is older than its limit. */
export interface OfflineGrace {
  readonly class: string;
  readonly grace_s: number;
  /** Since when record and certificate are known as they are; null where one of them is new. */
  readonly known_since: EpochMs | null;
  readonly site: string | null;
}

/** The source of inventory that is worst off among those that a decision rests on. */
export interface InventoryStateFact {
  readonly freshness: 'fresh' | 'within_grace' | 'stale';
  /** Null while it is fresh, and where nothing grants any. */
  readonly grace: OfflineGrace | null;
  readonly kind: 'devices' | 'firmware' | 'gateways';
  readonly last_success: EpochMs | null;
  readonly max_age_s: number;
  readonly source: string;
  /** When it became, or becomes, older than its limit; null where it was never read. */
  readonly stale_since: EpochMs | null;
}

export interface SharedUseFact {
  /** Changes of gateway or network between the uses. */
  readonly moves: number;
  /** Of what there was more than one, the gravest. */
  readonly scope: 'devices' | 'gateways' | 'networks';
  /** Within the window, oldest first, this connection last. */
  readonly uses: readonly KeyUse[];
}

/** A clock that is behind the kept time; milliseconds since 1970. */
export interface ClockFact {
  /** When the kept time was last borne out by the clock. */
  readonly confirmed: EpochMs;
  /** End of the grace of the device's class; null where it has none. */
  readonly grace_until: EpochMs | null;
  readonly kept: EpochMs;
  readonly system: EpochMs;
}

export interface CredentialFacts {
  readonly key: string;
  readonly source: string;
  /** Of the leaf; null where it could not be parsed. */
  readonly fingerprint: string | null;
  readonly key_digest: string | null;
  readonly key_algorithm: string | null;
  readonly issuer_name: string | null;
  readonly issuer_key: string | null;
  readonly serial: string | null;
  readonly not_before: EpochMs | null;
  readonly not_after: EpochMs | null;
  readonly valid: boolean;
  readonly anchor: string | null;
  readonly profile: string | null;
  /** Configured name of the issuing CA. */
  readonly issuer: string | null;
  /** Fingerprints, leaf first, anchor last; empty without a path. */
  readonly path: readonly string[];
  /** What certificates of the path should have had otherwise; denies under a strict anchor alone. */
  readonly lint: readonly {
    readonly code: string;
    readonly message: string;
    readonly certificate: number | null;
  }[];
  readonly identity: {
    readonly id: string;
    readonly scheme: string;
    readonly hardware_serial: string | null;
  } | null;
}

/** Everything that was made on the way to one decision; what the record is written from. */
export interface MadeDecision {
  readonly decision: Decision;
  /** Null where no context could be built or the facts could not be gathered. */
  readonly facts: Facts | null;
  readonly input: PolicyInput | null;
  readonly verdict: Verdict | null;
  /** What the policy saw beside `input`, where it was written for another program. */
  readonly document?: RecordedDocument;
  readonly pep: Pep;
  readonly door: string;
  readonly connection_id: string | null;
  /** Id of the request that the enforcement point gave, also where no context could be built. */
  readonly request_id?: string | null;
  readonly trace: { readonly trace_id: string; readonly span_id: string } | null;
  /** Microseconds by stage, for metrics and the span. */
  readonly timings: Readonly<Record<'facts' | 'policy' | 'conclude' | 'total', number>>;
}

/** Where decisions are recorded. Implemented by `audit/`; awaited by the record wrapper. */
export interface Recorder {
  /** Resolves once the record is as safe as the mode promises; throws PDP_AUDIT_UNAVAILABLE where it cannot be. */
  append(made: MadeDecision): Promise<void>;
  /**
   * Takes what was answered in the place of a decision whose `append` has rejected: where its record may yet be
   * written, this one follows it, and counts. Not awaited.
   */
  supersede?(answered: MadeDecision): void;
}

/** When a call came and when its answer is of no more use, on the monotonic clock (ms). */
export interface CallTiming {
  readonly arrived: number;
  readonly deadline: number;
  /** What came together with it: state is read once for all of that. */
  readonly moment?: Moment;
}

/** What the doors call: the whole flow with its wrappers. Never rejects: faults are denials. */
export interface DecisionPoint {
  decide(built: ContextResult, timing: CallTiming): Promise<MadeDecision>;
}
