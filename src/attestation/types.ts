import type { EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import type { FirmwarePlace } from './firmware.ts';
import type { KeptKey } from './keys/key-reader.ts';
import type { VerifierKey } from './keys/key-set.ts';
import type { Tier, VectorClaim } from './tiers.ts';
import type { TokenAlgorithm } from './token.ts';

/** A verifier whose results count, as it is configured. Lengths of time in milliseconds. */
export interface Verifier {
  readonly name: string;
  /** File or URL of its keys: what they are kept under. */
  readonly source: string;
  /** Keys of its file; empty where they come from a URL. */
  readonly keys: readonly VerifierKey[];
  readonly algorithms: ReadonlySet<TokenAlgorithm>;
  /** Values of `eat_profile` that it may use. */
  readonly profiles: ReadonlySet<string>;
  /** What its results must say of it; undefined = anything. */
  readonly issuer: string | undefined;
  readonly developer: string | undefined;
  readonly build: string | undefined;
  readonly maxAge: number;
  /** By how much its clock may be ahead of ours. */
  readonly tolerance: number;
  /** For how long a key that vanished from its set is still accepted. */
  readonly overlap: number;
  /** Thumbprints of keys that are accepted no more, whoever publishes them. */
  readonly blockedKeys: ReadonlySet<string>;
  /** Classes of devices that it speaks for; empty = all. */
  readonly classes: readonly string[];
  readonly firmware: FirmwarePlace | undefined;
}

/** What is asked of the attestation of one class of devices. */
export interface AttestationRules {
  readonly required: boolean;
  /** Labels of appraisals that must be there; empty = those that are there count. */
  readonly submods: readonly string[];
  /** Weakest tier of each of them that is enough. */
  readonly tier: 'affirming' | 'warning';
  /** Weakest tier of single claims of the vector. */
  readonly vector: Readonly<Partial<Record<VectorClaim, 'affirming' | 'warning'>>>;
  readonly max_age_s: number | null;
  /** Only a result for a challenge that the enforcement point gave counts. */
  readonly challenge: boolean;
}

/** One part of an appraisal, as it is recorded. */
export interface SubmodFact {
  readonly label: string;
  readonly policies: readonly string[];
  /** What the verifier says. */
  readonly status: Tier;
  /** What its own claims make of that: never more trusted. */
  readonly tier: Tier;
  readonly vector: Readonly<Partial<Record<VectorClaim, number>>>;
}

/**
 * What is known of an attestation token. Nothing of a token whose signature was not verified is in here but its digest.
 */
export interface AttestationFact {
  /** `verified`: every check held; `failed`: one did not, see `findings`; `none`: there is no token. */
  readonly status: 'none' | 'failed' | 'verified';
  /** By what the result is this device's: the key that it proved, a key or id that the inventory links to it. */
  readonly bound_by: 'certificate_key' | 'attestation_key' | 'ueid' | null;
  /** SHA-256 (hex) of the token. */
  readonly digest: string | null;
  readonly expires_at: EpochMs | null;
  readonly findings: readonly Finding[];
  /** Lower-case hex, as the verifier measured it; null unless the result is verified. */
  readonly firmware_hash: string | null;
  readonly issued_at: EpochMs | null;
  /** RFC 7638 thumbprint of the verifier's key. */
  readonly key: string | null;
  readonly profile: string | null;
  /** SHA-256 (hex) of what is signed: one statement, whatever its signature. */
  readonly statement: string | null;
  readonly submods: readonly SubmodFact[];
  /** The least trusted tier of all that counts. */
  readonly tier: Tier | null;
  /** Until when the result can be relied upon; null unless it is verified. */
  readonly usable_until: EpochMs | null;
  /** Configured name of the verifier. */
  readonly verifier: string | null;
}

/** The keys of verifiers that count now. */
export interface AcceptedKey {
  readonly verifier: Verifier;
  readonly key: VerifierKey | KeptKey;
  /** End of its overlap; null = it is published. */
  readonly until: EpochMs | null;
}
