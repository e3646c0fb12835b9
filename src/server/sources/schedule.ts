import type { EpochMs } from '../../lib/clock.ts';

const minute = 60_000;

/** First pause after a failure, and the longest before a server's own wish counts (ms). */
const backOff = { firstMs: 5000, mostMs: 15 * minute } as const;

export interface Pace {
  /** Milliseconds. */
  readonly interval: number;
  /** Share of a pause by which it is strewn, 0 to 1. */
  readonly jitter: number;
}

/**
 * When a source that answered is asked again: about its interval later, and at half of the time that is left to
 * `renewBy` at the latest, so that an outage finds the other half to spare. `random` is uniform in [0, 1).
 */
export function afterSuccess(
  { interval, jitter }: Pace,
  now: EpochMs,
  renewBy: EpochMs | undefined,
  random: number,
): EpochMs {
  const around = interval * (1 + jitter * (2 * random - 1));
  if (renewBy === undefined) return Math.floor(now + around);
  const least = Math.min(interval, minute);
  const half = Math.max((renewBy - now) / 2, least) * (1 - jitter * random);
  return Math.floor(now + Math.min(around, half));
}

/**
 * When a source that failed is asked again: pauses double from 5 seconds (or the interval, where that is shorter) up to
 * the interval, but at least 1 and at most 15 minutes; half of each is left to chance, so that a fleet does not come
 * back at once. A server that asked for a longer pause (Retry-After) gets it, up to an hour. `failures` counts this one.
 */
export function afterFailure(
  { interval }: Pace,
  now: EpochMs,
  failures: number,
  retryAfterMs: number | undefined,
  random: number,
): EpochMs {
  const most = Math.min(backOff.mostMs, Math.max(interval, minute));
  const doubled = Math.min(interval, backOff.firstMs) * 2 ** Math.min(failures - 1, 30);
  const pause = Math.min(most, doubled) * (0.5 + random / 2);
  const wished = Math.min(retryAfterMs ?? 0, 60 * minute) * (1 + random / 10);
  return Math.round(now + Math.max(pause, wished));
}

/** The longest that any source waits: a time further ahead was noted by a clock that has since been put back. */
export function furthestNext({ interval, jitter }: Pace, now: EpochMs): EpochMs {
  return now + Math.max(interval * (1 + jitter), 66 * minute);
}
