import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { addHold, liftHold, type AddHold } from '../../../../src/revocation/holds/edit.ts';
import { recordExpired } from '../../../../src/revocation/holds/expire.ts';
import { listHolds } from '../../../../src/revocation/holds/list.ts';
import { createHoldReader } from '../../../../src/revocation/holds/reader.ts';
import type { HoldQuery } from '../../../../src/revocation/holds/types.ts';
import { openStore } from '../../../../src/store/open.ts';
import type { Store } from '../../../../src/store/types.ts';
import { until } from '../../../helpers/server.ts';
import { anyChange, openedStore, temporaryFolder, temporaryStore } from '../../../helpers/temporary-store.ts';

const now = Date.UTC(2026, 5, 1, 12);
const hour = 3_600_000;
const digest = 'ab'.repeat(32);

function hold(store: Store, changes: Partial<AddHold> = {}) {
  return addHold(store, {
    ...{ tenant: 'default', kind: 'device', value: 'meter-1', until: null },
    ...{ who: 'night shift', why: 'case 17', now },
    ...changes,
  });
}

function query(changes: Partial<HoldQuery> = {}): HoldQuery {
  return {
    ...{ tenant: 'default', devices: [], certificates: [], keys: [], issuers: [], firmware: [] },
    ...{ classes: [], gateways: [], source_ip: null, now },
    ...changes,
  };
}

const meter = query({ devices: ['meter-1'] });

/** A store and one more connection to it, which only reads. */
function twoConnections(t: ExecutionContext) {
  const store = temporaryStore(t);
  const other = openedStore(t, { path: store.path, mode: 'read_only' });
  return { store, reader: createHoldReader(other) };
}

test('a hold is a change that says what, who, why and until when', (t) => {
  const store = temporaryStore(t);
  const { hold_id: id, epoch } = hold(store, { until: now + hour, keptOut: 1 });
  t.like(store.changesSince(0, 10)[0], {
    ...{ epoch, kind: 'hold.add', selector: id, actor: 'night shift', why: 'case 17', at: now },
    detail: { holds: 'device', value: 'meter-1', until: '2026-06-01T13:00:00.000Z', kept_out: 1 },
  });
});

test('a hold that ends after every time that can be written is refused, lest nobody can read it', (t) => {
  const { store, reader } = twoConnections(t);
  for (const until of [8.7e16, Infinity, NaN, now + 0.5])
    t.throws(() => hold(store, { until }), { code: 'PDP_USAGE' });
  t.is(hold(store, { until: 253_402_300_799_999 }).until, 253_402_300_799_999);
  t.is(reader.matching(meter).length, 1);
});

test('a reader of another connection sees a hold, and its lift, as soon as they are made', (t) => {
  const { store, reader } = twoConnections(t);
  t.deepEqual(reader.matching(meter), []);
  const { hold_id: id } = hold(store);
  t.like(reader.matching(meter), [{ id, kind: 'device', value: 'meter-1', who: 'night shift' }]);
  t.true(reader.any('default'));
  t.false(reader.any('acme'));
  liftHold(store, { tenant: 'default', holdId: id, who: 'day shift', why: 'over', now });
  t.deepEqual(reader.matching(meter), []);
  t.false(reader.any('default'));
});

test('a hold ends at its time by the time of the decision, recorded or not', (t) => {
  const { store, reader } = twoConnections(t);
  hold(store, { until: now + hour });
  const at = (instant: number) => reader.matching({ ...meter, now: instant }).length;
  t.deepEqual([at(now + hour - 1), at(now + hour)], [1, 0]);
  t.is(recordExpired(store, now + hour), 1);
  t.deepEqual([at(now + hour - 1), at(now + hour)], [1, 0], 'a clock that is put right has it again');
});

