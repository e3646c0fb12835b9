import type { CallTiming, Recorder } from '../decision/types.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';

/** Keeps no record: a decision on the command line lets nobody in. */
export const recordNothing: Recorder = { append: () => Promise.resolve() };

const patienceMs = 30_000;

/** Nobody waits at a door: the budget that protects servers would only make a cold start look like a fault. */
export function patientTiming(clock: Clock): CallTiming {
  const arrived = clock.monotonic();
  return { arrived, deadline: arrived + patienceMs };
}

/** A clock that shows one instant and still measures durations. */
export function stoppedClock(at: EpochMs, clock: Clock): Clock {
  return { now: () => at, monotonic: () => clock.monotonic() };
}
