import type { EpochMs } from '../../lib/clock.ts';
import type { TimeRules } from './known-time.ts';

/** A clock that is further ahead than time has passed. */
export interface Leap {
  /** Milliseconds ahead of the time that was counted. */
  readonly ahead: number;
  /** Since when it has gone on evenly, monotonic (ms). */
  readonly since: number;
  /** Too far ever to be believed without a CRL or an operator. */
  readonly too_far: boolean;
}

/** Judges how far a clock may be believed that is not behind. */
export interface LeapWatch {
  /**
   * The latest time that may be kept: the clock's own while it goes evenly, or has done so for long enough after a leap;
   * else the time that was counted, so that a clock which comes back from 2080 is not behind anything.
   */
  believable(system: EpochMs, monotonic: number, counted: EpochMs): EpochMs;
  /** Takes the clock as it is at the next look: nothing was known before. */
  believe(): void;
  forget(): void;
  current(): Leap | null;
}

export function createLeapWatch(rules: () => TimeRules): LeapWatch {
  let leap: (Leap & { readonly offset: number }) | null = null;
  let unconditional = false;
  const believable = (system: EpochMs, monotonic: number, counted: EpochMs): EpochMs => {
    const { tolerance, settle, max_leap: most } = rules();
    const ahead = system - counted;
    if (unconditional || ahead <= tolerance) {
      unconditional = false;
      leap = null;
      return system;
    }
    const offset = system - monotonic;
    const even = leap !== null && Math.abs(leap.offset - offset) <= tolerance;
    leap = {
      ...{ ahead, offset, too_far: ahead > most },
      since: even && leap !== null ? leap.since : monotonic,
    };
    if (leap.too_far || monotonic - leap.since < settle) return counted;
    leap = null;
    return system;
  };
  return {
    believable,
    believe: () => {
      unconditional = true;
    },
    forget: () => {
      leap = null;
    },
    current: () => leap,
  };
}
