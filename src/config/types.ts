import type { EpochMs } from '../lib/clock.ts';
import type { ToldCode } from '../lib/reason-code.ts';
import type { ClassRules } from '../policy/types.ts';
import type { AuditConfig } from './audit-types.ts';

export type {
  AuditAnchorConfig,
  AuditConfig,
  RedactConfig,
  SinkConfig,
  StrangersConfig,
  WitnessConfig,
} from './audit-types.ts';

/**
 * The effective configuration: checked, defaults filled in, paths absolute, durations in milliseconds, instants in
 * milliseconds since 1970, secrets as file paths only. Keys are those of the YAML file. It is plain JSON, so that it
 * can cross the channel to a worker and be hashed (`versions.configuration`).
 */
export interface Config {
  readonly version: 1;
  /** The file that it came from, for messages; not part of the digest. */
  readonly file: string;
  readonly site: string | null;
  readonly state: { readonly path: string };
  readonly server: {
    readonly workers: number;
    /** Most time for one decision, milliseconds. */
    readonly budget: number;
    /** Before connections are told to go, health says NOT_SERVING for so long, milliseconds. */
    readonly drain_notice: number;
    readonly drain: number;
    readonly listeners: readonly ListenerConfig[];
    /** Admin HTTP; `127.0.0.1:9190` or `unix:/path`. */
    readonly admin: { readonly address: string };
    /** A further listener with health and metrics only; plaintext may be off loopback. */
    readonly health: { readonly address: string } | null;
    readonly max_concurrent_streams: number;
    readonly connections: ConnectionsConfig;
  };
  readonly peps: readonly PepConfig[];
  readonly trust: {
    readonly anchors: readonly AnchorConfig[];
    readonly intermediates: readonly { readonly name: string; readonly file: string }[];
    /** CAs for PEPs' own client certificates. */
    readonly pep_cas: readonly PepCaConfig[];
    /** A connection without a certificate is not denied for that alone. */
    readonly credential_optional: boolean;
  };
  readonly revocation: {
    /** CRL files and folders of them, watched. */
    readonly crls: readonly string[];
    /** CRLs by HTTP(S). */
    readonly sources: readonly CrlSourceConfig[];
    readonly distribution_points: PaceConfig & {
      /** URL prefixes that distribution points of certificates may have. */
      readonly allow: readonly string[];
    };
    readonly ocsp: {
      readonly responders: readonly OcspResponderConfig[];
      /** Stapled responses that say good count. */
      readonly stapled: boolean;
    };
    /** Bytes of one CRL file. */
    readonly max_crl_bytes: number;
    readonly poll: number;
    /** Distribution points that are expected of CAs whose lists come in parts. */
    readonly coverage: readonly { readonly issuer: string; readonly points: readonly string[] }[];
  };
  readonly attestation: {
    readonly verifiers: readonly VerifierConfig[];
    /** Where ext_authz requests carry the nonce that the PEP gave the device; never a header. */
    readonly challenge: readonly ValueSource[];
  };
  readonly inventory: {
    /** Inventories that are read in the background. */
    readonly sources: readonly InventorySourceConfig[];
  };
  readonly classes: Readonly<Record<string, ClassRules>>;
  readonly limits: {
    /** Active devices that one change may keep out without a number typed: `1%`, or how many. */
    readonly max_lockout: string | number;
  };
  /** What is kept of what decisions learn. */
  readonly observed: {
    readonly interval: number;
    readonly certificates_per_device: number;
    readonly keep: number;
  };
  /** When a key counts as used in several places. */
  readonly shared_use: {
    readonly window: number;
    readonly moves: number;
    readonly ipv4_prefix: number;
    readonly ipv6_prefix: number;
  };
  /** How the machine's clock is held against the kept time. */
  readonly time: { readonly tolerance: number; readonly settle: number; readonly max_leap: number };
  readonly policy: PolicyConfig;
  readonly compat: CompatConfig;
  /** Where ext_authz requests carry claims; the first source that is present counts. */
  readonly claims: Readonly<
    Record<'device_id' | 'serial' | 'firmware_hash' | 'attestation', readonly ValueSource[]>
  >;
  readonly custom: Readonly<Record<string, ValueSource>>;
  readonly wire: {
    /** HTTP statuses by row of the status table; never changes an outcome. */
    readonly statuses: Readonly<Partial<Record<'no_credential' | 'denied' | 'unavailable', number>>>;
    /** Seconds; a uniformly random number between the two is sent. */
    readonly retry_after: { readonly min: number; readonly max: number };
    /** What is answered where a call is not begun for want of time: a denial, or a gRPC error. */
    readonly overload: 'denial' | 'unavailable';
  };
  readonly enforcement: {
    readonly observe: readonly ObserveConfig[];
    readonly break_glass: readonly BreakGlassConfig[];
  };
  readonly audit: AuditConfig;
  readonly index: {
    /** Whether the server keeps it up. */
    readonly follow: boolean;
    /** Of the index beside the log; null = no limit. */
    readonly max_bytes: number | null;
  };
}

