import type { Clock } from '../lib/clock.ts';

/** Says how long what is read now may have lain in the sockets, because this thread was busy with something else. */
export interface Lateness {
  /** About when the bytes came that are read at the monotonic time `now` (ms); never after it. */
  arrivedAt(now: number): number;
  stop(): void;
}

/** How often it is looked whether this thread keeps time (ms); shorter pauses than this are not worth knowing. */
const tickMs = 20;

/**
 * Watches the event loop by a timer that is due every 20 ms. Where it comes late, the thread has read no socket since it
 * was due, and what is read right after it came at any time in between: in the mean half the pause ago, which is what is
 * taken for its time. Bytes that are read in other turns have not waited here. `clock` is monotonic.
 */
export function watchLateness(clock: Pick<Clock, 'monotonic'>): Lateness {
  let due = clock.monotonic() + tickMs;
  /** Middle of the pause that was before this turn of the event loop; undefined where there was none. */
  let middle: number | undefined;
  const timer = setInterval(() => {
    const now = clock.monotonic();
    if (now - due > tickMs) {
      middle = (due + now) / 2;
      // Timers, then sockets, then immediates: when this comes, everything that had piled up was read.
      setImmediate(() => (middle = undefined));
    }
    due = now + tickMs;
  }, tickMs).unref();
  return {
    arrivedAt: (now) => middle ?? now,
    stop: () => clearInterval(timer),
  };
}
