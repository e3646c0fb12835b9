import type { Clock } from '../lib/clock.ts';

/** The length of time that asking is counted over (ms). */
const windowMs = 1000;

/** Tells whether somebody may be answered once more, `most` times in a second at most; who is named by any text. */
export function createAskRate(most: number, clock: Pick<Clock, 'monotonic'>): (who: string) => boolean {
  const asked = new Map<string, number>();
  let begun = clock.monotonic();
  return (who) => {
    const now = clock.monotonic();
    if (now - begun >= windowMs) {
      begun = now;
      asked.clear();
    }
    const before = asked.get(who) ?? 0;
    if (before < most) asked.set(who, before + 1);
    return before < most;
  };
}
