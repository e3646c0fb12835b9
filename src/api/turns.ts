import type { Clock } from '../lib/clock.ts';

/** Long work in short pieces, between which the thread attends to everything else. */
export interface Turns {
  /**
   * Calls `step` until it answers false, a slice of time in each turn of the event loop, in turn with all other work that
   * is under way here. What `step` throws ends the work and rejects.
   */
  run(step: () => boolean): Promise<void>;
}

interface Work {
  readonly step: () => boolean;
  readonly done: () => void;
  readonly failed: (thrown: unknown) => void;
}

/**
 * Most time (ms) that all work together takes of one turn of the event loop, but for the last step begun: about ten warm
 * decisions, hardly more than what other calls wait for each other anyway.
 */
const sliceMs = 1;

/** Works through what it is given by turns. `clock` is monotonic. */
export function createTurns(clock: Pick<Clock, 'monotonic'>): Turns {
  const waiting: Work[] = [];
  const turn = (): void => {
    const work = waiting.shift();
    if (work) advance(work);
    // From within an immediate: sockets are read before it comes.
    if (waiting.length > 0) setImmediate(turn);
  };
  const advance = (work: Work): void => {
    const end = clock.monotonic() + sliceMs;
    try {
      do {
        if (!work.step()) return work.done();
      } while (clock.monotonic() < end);
      waiting.push(work);
    } catch (thrown) {
      work.failed(thrown);
    }
  };
  return {
    run: (step) =>
      new Promise((done, failed) => {
        waiting.push({ step, done, failed });
        if (waiting.length === 1) setImmediate(turn);
      }),
  };
}