test('an end is recorded once, as of when it was, however late', (t) => {
  const store = temporaryStore(t);
  const { hold_id: id } = hold(store, { until: now + hour });
  hold(store, { value: 'meter-2' });
  const { hold_id: lifted } = hold(store, { value: 'meter-3', until: now + hour });
  liftHold(store, { tenant: 'default', holdId: lifted, who: 'day shift', why: 'over', now });
  t.is(recordExpired(store, now + hour - 1), 0);
  t.is(recordExpired(store, now + 100 * hour), 1);
  t.is(recordExpired(store, now + 101 * hour), 0);
  const ends = store.changesSince(0, 100).filter(({ kind }) => kind === 'hold.expired');
  t.is(ends.length, 1);
  t.like(ends[0], {
    ...{ selector: id, at: now + hour, actor: 'portreeve' },
    detail: { added: { who: 'night shift', why: 'case 17' } },
  });
});

test('very many ends are recorded some hundreds at a time', (t) => {
  const store = temporaryStore(t);
  store.transact(() => {
    for (let index = 0; index < 450; index++) hold(store, { value: `meter-${index}`, until: now + 1 });
  });
  const counts = [1, 2, 3, 4].map(() => recordExpired(store, now + 2));
  t.deepEqual(counts, [200, 200, 50, 0]);
});

test('only a hold that is in force can be lifted, and only in its tenant', (t) => {
  const store = temporaryStore(t);
  const { hold_id: holdId } = hold(store, { until: now + hour });
  const lift = (changes: object) =>
    liftHold(store, { tenant: 'default', holdId, who: 'day shift', why: 'over', now, ...changes });
  t.throws(() => lift({ holdId: 'h0' }), { code: 'PDP_NOT_FOUND', message: /no hold "h0"/ });
  t.throws(() => lift({ tenant: 'acme' }), { code: 'PDP_NOT_FOUND' });
  t.throws(() => lift({ now: now + hour }), { code: 'PDP_NOT_FOUND', message: /expired already/ });
  lift({});
  t.throws(() => lift({}), { code: 'PDP_NOT_FOUND', message: /lifted already/ });
  t.is(store.changesSince(0, 10).length, 2);
});

test('holds are listed with their state, those that are over only where asked', (t) => {
  const store = temporaryStore(t);
  const { hold_id: lifted } = hold(store, { value: 'a', now: now - 3 });
  hold(store, { value: 'b', until: now + 1, now: now - 2 });
  hold(store, { value: 'c', now: now - 1 });
  hold(store, { tenant: 'acme', value: 'd' });
  liftHold(store, { tenant: 'default', holdId: lifted, who: 'day shift', why: 'over', now });
  const listed = (all: boolean) =>
    listHolds(store, { tenant: 'default', now: now + 1, all, limit: 10 }).map(
      ({ value, state }) => `${value} ${state}`,
    );
  t.deepEqual(listed(false), ['c in_force']);
  t.deepEqual(listed(true), ['c in_force', 'b expired', 'a lifted']);
});

test('each kind is found by its own values, in the order of kinds', (t) => {
  const { store, reader } = twoConnections(t);
  hold(store, { kind: 'network', value: '10.1.2.3/8' });
  hold(store, { kind: 'gateway', value: 'g-1' });
  hold(store, { kind: 'class', value: 'meter' });
  hold(store, { kind: 'firmware', value: digest.toUpperCase() });
  hold(store, { kind: 'key', value: digest });
  hold(store, { kind: 'certificate', value: digest.replaceAll(/(..)(?=.)/g, '$1:') });
  hold(store);
  const all = { devices: ['meter-1'], classes: ['meter'], gateways: ['g-1'], source_ip: '10.255.0.1' };
  const kinds = (changes: Partial<HoldQuery>) => reader.matching(query(changes)).map(({ kind }) => kind);
  t.deepEqual(kinds({ ...all, certificates: [digest], keys: [digest], firmware: [digest] }), [
    'device',
    'certificate',
    'key',
    'firmware',
    'class',
    'gateway',
    'network',
  ]);
  t.deepEqual(kinds({ devices: ['meter'], classes: ['meter-1'], gateways: ['meter-1'] }), []);
  t.deepEqual(kinds({ source_ip: '11.0.0.1' }), []);
});

