import type { Clock } from '../../lib/clock.ts';

const watchEveryMs = 100;

/**
 * Lets `judge` look for workers that give no sign of life, with the monotonic time (ms), until stopped. A tick that
 * came late itself judges nobody: their signs wait unread.
 */
export function startHangWatch(clock: Clock, judge: (now: number) => void): { stop(): void } {
  let tick = clock.monotonic();
  const timer = setInterval(() => {
    const now = clock.monotonic();
    const late = now - tick > watchEveryMs * 3;
    tick = now;
    if (!late) judge(now);
  }, watchEveryMs);
  return { stop: () => clearInterval(timer) };
}
