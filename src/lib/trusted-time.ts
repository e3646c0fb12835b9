import type { Clock, EpochMs } from './clock.ts';

/** The latest time that it is known to have been; kept on disk. */
export interface KeptTime {
  readonly kept: EpochMs;
  /** Up to when the machine's clock, or something signed, bore it out; what goes beyond is time that was counted. */
  readonly confirmed: EpochMs;
}

/** What speaks against the machine's clock: it is behind the kept time. */
export interface ClockStanding extends KeptTime {
  readonly system: EpochMs;
}

/** The machine's clock held against the kept time. */
export interface TrustedClock extends Clock {
  /** The machine's time while it can be trusted; else the kept time, which goes on with the monotonic clock. */
  now(): EpochMs;
  /** What speaks against the machine's clock now; null while nothing does. */
  standing(): ClockStanding | null;
  /** Takes a newer kept time; it counts from this moment on. */
  keep(time: KeptTime): void;
}

/**
 * No machine's clock is right that shows an earlier time: the beginning of the year in which this program was written.
 * All that is known of the time where nothing was ever kept and no CRL is there.
 */
export const earliestPossible: EpochMs = 1_767_225_600_000;

/** Holds a clock against a kept time, with `tolerance` in milliseconds. Durations are those of the clock itself. */
export function createTrustedClock(real: Clock, first: KeptTime, tolerance: () => number): TrustedClock {
  let time = first;
  let since = real.monotonic();
  const standing = (): ClockStanding | null => {
    const system = real.now();
    const kept = time.kept + (real.monotonic() - since);
    if (system >= kept - tolerance()) return null;
    return { system, kept: Math.floor(kept), confirmed: time.confirmed };
  };
  return {
    now: () => standing()?.kept ?? real.now(),
    standing,
    monotonic: () => real.monotonic(),
    keep: (newer) => {
      time = newer;
      since = real.monotonic();
    },
  };
}

/** A clock that nothing is held against, such as one that shows the instant that was asked about. */
export function unquestioned(clock: Clock): TrustedClock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    standing: () => null,
    keep: () => undefined,
  };
}
