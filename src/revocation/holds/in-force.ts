import type { EpochMs } from '../../lib/clock.ts';
import type { Store } from '../../store/types.ts';
import { holdColumns, type HoldRow } from './hold-table.ts';
import type { Hold } from './types.ts';

/** Every hold of every tenant that is in force at `now`, by id. */
export function holdsInForce(store: Store, now: EpochMs): ReadonlyMap<string, Hold> {
  const rows = store
    .prepare<HoldRow>(
      `SELECT ${holdColumns} FROM holds WHERE lifted_at IS NULL AND (until IS NULL OR until > ?) ORDER BY hold_id`,
    )
    .all(now);
  return new Map(rows.map((row) => [row.hold_id, row]));
}
