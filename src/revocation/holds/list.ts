import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import type { Store } from '../../store/types.ts';
import { holdColumns, holdState, type HoldRow, type HoldState } from './hold-table.ts';
import type { Hold } from './types.ts';

export interface ListHolds {
  readonly tenant: string;
  readonly now: EpochMs;
  /** Also those that were lifted or have expired. */
  readonly all?: boolean;
  readonly limit: number;
}

export type ListedHold = Hold & { readonly state: HoldState };

/** Holds of a tenant, the newest first. */
export function listHolds(
  store: Store,
  { tenant, now, all = false, limit }: ListHolds,
): readonly ListedHold[] {
  const ended = all ? '' : 'AND lifted_at IS NULL AND (until IS NULL OR until > ?)';
  return store.snapshot(() =>
    store
      .prepare<HoldRow>(
        `SELECT ${holdColumns} FROM holds WHERE tenant = ? ${ended} ORDER BY since DESC, hold_id LIMIT ?`,
      )
      .all(tenant, ...(all ? [] : [now]), limit)
      .map(({ expired_at: _recorded, ...hold }) => ({ ...hold, state: holdState(hold, now) })),
  );
}

/** What a hold keeps out, in words. */
export function holdText(hold: Pick<Hold, 'kind' | 'name' | 'value' | 'issued_before'>): string {
  const { kind, name, value, issued_before: before } = hold;
  const shown = name === value ? value : `${name} (key ${value.slice(0, 16)}…)`;
  return `${kind} ${shown}${before === null ? '' : `, issued before ${formatInstant(before)}`}`;
}
