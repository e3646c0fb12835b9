import type { Clock } from '../lib/clock.ts';
import type { MadeDecision } from './types.ts';

export interface Stopwatch {
  /** Ends a stage; what passed since the last end is its time. */
  stage(name: 'facts' | 'policy' | 'conclude'): void;
  /** Microseconds by stage, and in all. */
  read(): MadeDecision['timings'];
}

/** Measures the stages of one decision on the monotonic clock. */
export function createStopwatch(clock: Clock): Stopwatch {
  const began = clock.monotonic();
  let last = began;
  const times = { facts: 0, policy: 0, conclude: 0 };
  return {
    stage: (name) => {
      const at = clock.monotonic();
      times[name] = microseconds(at - last);
      last = at;
    },
    read: () => ({ ...times, total: microseconds(last - began) }),
  };
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}