test('an issuer is held by what it issued before a time, or altogether', (t) => {
  const { store, reader } = twoConnections(t);
  hold(store, { kind: 'issuer', value: digest, issuedBefore: now });
  const held = (earliest: number) => reader.matching(query({ issuers: [{ key: digest, earliest }] })).length;
  t.deepEqual([held(now - 1), held(now), held(now + 1)], [1, 0, 0]);
  hold(store, { kind: 'issuer', value: digest });
  t.deepEqual([held(now - 1), held(now)], [2, 1]);
});

test('what cannot be held is refused', (t) => {
  const store = temporaryStore(t);
  for (const [kind, value] of [
    ['certificate', 'ab'],
    ['key', 'xy'.repeat(32)],
    ['firmware', 'ab'.repeat(33)],
    ['network', '10.0.0.0/40'],
    ['device', ''],
    ['class', 'a\nb'],
    ['gateway', 'x'.repeat(257)],
  ] as const)
    t.throws(() => hold(store, { kind, value }), { code: 'PDP_USAGE' }, `${kind} ${value}`);
  t.throws(() => hold(store, { until: now }), { code: 'PDP_USAGE', message: /is over/ });
  t.throws(() => hold(store, { issuedBefore: now }), { code: 'PDP_USAGE', message: /issuers/ });
  t.is(store.changesSince(0, 1).length, 0);
});

test('other changes cost a reader one small query, and no change none', (t) => {
  const store = temporaryStore(t);
  hold(store);
  let asked = 0;
  const counting = Object.create(store) as Store;
  Object.assign(counting, {
    snapshot: store.snapshot.bind(store),
    epochs: store.epochs.bind(store),
    prepare: (sql: string) => {
      const statement = store.prepare(sql);
      const noting =
        <Args extends unknown[], Result>(act: (...args: Args) => Result) =>
        (...args: Args) => {
          asked += 1;
          return act(...args);
        };
      return {
        get: noting(statement.get.bind(statement)),
        iterate: noting(statement.iterate.bind(statement)),
      };
    },
  });
  const reader = createHoldReader(counting);
  reader.matching(query({ devices: ['meter-2'] }));
  asked = 0;
  for (let index = 0; index < 100; index++) reader.matching(query({ devices: [`meter-${index + 2}`] }));
  t.is(asked, 0);
  store.transact(() => store.change(anyChange()));
  for (let index = 0; index < 100; index++) reader.matching(query({ devices: [`meter-${index + 2}`] }));
  t.is(asked, 1);
});

test('a hold among a hundred thousand is found, and one more is taken in alone', (t) => {
  const { store, reader } = twoConnections(t);
  const template = hold(store, { value: 'meter-0' });
  store
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
       INSERT INTO holds SELECT 'g' || i, tenant, kind, 'meter-' || i, name, issued_before, who, why, since, until,
         kept_out, lifted_at, lifted_by, lifted_why, expired_at, epoch FROM n, holds WHERE hold_id = ?`,
    )
    .run(template.hold_id);
  t.is(reader.matching(query({ devices: ['meter-99999'] })).length, 1);
  t.is(reader.matching(query({ devices: ['meter-100001'] })).length, 0);
  const { hold_id: id } = hold(store, { value: 'meter-100001' });
  t.like(reader.matching(query({ devices: ['meter-100001'] })), [{ id }]);
  t.is(reader.matching(query({ devices: ['meter-99999'] })).length, 1);
});

test('another file that was put in place is read anew, also where it has as many changes', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'state.db');
  const made = (file: string, value: string): void => {
    const store = openStore({ path: file, mode: 'read_write', now });
    hold(store, { value });
    store.close();
  };
  made(path, 'meter-1');
  made(join(folder, 'other.db'), 'meter-2');
  const reader = createHoldReader(openedStore(t, { path, mode: 'read_only' }));
  t.is(reader.matching(meter).length, 1);
  for (const log of ['-wal', '-shm']) rmSync(`${path}${log}`, { force: true });
  renameSync(join(folder, 'other.db'), path);
  await until(() => reader.matching(query({ devices: ['meter-2'] })).length === 1);
  t.is(reader.matching(meter).length, 0);
});
