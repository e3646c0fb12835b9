import { isPruningDue } from '../inventory/history.ts';
import type { Clock } from '../lib/clock.ts';
import { asPortreeveError } from '../lib/errors.ts';
import { isSweepDue } from '../store/sweep.ts';
import type { Store } from '../store/types.ts';
import type { StoreHand } from './helpers/store-hand.ts';

/** Between two sweeps, and how long one may take (ms). */
const sweep = { everyMs: 30_000, budgetMs: 10_000 };

/** How long it is kept what imports changed about single devices. */
const historyMs = 400 * 24 * 3_600_000;

export interface HousekeepingOptions {
  readonly store: Store;
  readonly hand: StoreHand;
  /** One that a leap does not carry off: history that is too old by it is removed. */
  readonly clock: Pick<Clock, 'now'>;
  readonly log: (line: string) => void;
  /** As `sweep.everyMs`, for tests. */
  readonly everyMs?: number;
}

/**
 * Has the hand remove now and then what imports have left behind in the store (killed ones above all), in transactions
 * short enough for any urgent change, and history that is too old. Answers how to stop.
 */
export function startHousekeeping(options: HousekeepingOptions): () => void {
  const { store, hand, clock, log, everyMs = sweep.everyMs } = options;
  let [failing, stopped, busy] = [false, false, false];
  const tidy = async (): Promise<void> => {
    const historyBefore = clock.now() - historyMs;
    if (!isSweepDue(store) && !isPruningDue(store, historyBefore)) return;
    await hand.do({ is: 'tidy', budgetMs: sweep.budgetMs, historyBefore });
  };
  const attempt = async (): Promise<void> => {
    try {
      await tidy();
      failing = false;
    } catch (thrown) {
      if (!failing && !stopped) log(`the store is not swept: ${asPortreeveError(thrown).message}`);
      failing = true;
    }
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void attempt().finally(() => (busy = false));
  }, everyMs);
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
