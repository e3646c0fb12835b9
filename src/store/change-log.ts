import type { Change, NewChange, Statement, Store } from './types.ts';

/** Origin of changes made in this installation. */
export const localOrigin = 'local';

interface ChangeRow {
  epoch: number;
  origin: string;
  tenant: string;
  at: number;
  actor: string;
  why: string;
  kind: string;
  selector: string;
  detail: string;
  [column: string]: null | number | bigint | string | Uint8Array;
}

type Preparer = Pick<Store, 'prepare'>;

/** Appends one row to `changes` and answers its epoch; the caller holds the transaction. */
export function appendChange(store: Preparer, entry: NewChange): number {
  const { tenant, at, actor, why, kind, selector, detail } = entry;
  const { lastInsertRowid: epoch } = store
    .prepare(
      `INSERT INTO changes (origin, tenant, at, actor, why, kind, selector, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(localOrigin, tenant, at, actor, why, kind, selector, JSON.stringify(detail));
  store
    .prepare(
      `INSERT INTO epochs (origin, epoch) VALUES (?, ?) ON CONFLICT (origin) DO UPDATE SET epoch = excluded.epoch`,
    )
    .run(localOrigin, epoch);
  return epoch;
}

interface EpochRow {
  origin: string;
  epoch: number;
}

/** Origin → highest epoch, always as the database has it now; `known` itself where that says the same. */
export function readEpochs(
  store: Preparer,
  known?: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const statement: Statement<EpochRow> = store.prepare('SELECT origin, epoch FROM epochs ORDER BY origin');
  const rows = statement.all();
  if (known && isSame(rows, known)) return known;
  return Object.freeze(Object.fromEntries(rows.map(({ origin, epoch }) => [origin, epoch])));
}

/** Origins are the table's key: as many rows as members, each the same, is the same. */
function isSame(rows: readonly EpochRow[], known: Readonly<Record<string, number>>): boolean {
  return (
    rows.length === Object.keys(known).length && rows.every(({ origin, epoch }) => known[origin] === epoch)
  );
}

/** Changes with an epoch greater than `epoch`, oldest first, at most `limit`. */
export function readChanges(store: Preparer, epoch: number, limit: number): readonly Change[] {
  return store
    .prepare<ChangeRow>('SELECT * FROM changes WHERE epoch > ? ORDER BY epoch LIMIT ?')
    .all(epoch, limit)
    .map((row) => ({ ...row, detail: JSON.parse(row.detail) as Change['detail'] }));
}
