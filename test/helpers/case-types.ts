import type { AuthenticatedBy, ClaimName } from '../../src/context/types.ts';
import type { Assurance, Severity } from '../../src/decision/types.ts';
import type { ToldCode } from '../../src/lib/reason-code.ts';
import type { DeclaredReason } from '../../src/policy/custom-reasons.ts';
import type { Document } from './world-document.ts';

/** The cases as their files say them; `test/cases/given/case.schema.yaml` describes every word. */
export type CaseDoor = 'ext_authz_http' | 'ext_authz_l4' | 'native' | 'native_batch' | 'cli';

export const caseDoors: readonly CaseDoor[] = [
  'ext_authz_http',
  'ext_authz_l4',
  'native',
  'native_batch',
  'cli',
];

export interface Case {
  readonly file: string;
  readonly title: string;
  readonly at: string;
  readonly only?: { readonly door: CaseDoor; readonly because: string };
  readonly fault?: string;
  readonly state?: State;
  readonly certificate?: Described;
  readonly connection: CaseConnection;
  readonly expect: Expectation;
}

export interface State {
  readonly devices?: readonly Readonly<Record<string, unknown>>[];
  readonly crls?: Readonly<Record<string, DescribedCrl | null>>;
  readonly further_crls?: readonly (DescribedCrl & { readonly issuer: string })[];
  readonly configuration?: Document;
  readonly policy?: string;
  readonly holds?: readonly DescribedHold[];
  readonly uses?: readonly DescribedUse[];
  readonly ocsp?: readonly (DescribedOcsp & { readonly issuer: string; readonly serial: string })[];
  readonly firmware?: readonly DescribedRow[];
  readonly delegations?: readonly DescribedRow[];
  readonly sights?: readonly DescribedSight[];
  readonly sources?: readonly DescribedSource[];
}

/** A row of a catalogue, as its import file has it; ends are moments. */
export type DescribedRow = Readonly<Record<string, string>>;

/** What was learnt from an allowed decision, or from a measurement where its firmware is attested. */
export interface DescribedSight {
  readonly certificate: string;
  readonly device_id: string;
  readonly at: string;
  readonly firmware?: { readonly product: string; readonly version: string; readonly attested?: true };
}

/** A background source that was read. */
export interface DescribedSource {
  readonly kind: string;
  readonly name: string;
  readonly location: string;
  readonly read: string;
}

/** A use of a certificate's key that other decisions have seen; `at` is a moment, `+-` from the time of the fleet. */
export interface DescribedUse {
  readonly certificate: string;
  readonly device_id: string;
  readonly gateway: string;
  readonly network?: string;
  readonly at: string;
}

/** What a responder says of a certificate; moments as in other words. */
export interface DescribedOcsp {
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly this_update?: string;
  readonly next_update?: string | null;
  readonly revoked_at?: string;
  readonly reason?: number;
  readonly signer?: string;
  readonly damage?: 'signature' | 'truncated';
}

/** A hold, by exactly one of what can be held. */
export interface DescribedHold {
  readonly tenant?: string;
  readonly device?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly issuer?: string;
  readonly issued_before?: string;
  readonly firmware?: string;
  readonly class?: string;
  readonly gateway?: string;
  readonly network?: string;
  readonly until?: string;
  readonly lifted?: true;
}

export interface DescribedCrl {
  readonly number?: number;
  readonly base?: number;
  readonly point?: DescribedScope;
  readonly this_update?: string;
  readonly next_update?: string;
  readonly revoked?: readonly {
    readonly of?: string;
    readonly serial?: string;
    readonly authority?: string;
    readonly at: string;
    readonly reason?: string;
  }[];
}

/** issuingDistributionPoint; reasons are bits of ReasonFlags. */
export interface DescribedScope {
  readonly uri?: string;
  readonly only?: 'user' | 'ca';
  readonly reasons?: readonly number[];
  readonly indirect?: boolean;
}

/** One of cRLDistributionPoints; `crl_issuer` is an authority. */
export interface DescribedPoint {
  readonly uri?: string;
  readonly reasons?: readonly number[];
  readonly crl_issuer?: string;
}

export interface DescribedExtension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: string;
}

/** A certificate of the fleet by name, or one in words. */
export type Described = string | DescribedCertificate;

