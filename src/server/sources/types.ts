import type { EpochMs } from '../../lib/clock.ts';
import type { SourceStatement } from './statement.ts';

/** What sources bring that a statement beside it may be signed for. */
export const statedKinds = ['crl', 'devices', 'gateways', 'firmware', 'jwks', 'ocsp'] as const;

export type StatedKind = (typeof statedKinds)[number];

/** What sources bring; bundles carry their signatures themselves. */
export const sourceKinds = [...statedKinds, 'policy'] as const;

export type SourceKind = (typeof sourceKinds)[number];

/** Where a source stands. */
export type SourceLocation =
  | {
      readonly file: string;
      /** It is a folder with the files of a bundle, which are brought packed. */
      readonly unpacked?: true;
    }
  | {
      readonly url: string;
      /** PEM file of the CAs that its server must chain to; null = those that the platform trusts. */
      readonly ca: string | null;
      /** File of `Name: value` lines that are sent with each request to this origin. */
      readonly headers_file: string | null;
      /** Whether a redirect is followed, as in `FetchOptions`. */
      readonly mayVisit?: (url: URL, same: boolean) => boolean;
      /** Whether a URL may lead to this machine or its links; any may where absent. */
      readonly mayBeLocal?: (url: URL) => boolean;
    };

/** One background source as it is configured. Lengths of time in milliseconds. */
export interface SourceEntry {
  readonly kind: SourceKind;
  /** Unique among its kind; also a label of metrics. */
  readonly name: string;
  readonly location: SourceLocation;
  /** About how often it is asked. */
  readonly interval: number;
  /** By what share of the interval the times of asking are strewn, 0 to 1. */
  readonly jitter: number;
  /** Most time for one exchange. */
  readonly timeout: number;
  readonly max_bytes: number;
  /** Age of its last success above which it counts as stale; null = never by that alone. */
  readonly max_age: number | null;
  /** File with the public keys (PEM, JWK, JWKS) of which one must have signed; null = nobody need have. */
  readonly signed_by: string | null;
  /** Whether what is signed must name this source: its keys sign for others of its kind too. */
  readonly must_name?: boolean;
  /** How the bytes are read and what they are for, as text: read otherwise, the same bytes are worth another reading. */
  readonly reading?: string;
}

/** Puts in force what was brought, all or nothing; what it throws leaves the last good state. */
export type Apply = (brought: Brought) => Promise<Applied>;

/** One background source with what becomes of what it brings. */
export interface SourceSpec extends SourceEntry {
  readonly apply: Apply;
}

/** What a source brought, whole and checked: length, signature, sequence. */
export interface Brought {
  /** The bytes from their begin, as often as they are wanted, until `apply` is done. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** The file that they stand in until `apply` is done. */
  readonly path: string;
  readonly size: number;
  /** SHA-256, lower-case hex. */
  readonly digest: string;
  /** URL or file as configured, for people and records. */
  readonly from: string;
  /** What the signer said; undefined where nobody need sign. */
  readonly statement?: SourceStatement;
  readonly now: EpochMs;
}

export interface Applied {
  /** Whether it was new. */
  readonly changed: boolean;
  /** One line for the log where it was. */
  readonly what?: string;
  /** When what was brought ends by its own word (a CRL's nextUpdate): it is asked again at half of that time. */
  readonly renewBy?: EpochMs;
  /** True where the same bytes are worth another reading: part of the work was left undone. */
  readonly again?: boolean;
}

/** What is told of one source; times RFC 3339, ages in whole seconds. */
export interface SourceView {
  readonly kind: string;
  readonly name: string;
  readonly location: string;
  readonly last_success: string | null;
  readonly last_attempt: string | null;
  readonly last_change: string | null;
  /** Since the last success; null before the first. */
  readonly age_s: number | null;
  /** Older than its max_age, or never read at all. */
  readonly stale: boolean;
  readonly next_fetch: string | null;
  readonly failures: number;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly sequence: number | null;
}
