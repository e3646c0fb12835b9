import type { EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';

/** One CRL that is in force, as the store knows it. Times in milliseconds since 1970. */
export interface CrlInfo {
  /** SHA-256 (hex) of the SubjectPublicKeyInfo that it is signed with. */
  readonly issuerKey: string;
  readonly issuerName: string;
  /** Canonical form of its issuing distribution point; empty for a CRL that is restricted to nothing. */
  readonly scope: string;
  /** Whether it says only what changed since its base. */
  readonly delta: boolean;
  /** BaseCRLNumber of a delta, lower-case hex. */
  readonly baseNumber?: string;
  /** cRLNumber, lower-case hex of the unsigned integer; undefined where the CRL has none. */
  readonly number?: string;
  readonly thisUpdate: EpochMs;
  readonly nextUpdate: EpochMs;
  readonly importedAt: EpochMs;
  /** File or other source that it came from, for people. */
  readonly source: string;
  /** SHA-256 (hex) of the CRL's DER. */
  readonly digest: string;
  readonly entries: number;
}

export interface RevokedEntry {
  readonly serial: string;
  readonly revokedAt: EpochMs;
  /** RFC 5280 reason name (`keyCompromise`, `certificateHold`, …); `unspecified` where none is given. */
  readonly reason: string;
}

/** What the store holds about one certificate. */
export interface RevocationLookup {
  readonly crl?: CrlInfo;
  readonly entry?: RevokedEntry;
}

export interface RevocationReader {
  /** Exact look-up by issuer key digest and serial (both hex). Call within one `store.snapshot`. */
  lookup(issuerKey: string, serial: string): RevocationLookup;
  crls(): readonly CrlInfo[];
}

/** State of one certificate's revocation at a time, part of the facts. */
export interface RevocationFact {
  /** Place in the path, 0 = leaf. */
  readonly certificate: number;
  readonly issuer_key: string;
  readonly serial: string;
  readonly status: 'good' | 'revoked' | 'on_hold' | 'unknown';
  readonly freshness: 'fresh' | 'within_grace' | 'stale' | 'missing';
  readonly crl_number: string | null;
  readonly source: string | null;
  readonly this_update: EpochMs | null;
  readonly next_update: EpochMs | null;
  /** Whole seconds since thisUpdate, below 0 where that is still ahead of our clock; null without a CRL. */
  readonly age_s: number | null;
  readonly revoked_at: EpochMs | null;
  readonly reason: string | null;
  /**
   * When what is believed stops being usable, always after the judgement's time: nextUpdate (or thisUpdate + maximum
   * age), in grace the end of the grace; null where the CRL is stale or missing and nothing is believed.
   */
  readonly usable_until: EpochMs | null;
}

export interface RevocationJudgement {
  readonly facts: readonly RevocationFact[];
  readonly findings: readonly Finding[];
}
