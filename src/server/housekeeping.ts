import { pruneHistory } from '../inventory/history.ts';
import type { Clock } from '../lib/clock.ts';
import { asPortreeveError } from '../lib/errors.ts';
import { sweepRetired } from '../store/sweep.ts';
import type { Store } from '../store/types.ts';

/** Between two sweeps, and how long one may take (ms). */
const sweep = { everyMs: 30_000, budgetMs: 500 };

/** How long it is kept what imports changed about single devices. */
const historyMs = 400 * 24 * 3_600_000;

/**
 * Removes now and then what imports have left behind in the store (killed ones above all), in transactions short
 * enough for any urgent change, and history that is too old by a clock which a leap does not carry off. Answers how to
 * stop.
 */
export function startHousekeeping(
  store: Store,
  log: (line: string) => void,
  clock: Pick<Clock, 'now'>,
): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let failing = false;
  const timer = setInterval(() => {
    running = sweepRetired(store, sweep.budgetMs).then(
      () => {
        pruneHistory(store, clock.now() - historyMs);
        failing = false;
      },
      (thrown: unknown) => {
        if (!failing) log(`the store is not swept: ${asPortreeveError(thrown).message}`);
        failing = true;
      },
    );
  }, sweep.everyMs);
  return () => {
    clearInterval(timer);
    return running;
  };
}