export interface DescribedCertificate {
  readonly issuer: string;
  readonly itself?: true;
  readonly name?: string;
  readonly subject?: string;
  readonly uri?: readonly string[];
  readonly dns?: readonly string[];
  readonly not_before?: string;
  readonly not_after?: string;
  readonly eku?: readonly string[];
  readonly key_usage?: readonly string[];
  readonly key?: string;
  readonly key_of?: string;
  readonly hash?: string;
  readonly serial?: string;
  readonly ca?: boolean;
  readonly extensions?: readonly DescribedExtension[];
  readonly points?: readonly DescribedPoint[];
  readonly damage?: 'signature' | 'truncated' | 'trailing_byte' | 'not_a_certificate';
  readonly with?: readonly string[];
}

export interface DescribedAuthority {
  readonly subject: string;
  readonly under?: string;
  readonly path_length?: number;
  readonly key_usage?: readonly string[];
  readonly key?: string;
  readonly not_before?: string;
  readonly not_after?: string;
  readonly end_entity?: boolean;
  readonly uri?: readonly string[];
  readonly extensions?: readonly DescribedExtension[];
}

export interface DescribedToken {
  readonly by: string;
  readonly signed_by?: string;
  readonly issued?: string;
  readonly expires?: string | null;
  readonly key_of?: Described | null;
  readonly nonce?: string;
  readonly submods?: Readonly<
    Record<
      string,
      {
        readonly status?: string | number;
        readonly vector?: Readonly<Record<string, number>>;
        readonly more?: Readonly<Record<string, unknown>>;
      }
    >
  >;
  readonly more?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly damage?: 'claims' | 'no_signature';
}

export interface DescribedVerifier {
  readonly dialect: 'ear' | 'veraison';
  readonly key: 'ec-p256' | 'ec-p384' | 'ed25519';
  readonly kid?: string;
}

export interface CaseConnection {
  readonly pep?: string;
  readonly source_ip?: string | null;
  readonly destination?: string;
  readonly sni?: string;
  readonly connection_id?: string;
  readonly authenticated_by?: AuthenticatedBy | 'unspecified';
  readonly gateway?: string;
  readonly claims?: Readonly<Partial<Record<ClaimName, string>>>;
  /** An attestation result that is presented; takes the place of the claim. */
  readonly token?: DescribedToken;
  /** The nonce that the enforcement point gave the device, base64url. */
  readonly attestation_challenge?: string;
  /** An OCSP response that comes with the certificate. */
  readonly stapled?: DescribedOcsp;
  readonly labels?: Readonly<Record<string, string>>;
  readonly http?: { readonly method?: string; readonly host?: string; readonly path?: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly context_extensions?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly forwarded?: {
    readonly certificate: Described;
    readonly as: 'cert' | 'chain' | 'hash_only' | 'wrong_hash' | 'twice';
  };
  readonly granted_ms?: number;
}

export type ExpectedReason = Readonly<Partial<Record<Severity, ToldCode>>> & {
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
};

export interface Expectation {
  readonly outcome: 'allow' | 'deny';
  readonly enforced?: false;
  readonly reasons: readonly ExpectedReason[];
  readonly device_id: string | null;
  readonly claimed?: true;
  readonly assurance: Assurance;
  readonly tenant?: string;
  readonly valid_until?: string;
  readonly obligations?: {
    readonly entitlements?: readonly string[];
    readonly headers?: Readonly<Record<string, string>>;
    readonly session_limit_s?: number;
  };
  readonly faults?: readonly string[];
  readonly wire?: string;
}

/** What every case begins with: `test/cases/given/fleet.yaml`. */
export interface Fleet {
  readonly time: string;
  readonly authorities: Readonly<Record<string, DescribedAuthority>>;
  readonly certificates: Readonly<Record<string, DescribedCertificate>>;
  readonly crls: Readonly<Record<string, DescribedCrl>>;
  readonly devices: readonly Readonly<Record<string, unknown>>[];
  readonly configuration: Document;
  readonly policies: Readonly<Record<string, string>>;
  /** What the bundles of those policies declare of their own reasons. */
  readonly reasons: Readonly<Record<string, DeclaredReason>>;
  readonly verifiers: Readonly<Record<string, DescribedVerifier>>;
}

/** Which doors carry which facts and meet which faults: `test/cases/given/doors.yaml`. */
export interface DoorTable {
  readonly facts: Readonly<Record<string, readonly CaseDoor[]>>;
  readonly faults: Readonly<Record<string, readonly CaseDoor[]>>;
}
