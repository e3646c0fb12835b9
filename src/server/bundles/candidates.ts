import type { Config } from '../../config/types.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { isAhead } from '../../revocation/freshness.ts';
import { readSourceState } from '../../store/source-states.ts';
import type { Store } from '../../store/types.ts';
import { bundleEntries, sourceKind, type BundleEntry } from './bundle-entries.ts';
import { lastInForce, offeredBundles } from './table.ts';
import type { BundleOrigin } from './origin.ts';

/** A kept bundle that may come into force. */
export interface Candidate {
  readonly digest: string;
  readonly origin: BundleOrigin;
}

/**
 * What the sources have brought last, the one that should be in force first: by the order of the sources, those that
 * are stale by their own `max_age` after all others, and among the stale ones that which is in force before the rest,
 * since nothing is gained by going from one old word to another. Throws PDP_STORE_UNAVAILABLE.
 */
export function candidates(config: Config, store: Store, now: EpochMs): readonly Candidate[] {
  return candidatesOf(bundleEntries(config), store, now);
}

/** The same of other sources of bundles. */
export function candidatesOf(
  entries: readonly BundleEntry[],
  store: Store,
  now: EpochMs,
): readonly Candidate[] {
  const offered = new Map(
    offeredBundles(store).map((offer) => [`${offer.source}\0${offer.location}`, offer]),
  );
  const fresh: Candidate[] = [];
  const stale: Candidate[] = [];
  for (const { name, place, max_age: maxAge } of entries) {
    const offer = offered.get(`${name}\0${place}`);
    if (!offer) continue;
    const one = { digest: offer.digest, origin: { source: name, location: place, pinned: false } };
    (maxAge === null || isFresh(store, one, now, maxAge) ? fresh : stale).push(one);
  }
  const current = stale.length > 1 ? lastInForce(store) : undefined;
  const isCurrent = ({ digest, origin }: Candidate): number =>
    Number(current?.digest === digest && current.source === origin.source);
  return [...fresh, ...stale.toSorted((a, b) => isCurrent(b) - isCurrent(a))];
}

function isFresh(store: Store, { origin }: Candidate, now: EpochMs, maxAge: number): boolean {
  const state = readSourceState(store, sourceKind, origin.source);
  if (state?.location !== origin.location || state.lastSuccess === null) return false;
  return state.lastSuccess >= now - maxAge && !isAhead(state.lastSuccess, now);
}
