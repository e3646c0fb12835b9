import type { Config } from '../config/types.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { clockAgainstStore } from '../server/time/known-time.ts';
import type { Store } from '../store/types.ts';

/**
 * The time that servers judge by: the machine's own, or the kept one where that is behind it. What a command writes is
 * dated by this, so that it begins and ends when it is meant to. Throws PDP_STORE_UNAVAILABLE.
 */
export function knownNow(store: Store, clock: Clock, { time }: Pick<Config, 'time'>): EpochMs {
  return clockAgainstStore(store, clock, time).now();
}
