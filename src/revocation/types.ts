import type { Certificate } from '../identity/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import type { About } from './crl-lists.ts';
import type { AskedCertificate } from './look-up.ts';
import type { OcspFact } from './ocsp/types.ts';
import type { CandidateCrl } from './stored-crl.ts';

/** One CRL that is in force, as the store knows it. Times in milliseconds since 1970. */
export interface CrlInfo {
  /** SHA-256 (hex) of the SubjectPublicKeyInfo that it is signed with. */
  readonly issuerKey: string;
  /** Comparison key of the issuer's name; empty for a CRL of an older store that was not read again. */
  readonly issuer: string;
  readonly issuerName: string;
  /** Canonical form of its issuing distribution point; empty for a CRL that is restricted to nothing. */
  readonly scope: string;
  /** Names of the distribution point that it is restricted to, with their kind: `uri:http://…`. */
  readonly points: readonly string[];
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

/** A CRL in force that may tell a certificate's status. */
export interface Candidate {
  readonly crl: CandidateCrl;
  readonly about: About;
  /** Signed with the very key of the certificate's issuer, in its name. */
  readonly isDirect: boolean;
}

/** What the store holds about one certificate. */
export interface RevocationLookup {
  readonly candidates: readonly Candidate[];
  /** In how many parts the configuration says that its issuer's list comes, for a certificate that names none; else 1. */
  readonly parts: number;
  /** Whether its issuer's list comes in parts, by the configuration or by a CRL in force. */
  readonly isPartitioned: boolean;
  readonly points: readonly DistributionPointFact[];
}

export interface RevocationReader {
  /** What may tell the status of a certificate that this key issued. Call within one `store.snapshot`. */
  lookup(certificate: AskedCertificate, issuerKey: string): RevocationLookup;
  /** Certificates that may have signed CRLs beside those of the path itself. */
  readonly issuers: readonly Certificate[];
  crls(): readonly CrlInfo[];
}

/** What judging needs of a reader. */
export type RevocationLookups = Pick<RevocationReader, 'lookup' | 'issuers'>;

/** A distribution point by which a certificate's status may be told, and whether a CRL of it is in force. */
export interface DistributionPointFact {
  /** Comparison keys of the names of whoever issues its CRL; null where that is the certificate's issuer. */
  readonly crl_issuers: readonly string[] | null;
  readonly loaded: boolean;
  /** Whether the certificate lists it, or the configuration expects it of the issuer. */
  readonly named_by: 'certificate' | 'configuration';
  /** Its names with their kind: `uri:http://…`, `dn:…`. */
  readonly names: readonly string[];
  /** Names of the reasons that it is restricted to; null = all. */
  readonly reasons: readonly string[] | null;
}

/** State of one certificate's revocation at a time, part of the facts. */
export interface RevocationFact {
  /** Place in the path, 0 = leaf. */
  readonly certificate: number;
  readonly issuer_key: string;
  /** Comparison key of the issuer's name. */
  readonly issuer_dn: string;
  /** Whether it is a CA's certificate: some CRLs are about those only, others about all but those. */
  readonly ca: boolean;
  readonly serial: string;
  readonly status: 'good' | 'revoked' | 'on_hold' | 'unknown';
  readonly freshness: 'fresh' | 'within_grace' | 'stale' | 'missing';
  /** Of the complete CRL that counts most. */
  readonly crl_number: string | null;
  /** Of the delta that is combined with it. */
  readonly delta_number: string | null;
  /** The points that the certificate lists or that are expected of its issuer; empty where its issuer has one list. */
  readonly distribution_points: readonly DistributionPointFact[];
  /** What OCSP told; absent where no responder is configured for the issuer and no stapled answer came. */
  readonly ocsp?: OcspFact;
  /** File or other source of the CRL that counts; `ocsp:` and a URL, or `ocsp:stapled`, where an answer counts instead. */
  readonly source: string | null;
  /** Of the list that counts: the delta's, where it carries further than the complete CRL. */
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
