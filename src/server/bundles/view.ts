import { formatInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { isAhead } from '../../revocation/freshness.ts';
import { readSourceState } from '../../store/source-states.ts';
import type { Store } from '../../store/types.ts';
import type { InForce } from '../reload.ts';
import type { ChosenBundle } from './bundles.ts';
import { sourceKind } from './bundle-entries.ts';
import type { Refused } from './follow.ts';
import { bundlePin, keptBundles, type BundlePin } from './table.ts';

/** How the bundle in force stands. */
export interface BundleStanding {
  readonly pin: BundlePin | null;
  /** When its source last said that it is the newest; null where it never did, or that has no meaning. */
  readonly confirmedAt: EpochMs | null;
  /** By `policy.max_age`; null where it has no limit. */
  readonly freshness: 'fresh' | 'within_grace' | 'stale' | null;
  readonly refused: Refused | null;
  /** How many bundles are kept. */
  readonly kept: number;
}

/** Reads how the bundle in force stands at `now`. Throws PDP_STORE_UNAVAILABLE. */
export function bundleStanding(
  { bundle, config }: Pick<InForce, 'config'> & { readonly bundle: Pick<ChosenBundle, 'origin'> | null },
  { store, refused, now }: { readonly store: Store; readonly refused: Refused | null; readonly now: EpochMs },
): BundleStanding {
  const pin = bundlePin(store) ?? null;
  const kept = keptBundles(store).length;
  const { max_age: age, grace } = config.policy;
  const origin = bundle?.origin;
  if (!origin || origin.location === null || origin.pinned)
    return { pin, confirmedAt: null, freshness: null, refused, kept };
  const state = readSourceState(store, sourceKind, origin.source);
  const confirmedAt = state?.location === origin.location ? state.lastSuccess : null;
  return { pin, confirmedAt, freshness: freshnessOf(confirmedAt, age, grace, now), refused, kept };
}

function freshnessOf(
  confirmedAt: EpochMs | null,
  age: number | null,
  grace: number,
  now: EpochMs,
): BundleStanding['freshness'] {
  if (age === null) return null;
  // As decisions have it: a time that is still to come confirms nothing.
  if (confirmedAt === null || isAhead(confirmedAt, now)) return 'stale';
  if (now < confirmedAt + age) return 'fresh';
  return now < confirmedAt + age + grace ? 'within_grace' : 'stale';
}

/** The section `bundle` of `/status`. */
export function bundleView(
  { bundle, bundleError, config }: InForce,
  standing: BundleStanding | null,
  now: EpochMs,
): object {
  const { pin = null, confirmedAt = null, freshness = null, refused = null, kept = null } = standing ?? {};
  return {
    file: config.policy.bundle,
    digest: bundle?.digest ?? null,
    revision: bundle?.revision ?? null,
    loaded_at: bundle && formatInstant(bundle.loadedAt),
    age_s: bundle && seconds(now - bundle.loadedAt),
    source: bundle?.origin.source ?? null,
    signed_by: bundle?.keyId ?? null,
    self_test_cases: bundle?.cases ?? null,
    confirmed_at: confirmedAt === null ? null : formatInstant(confirmedAt),
    freshness,
    pinned: pin && { digest: pin.digest, at: formatInstant(pin.at), who: pin.actor, why: pin.why },
    kept,
    error: refused?.message ?? bundleError,
    refused: refused && { digest: refused.digest, at: formatInstant(refused.at) },
  };
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
