import type { ShadowBundle } from '../../audit/shadow-record.ts';
import { formatInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { ShadowTotals } from './ledger.ts';

/**
 * `none`: not configured. `waiting`: no source has brought a bundle yet. `in_force`: it is the one that decides. `over`: its
 * time is. `refused`: it cannot be used. `resting`: it did not answer in time.
 */
export type ShadowState =
  'none' | 'waiting' | 'starting' | 'on_trial' | 'resting' | 'in_force' | 'over' | 'refused';

export interface ShadowView {
  readonly state: ShadowState;
  readonly share: number;
  readonly until: EpochMs | null;
  readonly now: EpochMs;
  readonly trial?: {
    readonly about: ShadowBundle;
    readonly source: string;
    readonly keyId: string | null;
    readonly beganAt: EpochMs;
    readonly totals: ShadowTotals;
    readonly pid: number | null;
    readonly restarts: number;
  };
  readonly error: string | null;
}

/** The section `shadow` of `/status`; null where none is configured. */
export function shadowStatus(view: ShadowView | null): object | null {
  if (!view) return null;
  const { state, share, until, trial, error } = view;
  return {
    state,
    digest: trial?.about.bundle ?? null,
    revision: trial?.about.revision ?? null,
    source: trial?.source ?? null,
    signed_by: trial?.keyId ?? null,
    share,
    until: until === null ? null : formatInstant(until),
    since: trial ? formatInstant(trial.beganAt) : null,
    pid: trial?.pid ?? null,
    restarts: trial?.restarts ?? null,
    counts: trial ? countsOf(trial.totals) : null,
    error,
  };
}

function countsOf({ seen, chosen, dropped, counts }: ShadowTotals): object {
  const { because, classes: _classes, sites: _sites, ...numbers } = counts;
  return { seen, chosen, dropped, ...numbers, because: Object.fromEntries(because) };
}
