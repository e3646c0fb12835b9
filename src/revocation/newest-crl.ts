import type { EpochMs } from '../lib/clock.ts';
import type { Store } from '../store/types.ts';

/** The latest thisUpdate of any CRL in force that is no later than `atMost`; undefined without one. Throws PDP_STORE_UNAVAILABLE. */
export function newestThisUpdate(store: Store, atMost: EpochMs): EpochMs | undefined {
  const row = store
    .prepare<{ newest: number | null }>('SELECT max(this_update) AS newest FROM crls WHERE this_update <= ?')
    .get(Math.min(atMost, Number.MAX_SAFE_INTEGER));
  return row?.newest ?? undefined;
}
