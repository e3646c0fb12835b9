import type { EpochMs } from '../lib/clock.ts';
import { readSourceState } from '../store/source-states.ts';
import type { Store } from '../store/types.ts';

/** When background sources last said what is true. */
export interface SourceAges {
  /**
   * The last success of a source at a location, null before the first. An answer that is remembered serves while it is
   * after `needed`, since a success can only be followed by later ones; else the store is asked, as where it is later
   * than `now` by a clock that was put back since. Call within one `store.snapshot`.
   */
  lastSuccess(kind: string, name: string, location: string, needed: EpochMs, now: EpochMs): EpochMs | null;
}

/**
 * Reads what the server's scheduler notes in the table `sources`, which changes without an epoch. So nothing is asked of
 * the store while a source is known to be fresh enough, and one small look-up a decision while it is not. Throws
 * PDP_STORE_UNAVAILABLE.
 */
export function createSourceAges(store: Store): SourceAges {
  const known = new Map<string, EpochMs>();
  let under: ReturnType<Store['epochs']> | undefined;
  return {
    lastSuccess: (kind, name, location, needed, now) => {
      // With any change of state all is read anew: another file may stand in the store's place.
      const epochs = store.epochs();
      if (epochs !== under) known.clear();
      under = epochs;
      const key = `${kind}\0${name}\0${location}`;
      const remembered = known.get(key);
      if (remembered !== undefined && remembered > needed && remembered <= now) return remembered;
      const state = readSourceState(store, kind, name);
      const success = state?.location === location ? state.lastSuccess : null;
      if (success !== null) known.set(key, success);
      return success;
    },
  };
}
