import test from 'ava';
import { createSourceAges } from '../../../src/inventory/source-ages.ts';
import type { Store } from '../../../src/store/types.ts';
import { addDescribedSources } from '../../helpers/case-catalogue.ts';
import { temporaryStore } from '../../helpers/temporary-store.ts';

const location = 'https://state.example/devices';

function readAt(store: Store, at: string): number {
  addDescribedSources(store, [{ kind: 'devices', name: 'office', location, read: at }]);
  return Date.parse(at);
}

/** A store that counts what is asked of the table of sources. */
function counting(store: Store) {
  let asked = 0;
  const prepare: Store['prepare'] = (sql) => {
    if (sql.includes('FROM sources')) asked += 1;
    return store.prepare(sql);
  };
  const watched = { epochs: () => store.epochs(), prepare } as Store;
  return { store: watched, asked: () => asked };
}

test('a success that is late enough is remembered; where it is not, the store is asked each time', (t) => {
  const made = temporaryStore(t);
  const { store, asked } = counting(made);
  const ages = createSourceAges(store);
  const last = (needed: number) => ages.lastSuccess('devices', 'office', location, needed, Infinity);
  t.is(last(0), null);
  const first = readAt(made, '2026-06-01T10:00:00Z');
  t.is(last(first - 1), first);
  const before = asked();
  t.is(last(first - 1), first);
  t.is(asked(), before, 'fresh enough: nothing is asked');
  t.is(last(first), first, 'too old, and nothing newer is there');
  const second = readAt(made, '2026-06-01T11:00:00Z');
  t.is(last(first - 1), first, 'fresh enough as it is remembered');
  t.is(last(first), second);
});

test('a success that a clock in another century dated is not remembered once the clock is right again', (t) => {
  const store = temporaryStore(t);
  const ages = createSourceAges(store);
  const last = (now: number) => ages.lastSuccess('devices', 'office', location, now - 1000, now);
  const leapt = readAt(store, '2080-01-01T00:00:00Z');
  t.is(last(leapt), leapt);
  const right = readAt(store, '2026-06-01T10:00:00Z');
  t.is(last(right), right);
});

test('a source that was read elsewhere was never read here', (t) => {
  const store = temporaryStore(t);
  readAt(store, '2026-06-01T10:00:00Z');
  t.is(
    createSourceAges(store).lastSuccess('devices', 'office', 'https://elsewhere.example/', 0, Infinity),
    null,
  );
  t.is(createSourceAges(store).lastSuccess('firmware', 'office', location, 0, Infinity), null);
});
