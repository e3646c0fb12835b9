import type { EpochMs } from '../../lib/clock.ts';
import type { Store } from '../../store/types.ts';
import { recordChange } from './edit.ts';
import { holdColumns, type HoldRow } from './hold-table.ts';

/** Ends that one transaction records; more wait for the next look. */
const endsAtOnce = 200;

/** Who ended a hold that came to its end. */
const byItself = 'portreeve';

/**
 * Records the end of each hold that has reached it, once, as of when it ended, however long ago. A hold stops to count
 * at its end whether or not this has run. Answers how many were recorded; at most some hundreds at a time.
 */
export function recordExpired(store: Store, now: EpochMs): number {
  const due = store.prepare<HoldRow>(
    `SELECT ${holdColumns} FROM holds
     WHERE until IS NOT NULL AND lifted_at IS NULL AND expired_at IS NULL AND until <= ?
     ORDER BY until LIMIT ${endsAtOnce}`,
  );
  // Looked at without the write lock first: most of the time nothing has ended.
  if (due.get(now) === undefined) return 0;
  return store.transact(() => {
    const rows = due.all(now);
    const mark = store.prepare('UPDATE holds SET expired_at = ?, epoch = ? WHERE hold_id = ?');
    for (const row of rows) {
      const at = row.until as EpochMs;
      const epoch = recordChange(store, row, 'hold.expired', {
        actor: byItself,
        why: 'its time is over',
        at,
      });
      mark.run(now, epoch, row.hold_id);
    }
    return rows.length;
  });
}
