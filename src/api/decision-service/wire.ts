import type { WireStruct } from '../ext-authz/wire.ts';

/** Messages of `portreeve.v1` as the proto loader gives and takes them; what is absent is undefined. */

export interface DecideRequest {
  readonly peer_chain?: readonly Uint8Array[];
  readonly authenticated_by?: string | number;
  readonly gateway?: string;
  readonly claims?: {
    readonly device_id?: string;
    readonly serial?: string;
    readonly firmware_hash?: string;
    readonly attestation?: string;
  };
  readonly source_ip?: string;
  readonly destination?: string;
  readonly protocol?: string;
  readonly sni?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly connection_id?: string;
  /** DER. */
  readonly stapled_ocsp?: Uint8Array;
  /** Base64url. */
  readonly attestation_challenge?: string;
}

export interface DecideResponse {
  readonly decision_id?: string;
  readonly tenant?: string;
  readonly time?: string;
  readonly outcome?: string | number;
  readonly enforcement?: string | number;
  readonly reasons?: readonly {
    readonly code?: string;
    readonly severity?: string | number;
    readonly message?: string;
    readonly detail?: WireStruct;
    readonly remediation?: string;
    readonly coarse_class?: string;
  }[];
  readonly device_id?: string;
  readonly assurance?: string | number;
  readonly obligations?: {
    readonly entitlements?: readonly string[];
    readonly headers?: Readonly<Record<string, string>>;
    readonly session_limit_s?: number;
  };
  readonly valid_until?: string;
  readonly versions?: {
    readonly program?: string;
    readonly instance?: string;
    readonly site?: string;
    readonly bundle?: string;
    readonly input_version?: number;
    readonly epochs?: Readonly<Record<string, string | number>>;
    readonly crls?: readonly {
      readonly issuer_key?: string;
      readonly number?: string;
      readonly digest?: string;
    }[];
    readonly configuration?: string;
    readonly anchors?: string;
    readonly classes?: string;
    readonly catalogue?: string;
  };
  readonly faults?: readonly { readonly code?: string; readonly stage?: string; readonly message?: string }[];
}

export interface DecideBatchRequest {
  readonly connections?: readonly DecideRequest[];
}

export interface DecideBatchResponse {
  readonly answers?: readonly { readonly connection_id?: string; readonly decision?: DecideResponse }[];
  readonly refused?: DecideResponse;
}
