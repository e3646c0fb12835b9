/** The record of decisions. Lengths of time in milliseconds. */
export interface AuditConfig {
  /** Folder of the log, or a plain file where it ends in `.ndjson`. */
  readonly path: string;
  readonly mode: 'strict' | 'relaxed' | 'none';
  /** Milliseconds. */
  readonly flush: number;
  readonly origin: string | null;
  readonly key: string;
  /** Milliseconds; null = without end. */
  readonly retain: number | null;
  readonly max_bytes: number | null;
  readonly rotate_bytes: number;
  /** Rotated files that are kept. */
  readonly keep: number;
  readonly on_failure: 'deny' | 'continue';
  /** Milliseconds. */
  readonly heartbeat: number;
  readonly strangers: StrangersConfig;
  readonly redact: RedactConfig;
  readonly witnesses: readonly WitnessConfig[];
  readonly anchors: readonly AuditAnchorConfig[];
  readonly sinks: readonly SinkConfig[];
}

/** Where records are sent as well; exactly one of `file`, `syslog` and `otlp`. */
export interface SinkConfig {
  readonly name: string;
  readonly file: string | null;
  /** `host:port`. */
  readonly syslog: string | null;
  readonly otlp: string | null;
  readonly format: 'record' | 'ocsf';
  readonly begin: 'oldest' | 'newest';
  readonly ca: string | null;
  /** Both or neither. */
  readonly certificate: string | null;
  readonly key: string | null;
  readonly headers_file: string | null;
  readonly facility: number;
  readonly max_message: number;
  readonly rotate_bytes: number;
  readonly keep: number;
  /** Milliseconds. */
  readonly interval: number;
  readonly timeout: number;
}

/** Who is asked to cosign checkpoints. */
export interface WitnessConfig {
  /** `name+id+base64`. */
  readonly key: string;
  /** Submission prefix. */
  readonly url: string;
  readonly ca: string | null;
  /** Milliseconds. */
  readonly interval: number;
  readonly timeout: number;
}

/** Where checkpoints are put; exactly one of `put` and `timestamp`. */
export interface AuditAnchorConfig {
  readonly name: string;
  readonly put: string | null;
  readonly timestamp: string | null;
  /** Not null with `timestamp`. */
  readonly timestamp_cas: string | null;
  readonly timestamp_policy: string | null;
  readonly headers_file: string | null;
  readonly ca: string | null;
  /** Milliseconds. */
  readonly interval: number;
  readonly timeout: number;
}

/** Denials before a device is identified: up to where each has a record of its own. */
export interface StrangersConfig {
  /** A second, for each enforcement point and source network. */
  readonly rate: number;
  readonly burst: number;
  /** A second, for each enforcement point. */
  readonly pep_rate: number;
  readonly pep_burst: number;
  readonly ipv4_prefix: number;
  readonly ipv6_prefix: number;
  /** Networks that are told apart at a time. */
  readonly networks: number;
}

/** What stands in records as a commitment alone. */
export interface RedactConfig {
  /** Paths of members, with dots or as JSON pointers. */
  readonly fields: readonly string[];
  /** The same text gives the same commitment throughout one record. */
  readonly linkable: boolean;
  /** Milliseconds that openings are kept; null = until they are erased. */
  readonly keep: number | null;
}
