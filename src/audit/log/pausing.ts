import type { EpochMs } from '../../lib/clock.ts';

/** Between two attempts at what fails (ms): twice as long after each, up to the longest. */
const [firstMs, longestMs] = [60_000, 3_600_000];

/** Work that leaves a record at each attempt, and which is not tried every second while it fails. */
export class Pausing {
  #after: EpochMs = -Infinity;
  #pauseMs = firstMs;

  /** Whether it may be tried at this time. A clock that was set back makes nobody wait for longer than the longest pause. */
  isDue(now: EpochMs): boolean {
    return now >= this.#after || now < this.#after - longestMs;
  }

  /** Does it, and notes whether it failed. Throws what the work throws. */
  async attempt<Done>(now: EpochMs, work: () => Promise<Done>): Promise<Done> {
    this.#after = now + this.#pauseMs;
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestMs);
    const done = await work();
    [this.#after, this.#pauseMs] = [-Infinity, firstMs];
    return done;
  }
}
