import test from 'ava';
import type { Clock } from '../../../src/lib/clock.ts';
import { PortreeveError } from '../../../src/lib/errors.ts';
import {
  beginGeneration,
  publishGeneration,
  retireGeneration,
  stageBudgetMs,
  stageRows,
} from '../../../src/store/generation.ts';
import { abandonedAfterMs, isAbandoned, sweepRetired } from '../../../src/store/sweep.ts';
import type { Store } from '../../../src/store/types.ts';
import { anyChange, openedStore, temporaryStore } from '../../helpers/temporary-store.ts';

/** A clock on which every look at the monotonic time takes a millisecond. */
function slowClock(): Clock {
  let ms = 0;
  return { now: () => 1_000_000, monotonic: () => (ms += 1) };
}

function insertRevoked(store: Store, generation: number): (serial: number) => void {
  const statement = store.prepare(
    'INSERT INTO revoked (generation, serial, revoked_at, reason) VALUES (?, ?, 0, 0)',
  );
  return (serial) => void statement.run(generation, Buffer.from(serial.toString(16).padStart(8, '0'), 'hex'));
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const countRevoked = (store: Store): unknown =>
  store.prepare('SELECT count(*) AS n FROM revoked').get()?.['n'];
const states = (store: Store): unknown[] =>
  store
    .prepare('SELECT state FROM generations ORDER BY generation')
    .all()
    .map((row) => row['state']);

test('staging spreads over transactions that end before their budget is spent', async (t) => {
  const store = temporaryStore(t);
  const generation = beginGeneration(store, 'crl', 0);
  const batches: number[] = [];
  const rows = await stageRows(
    store,
    generation,
    numbers(200),
    insertRevoked(store, generation),
    slowClock(),
    (n) => batches.push(n),
  );
  t.is(rows, 200);
  t.is(countRevoked(store), 200);
  const sizes = batches.map((soFar, index) => soFar - (batches[index - 1] ?? 0));
  t.true(sizes.length >= 200 / stageBudgetMs);
  t.true(
    sizes.every((size) => size <= stageBudgetMs),
    'one row takes a millisecond on this clock',
  );
});

test('another connection gets the lock between two batches of one that is staging', async (t) => {
  const store = temporaryStore(t);
  const other = openedStore(t, { path: store.path, mode: 'read_write', busyTimeoutMs: 0 });
  const generation = beginGeneration(store, 'crl', 0);
  let between = 0;
  // A timer gets its turn only where the staging yields, and the lock only where it is free.
  const writing = setInterval(() => (between = other.transact(() => other.change(anyChange()))), 1);
  await stageRows(store, generation, numbers(400), insertRevoked(store, generation), slowClock());
  clearInterval(writing);
  t.true(between >= 3);
});

test('a row that cannot be staged ends the staging with its error, and nothing becomes visible', async (t) => {
  const store = temporaryStore(t);
  const generation = beginGeneration(store, 'crl', 0);
  await t.throwsAsync(stageRows(store, generation, [1, 2, 1], insertRevoked(store, generation)), {
    code: 'PDP_INTERNAL',
  });
  t.deepEqual(states(store), ['staging']);
});

test('a generation becomes visible with the epoch of its change, once', (t) => {
  const store = temporaryStore(t);
  store.transact(() => store.change(anyChange()));
  const generation = beginGeneration(store, 'crl', 5, 'issuer');
  const publish = (): number =>
    store.transact(() => {
      const epoch = store.change(anyChange());
      publishGeneration(store, generation, epoch);
      return epoch;
    });
  t.is(publish(), 2);
  const row = store
    .prepare('SELECT kind, scope, state, started_at, base_epoch, visible_epoch FROM generations')
    .get();
  t.deepEqual(
    { ...row },
    { kind: 'crl', scope: 'issuer', state: 'visible', started_at: 5, base_epoch: 1, visible_epoch: 2 },
  );
  t.throws(publish, { instanceOf: PortreeveError, code: 'PDP_STORE_UNAVAILABLE' });
  t.deepEqual(store.epochs(), { local: 2 }, 'the change went with the refusal');
});

test('a generation that was swept as dead can neither be staged further nor published', async (t) => {
  const store = temporaryStore(t);
  const generation = beginGeneration(store, 'crl', 0);
  retireGeneration(store, generation);
  const refused = { code: 'PDP_STORE_UNAVAILABLE', message: /run the import again/ };
  await t.throwsAsync(stageRows(store, generation, [1], insertRevoked(store, generation)), refused);
  t.throws(() => store.transact(() => publishGeneration(store, generation, 1)), refused);
  t.is(countRevoked(store), 0);
});

test('the sweep removes the rows of retired generations and leaves visible and living ones', async (t) => {
  const store = temporaryStore(t);
  const [retired, visible, staging] = [1, 2, 3].map(() => beginGeneration(store, 'crl', 0)) as [
    number,
    number,
    number,
  ];
  for (const generation of [retired, visible, staging]) {
    await stageRows(store, generation, numbers(500), insertRevoked(store, generation));
  }
  store.transact(() => publishGeneration(store, visible, store.change(anyChange())));
  retireGeneration(store, retired);
  t.true((await sweepRetired(store, 60_000)) >= 500);
  t.deepEqual(states(store), ['visible', 'staging']);
  t.is(countRevoked(store), 1000);
  t.is(await sweepRetired(store, 60_000), 0);
});

test('a sweep stops when its budget is spent, and the next one goes on', async (t) => {
  const store = temporaryStore(t);
  const generation = beginGeneration(store, 'crl', 0);
  await stageRows(store, generation, numbers(30_000), insertRevoked(store, generation));
  retireGeneration(store, generation);
  await sweepRetired(store, 0, slowClock());
  const left = Number(countRevoked(store));
  t.true(left > 0 && left < 30_000);
  await sweepRetired(store, 60_000);
  t.is(countRevoked(store), 0);
});

test('a generation without a heartbeat for long is abandoned and swept', async (t) => {
  const store = temporaryStore(t);
  const at = (now: number): Clock => ({ now: () => now, monotonic: () => 0 });
  const generation = beginGeneration(store, 'crl', 0, '', at(1000));
  await sweepRetired(store, 1000, at(1000 + abandonedAfterMs));
  t.deepEqual(states(store), ['staging']);
  await stageRows(store, generation, [1], insertRevoked(store, generation), at(1001));
  await sweepRetired(store, 1000, at(1001 + abandonedAfterMs));
  t.deepEqual(states(store), ['staging'], 'staging renewed the heartbeat');
  await sweepRetired(store, 1000, at(1002 + abandonedAfterMs));
  t.deepEqual(states(store), []);
  t.is(countRevoked(store), 0);
});

test('a generation is abandoned at once where its process on this host is gone, but not on another host', (t) => {
  const store = temporaryStore(t);
  beginGeneration(store, 'crl', 0);
  const { host } = store.prepare<{ host: string }>('SELECT host FROM generations').get() ?? { host: '' };
  const gone = 2 ** 22 + 1;
  t.true(isAbandoned({ heartbeat_at: 0, host, pid: gone }, 0));
  t.false(isAbandoned({ heartbeat_at: 0, host, pid: process.pid }, 0));
  t.false(isAbandoned({ heartbeat_at: 0, host: `${host}-other`, pid: gone }, 0));
});
