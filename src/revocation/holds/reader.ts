import type { Store } from '../../store/types.ts';
import { HoldIndex, type HoldEntry } from './hold-index.ts';
import { holdColumns, type HoldRow } from './hold-table.ts';
import { holdKinds, type HoldFact, type HoldKind, type HoldQuery, type HoldReader } from './types.ts';

/** The change of a hold up to which an index has been brought. */
interface Mark {
  readonly epoch: number;
  readonly holdId: string;
}

const beginning: Mark = { epoch: 0, holdId: '' };
const nothing: readonly HoldFact[] = [];

type IndexRow = Pick<
  HoldRow,
  'hold_id' | 'tenant' | 'kind' | 'value' | 'issued_before' | 'until' | 'lifted_at'
>;

const indexColumns = 'hold_id, tenant, kind, value, issued_before, until, lifted_at';

/**
 * Reads holds from an index in memory. While nothing has changed in the store it asks nothing; after a change it asks
 * for the newest hold's epoch, and takes in what changed since. The index is made anew only where the store does not
 * continue what was known (another file was put in its place). Throws PDP_STORE_UNAVAILABLE.
 */
export function createHoldReader(store: Store): HoldReader {
  let under: ReturnType<Store['epochs']> | undefined;
  let mark = beginning;
  let tenants = new Map<string, HoldIndex>();
  const newest = store.prepare<{ epoch: number; hold_id: string }>(
    'SELECT epoch, hold_id FROM holds ORDER BY epoch DESC LIMIT 1',
  );
  const changedSince = store.prepare<IndexRow>(
    `SELECT ${indexColumns} FROM holds WHERE epoch > ? ORDER BY epoch`,
  );
  const changeAt = store.prepare<{ selector: string }>('SELECT selector FROM changes WHERE epoch = ?');
  const hold = store.prepare<HoldRow>(`SELECT ${holdColumns} FROM holds WHERE hold_id = ?`);

  const follow = (): void => {
    const epochs = store.epochs();
    if (epochs === under) return;
    const row = newest.get();
    const last: Mark = row ? { epoch: row.epoch, holdId: row.hold_id } : beginning;
    if (last.epoch !== mark.epoch || last.holdId !== mark.holdId) {
      const continues =
        mark.epoch > 0 && last.epoch > mark.epoch && changeAt.get(mark.epoch)?.selector === mark.holdId;
      if (!continues) {
        tenants = new Map();
        // A read that breaks off half-way is not taken for all there is.
        mark = beginning;
      }
      for (const changed of changedSince.iterate(mark.epoch)) apply(tenants, changed);
      mark = last;
    }
    under = epochs;
  };
  const indexOf = (tenant: string): HoldIndex | undefined => {
    follow();
    const index = tenants.get(tenant);
    return index && index.size > 0 ? index : undefined;
  };
  return {
    any: (tenant) => store.snapshot(() => indexOf(tenant) !== undefined),
    matching: (query) =>
      store.snapshot(() => {
        const index = indexOf(query.tenant);
        if (!index) return nothing;
        const found = entriesFor(index, query);
        if (found.size === 0) return nothing;
        const rows = [...found].flatMap((id) => hold.get(id) ?? []);
        return rows.sort(byKindAndAge).map(factOf);
      }),
  };
}

function apply(tenants: Map<string, HoldIndex>, row: IndexRow): void {
  const index = tenants.get(row.tenant) ?? new HoldIndex();
  tenants.set(row.tenant, index);
  if (row.lifted_at !== null) return index.remove(row.kind, row.value, row.hold_id);
  index.add(row.kind, row.value, {
    id: row.hold_id,
    until: row.until ?? Infinity,
    before: row.issued_before ?? Infinity,
  });
}

/** Ids of the holds that are in force for a connection. */
function entriesFor(index: HoldIndex, query: HoldQuery): ReadonlySet<string> {
  const found = new Set<string>();
  const take = (entries: readonly HoldEntry[], earliest = -Infinity): void => {
    for (const { id, until, before } of entries) if (query.now < until && earliest < before) found.add(id);
  };
  const takeAll = (kind: HoldKind, values: readonly string[]): void => {
    for (const value of values) take(index.of(kind, value));
  };
  takeAll('device', query.devices);
  takeAll('certificate', query.certificates);
  takeAll('key', query.keys);
  for (const { key, earliest } of query.issuers) take(index.of('issuer', key), earliest);
  takeAll('firmware', query.firmware);
  takeAll('class', query.classes);
  takeAll('gateway', query.gateways);
  if (query.source_ip !== null) take(index.around(query.source_ip));
  return found;
}

function byKindAndAge(a: HoldRow, b: HoldRow): number {
  return (
    holdKinds.indexOf(a.kind) - holdKinds.indexOf(b.kind) ||
    a.since - b.since ||
    (a.hold_id < b.hold_id ? -1 : 1)
  );
}

/** Members in canonical order, as in all that records hold. */
function factOf(row: HoldRow): HoldFact {
  const { epoch, hold_id: id, issued_before, kind, name, since, until, value, who, why } = row;
  return { epoch, id, issued_before, kind, name, since, until, value, who, why };
}
