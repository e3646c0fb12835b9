import type { Config, ShadowConfig } from '../../config/types.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { Store } from '../../store/types.ts';
import { shadowEntries } from '../bundles/bundle-entries.ts';
import { candidatesOf, type Candidate } from '../bundles/candidates.ts';

/** The trial that the configuration asks for at `now`; undefined where there is none, or its time is over. */
export function shadowAt({ policy }: Config, now: EpochMs): ShadowConfig | undefined {
  const { shadow } = policy;
  if (!shadow || (shadow.until !== null && now >= shadow.until)) return undefined;
  return shadow;
}

/**
 * The bundle on trial: what the first of its sources that is not stale has brought last, tried and kept as any. Undefined
 * where none has brought one, or there is no trial. Throws PDP_STORE_UNAVAILABLE.
 */
export function shadowBundle(config: Config, store: Store, now: EpochMs): Candidate | undefined {
  return shadowAt(config, now) && candidatesOf(shadowEntries(config), store, now)[0];
}