/** Which bundle is in force. Lengths of time in milliseconds. */
export interface PolicyConfig {
  /** Bundle file (`.tar.gz`); null = the default bundle that ships, or none while there are sources. */
  readonly bundle: string | null;
  /** Whose input and results the policy was written for; null = our own. */
  readonly compat: 'opa-envoy' | null;
  /** With `compat`: the rule that is asked. */
  readonly path: string;
  /** In the order of their priority. */
  readonly sources: readonly BundleSourceConfig[];
  /** Keys of which one must have signed; empty = none need have. */
  readonly signed_by: readonly BundleKeyConfig[];
  /** Age of the source's last word above which the bundle is stale; null = it never is. */
  readonly max_age: number | null;
  /** How long decisions go on with a stale one. */
  readonly grace: number;
  readonly keep: number;
  readonly self_test_timeout: number;
  /** The bundle that is asked beside the one in force; null = none is. */
  readonly shadow: ShadowConfig | null;
}

/** A bundle for a trial beside the one in force. At least one of `bundle` and `sources` names something. */
export interface ShadowConfig {
  readonly bundle: string | null;
  /** In the order of their priority; `bundle` is the last of them. */
  readonly sources: readonly BundleSourceConfig[];
  /** Of the decisions, above 0 up to 1. */
  readonly share: number;
  readonly until: EpochMs | null;
}

/** How a policy that was written for another program is asked, and answered for; without effect while none is. */
export interface CompatConfig {
  /** What an undefined decision or an error in the policy becomes: a denial, or a failed call. */
  readonly undefined: 'deny' | 'error';
  readonly credential_optional: boolean;
  readonly skip_request_body_parse: boolean;
  /** File of a descriptor set; null = bodies of gRPC requests are not read. */
  readonly proto_descriptor: string | null;
  /** Most bytes of the input that a record holds. */
  readonly record_bytes: number;
}

export interface BundleSourceConfig extends UrlSourceConfig {
  readonly name: string;
  /** Exactly one of `file`, `folder` and `url` is set. */
  readonly file: string | null;
  readonly folder: string | null;
}

export interface BundleKeyConfig {
  readonly key_id: string;
  readonly file: string;
  readonly algorithm: string;
  readonly scope: string | null;
}

/** How often, how long and how much is fetched; milliseconds and bytes. */
export interface PaceConfig {
  readonly ca: string | null;
  readonly interval: number;
  readonly timeout: number;
  readonly max_bytes: number;
  /** Age of the last success above which the source counts as stale. */
  readonly max_age: number | null;
}

/** What is fetched from a URL of its own. */
export interface UrlSourceConfig extends PaceConfig {
  readonly url: string | null;
  readonly headers_file: string | null;
  /** URL prefixes elsewhere that a redirect may lead to. */
  readonly redirects: readonly string[];
}

/** The responder that is asked about the certificates of one CA. Lengths of time in milliseconds. */
export interface OcspResponderConfig {
  /** Configured name of the CA. */
  readonly issuer: string;
  readonly url: string;
  readonly ca: string | null;
  readonly nonce: 'never' | 'optional' | 'required';
  readonly hash: 'sha1' | 'sha256';
  /** Certificate that may sign its answers beside the CA's own and those that the CA delegates to. */
  readonly signer: string | null;
  readonly rate_per_second: number;
  readonly timeout: number;
  readonly max_age: number | null;
}

export interface CrlSourceConfig extends UrlSourceConfig {
  readonly name: string;
  readonly url: string;
}

/** A source that is a file or a URL, and may have to be signed. */
export interface FileOrUrlSourceConfig extends UrlSourceConfig {
  readonly name: string;
  /** Exactly one of `file` and `url` is set. */
  readonly file: string | null;
  /** Public keys of which one must have signed; null = unsigned. */
  readonly signed_by: string | null;
}

/** Devices, firmware or delegations that are read in the background; `max_age` bounds what decisions rest on. */
export interface InventorySourceConfig extends FileOrUrlSourceConfig {
  readonly kind: 'devices' | 'firmware' | 'gateways';
  readonly format: 'ndjson' | 'csv';
  /** Field → column of a foreign CSV; empty = columns are called like the fields. */
  readonly columns: Readonly<Record<string, string>>;
  readonly tenant: string;
  readonly whole: boolean;
}

