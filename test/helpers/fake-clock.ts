import type { Clock, EpochMs } from '../../src/lib/clock.ts';

/** A clock that stands still until it is told otherwise. */
export interface FakeClock extends Clock {
  /** Sets wall-clock time; the monotonic clock does not notice, as with a step of NTP. */
  set(now: EpochMs): void;
  /** Lets time pass on both clocks. */
  advance(ms: number): void;
}

export function fakeClock(start: EpochMs): FakeClock {
  let now = start;
  let monotonic = 1000;
  return {
    now: () => now,
    monotonic: () => monotonic,
    set: (to) => {
      now = to;
    },
    advance: (ms) => {
      now += ms;
      monotonic += ms;
    },
  };
}
