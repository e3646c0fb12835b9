import type { EpochMs } from '../../lib/clock.ts';
import { attestationLimits } from '../limits.ts';
import type { TokenParts } from '../token.ts';
import type { AcceptedKey, Verifier } from '../types.ts';
import type { KeyReader } from './key-reader.ts';

/** Which keys count, from the configured files and the store. */
export interface KeyRing {
  /** Keys that a token may have been signed with, by its `kid`: at most `limits.candidates`. */
  candidates(token: Pick<TokenParts, 'kid'>, now: EpochMs): readonly AcceptedKey[];
  /** Every key that counts. */
  accepted(now: EpochMs): readonly AcceptedKey[];
  /** Until when a key counts: null = it is published; undefined = it does not count. */
  acceptedUntil(verifier: Verifier, thumbprint: string, now: EpochMs): EpochMs | null | undefined;
}

/**
 * A key counts while its verifier publishes it, and for the configured overlap after that; a blocked one never. A token
 * that names a key is tried with keys of that name alone; one that names none only with keys that were published without
 * a name, or alone.
 */
export function createKeyRing(verifiers: readonly Verifier[], reader: KeyReader): KeyRing {
  const accepted = (now: EpochMs): readonly AcceptedKey[] =>
    verifiers.flatMap((verifier) => keysOf(verifier, reader, now));
  return {
    accepted,
    candidates: ({ kid }, now) =>
      accepted(now)
        .filter(({ key }) => isNamed(key, kid))
        .slice(0, attestationLimits.candidates),
    acceptedUntil: (verifier, thumbprint, now) =>
      keysOf(verifier, reader, now).find(({ key }) => key.thumbprint === thumbprint)?.until,
  };
}

function isNamed({ kid, alone }: AcceptedKey['key'], named: string | undefined): boolean {
  return named === undefined ? alone || kid === null : kid === named;
}

function keysOf(verifier: Verifier, reader: KeyReader, now: EpochMs): readonly AcceptedKey[] {
  const { keys, blockedKeys, name, overlap, source } = verifier;
  const published = new Set(keys.map(({ thumbprint }) => thumbprint));
  // What stands in the file counts by that, whatever the store remembers of it.
  const kept = reader.keys(name, source).filter(({ thumbprint }) => !published.has(thumbprint));
  // One that is said to vanish further ahead than the overlap is long was so dated by a clock that had leapt ahead.
  const there = kept.filter(({ goneAt }) => goneAt === null || goneAt <= now + overlap);
  return [
    ...keys.map((key) => ({ verifier, key, until: null })),
    ...there.map((key) => ({ verifier, key, until: key.goneAt === null ? null : key.goneAt + overlap })),
  ].filter(({ key, until }) => !blockedKeys.has(key.thumbprint) && (until === null || now < until));
}