/** A verifier of evidence, whose signed results about devices count. Lengths of time in milliseconds. */
export interface VerifierConfig {
  readonly name: string;
  readonly keys: UrlSourceConfig & {
    /** Exactly one of `file` and `url` is set. */
    readonly file: string | null;
    readonly overlap: number;
    /** RFC 7638 thumbprints. */
    readonly blocked: readonly string[];
  };
  readonly algorithms: readonly ('ES256' | 'ES384' | 'EdDSA')[];
  readonly profiles: readonly string[];
  readonly issuer: string | null;
  readonly developer: string | null;
  readonly build: string | null;
  readonly max_age: number;
  readonly tolerance: number;
  readonly classes: readonly string[];
  readonly firmware: { readonly submod: string | null; readonly pointer: string } | null;
}

/** What PEPs may take of one worker with their connections. Times in milliseconds. */
export interface ConnectionsConfig {
  /** Of one listener, in all and from one address. */
  readonly max: number;
  readonly per_address: number;
  readonly setup: number;
  readonly idle: number;
  readonly keepalive: number;
  readonly call: number;
  /** Bytes of calls that are not answered yet. */
  readonly buffered: number;
  /** Bytes that HTTP/2 may keep for one connection. */
  readonly memory: number;
  readonly header_bytes: number;
  /** Streams that a peer may reset on one connection: at once, and how many a second are forgiven. */
  readonly resets: { readonly burst: number; readonly rate: number };
}

export interface ListenerConfig {
  readonly name: string;
  /** `host:port` or `unix:/path`. */
  readonly address: string;
  /** Who asks on a plaintext or Unix-socket listener; TLS listeners know their PEPs by certificate. */
  readonly pep: string | null;
  readonly tls: {
    readonly certificate: string;
    readonly key: string;
    readonly client_cas: readonly string[];
  } | null;
  /** Plaintext off loopback and off Unix sockets, by name. */
  readonly insecure: boolean;
}

export interface PepConfig {
  readonly name: string;
  readonly tenant: string;
  readonly site: string | null;
  readonly zone: string | null;
  /** Exact URI or DNS SAN, or a pattern with `{site}` and `{zone}` captures (one path segment or DNS label each), under a named CA. */
  readonly match: { readonly san: string; readonly ca: string } | null;
  readonly may_assert_devices: boolean;
  readonly may_send_xfcc: boolean;
  readonly networks: readonly string[];
  readonly trusted_hops: number;
}

export interface PepCaConfig {
  readonly name: string;
  readonly file: string;
  readonly revocation: RevocationConfig;
}

/** What is asked of revocation state below a CA. */
export interface RevocationConfig {
  readonly required: boolean;
  readonly max_age: number | null;
  readonly grace: number;
}

export interface AnchorConfig {
  readonly name: string;
  readonly file: string;
  readonly profile: {
    readonly kind:
      | 'spiffe'
      | 'san_uri'
      | 'san_dns'
      | 'ieee_802_1ar'
      | 'mac_address'
      | 'cn'
      | 'aws_iot'
      | 'azure_dps'
      | 'matter_dac'
      | 'opc_ua'
      | 'lwm2m';
    /** spiffe: the trust domain that must match. */
    readonly trust_domain?: string;
    /** ieee_802_1ar: which DevIDs the anchor issues; absent = either, told apart by nothing. */
    readonly devid?: 'idevid' | 'ldevid';
  };
  readonly revocation: RevocationConfig;
  readonly allow_sha1: boolean;
  readonly allow_small_keys: boolean;
  /** Lint findings deny. */
  readonly strict: boolean;
  /** The file holds a device's own self-signed certificate, not a CA's. */
  readonly pinned: boolean;
}

/** Exactly one of the keys is set. `inventory` is for `custom` only: a column of the device's record. */
export type ValueSource =
  | { readonly header: string }
  | { readonly context_extension: string }
  | { readonly metadata: string }
  | { readonly label: string }
  | { readonly inventory: string };

export interface ObserveConfig {
  /** Exactly one of the three. */
  readonly pep?: string;
  readonly class?: string;
  readonly site?: string;
  readonly until: EpochMs;
}

export interface BreakGlassConfig {
  readonly reasons: readonly ToldCode[];
  readonly classes: readonly string[];
  readonly devices: readonly string[];
  readonly who: string;
  readonly why: string;
  readonly since: EpochMs;
  /** At most 24 hours after `since`. */
  readonly until: EpochMs;
}
