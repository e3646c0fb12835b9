import { formatInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { Verifier } from '../types.ts';
import type { KeyRing } from './key-ring.ts';

/** What is told of the keys of one verifier, in status and by the command line. */
export interface KeyState {
  readonly verifier: string;
  readonly source: string;
  readonly keys: readonly {
    readonly thumbprint: string;
    readonly kid: string | null;
    readonly algorithm: string;
    /** RFC 3339; null = for as long as it is published. */
    readonly accepted_until: string | null;
  }[];
}

/** The keys that count now, by verifier; a verifier without any is told too. */
export function keyStates(verifiers: readonly Verifier[], ring: KeyRing, now: EpochMs): readonly KeyState[] {
  const accepted = ring.accepted(now);
  return verifiers.map((verifier) => ({
    verifier: verifier.name,
    source: verifier.source,
    keys: accepted
      .filter((one) => one.verifier === verifier)
      .map(({ key, until }) => ({
        thumbprint: key.thumbprint,
        kid: key.kid,
        algorithm: key.algorithm,
        accepted_until: until === null ? null : formatInstant(until),
      })),
  }));
}
