import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { systemClock } from '../../../src/lib/clock.ts';
import { listDevices } from '../../../src/inventory/list.ts';
import { beginGeneration } from '../../../src/store/generation.ts';
import { readKeptTime, writeKeptTime } from '../../../src/store/kept-time.ts';
import { replaceStore } from '../../../src/store/replace.ts';
import {
  changesAfter,
  continueCopy,
  copyStore,
  countRows,
  lastSharedChange,
  newestChange,
  retireStaged,
} from '../../../src/store/snapshot.ts';
import { runStoreChild, type StoreChild } from '../../helpers/run-store-child.ts';
import { device, importRows } from '../../helpers/inventory.ts';
import { anyChange, openedStore, temporaryFolder, temporaryStore } from '../../helpers/temporary-store.ts';

test('a copy is the state of one moment, taken through a connection that only reads', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1'), device('d2')]);
  const path = join(temporaryFolder(t), 'copy.db');
  copyStore(openedStore(t, { path: store.path, mode: 'read_only' }), path);
  await importRows(store, [device('d3')]);
  const copy = openedStore(t, { path, mode: 'read_write' });
  t.deepEqual(
    listDevices(copy, { tenant: 'default', limit: 9 }).map(({ device_id: id }) => id),
    ['d1', 'd2'],
  );
  t.deepEqual([copy.instance, copy.epochs()], [store.instance, { local: 1 }]);
  t.is(countRows(copy)['devices'], 2);
});

test('what was being staged is given up in a copy, and goes on in the original', (t) => {
  const store = temporaryStore(t);
  const generation = beginGeneration(store, 'device.import', 0, 'default');
  const path = join(temporaryFolder(t), 'copy.db');
  copyStore(store, path);
  const copy = openedStore(t, { path, mode: 'read_write' });
  retireStaged(copy);
  const stateIn = (one: typeof store) =>
    one.prepare('SELECT state FROM generations WHERE generation = ?').get(generation)?.['state'];
  t.deepEqual([stateIn(copy), stateIn(store)], ['retired', 'staging']);
});

test('a copy that is taken while an import runs is the state before it or after it', async (t) => {
  // So many that the import is still at it when the first copy is taken.
  const rows = 20_000;
  const store = temporaryStore(t, { busyTimeoutMs: 20_000 });
  await importRows(
    store,
    Array.from({ length: rows }, (_, index) => device(`d${index}`)),
  );
  const child = runStoreChild(t, store.path, { act: 'import', rows, status: 'disabled' });
  const folder = temporaryFolder(t);
  const seen: string[] = [];
  await child.until('progress');
  for (let round = 0; !seen.includes('disabled'); round += 1) {
    const path = join(folder, `${round}.db`);
    copyStore(store, path);
    const copy = openedStore(t, { path, mode: 'read_write' });
    retireStaged(copy);
    const devices = listDevices(copy, { tenant: 'default', limit: rows + 1 });
    const statuses = new Set(devices.map(({ status }) => status));
    t.deepEqual([devices.length, statuses.size], [rows, 1]);
    seen.push([...statuses].join());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  t.is(seen[0], 'active', 'the import was not held up, nor taken over');
  t.is(await child.ended, 0);
});

test('two stores share the changes up to where one of them went another way', (t) => {
  const store = temporaryStore(t);
  const change = (one: typeof store, what: string) => one.transact(() => one.change(anyChange(what)));
  for (const what of ['a', 'b', 'c']) change(store, what);
  const path = join(temporaryFolder(t), 'copy.db');
  copyStore(store, path);
  const copy = openedStore(t, { path, mode: 'read_write' });
  t.is(lastSharedChange(store, copy), 3);
  for (const what of ['d', 'e', 'f']) change(store, what);
  t.is(lastSharedChange(store, copy), 3);
  for (const what of ['x', 'y', 'z', 'f']) change(copy, what);
  t.is(lastSharedChange(store, copy), 3);
  t.deepEqual(changesAfter(store, 4), [{ kind: 'test', changes: 2 }]);
  t.is(lastSharedChange(store, temporaryStore(t)), 0);
});

test('a copy goes on above what may have been used, with a later time and a name of its own', (t) => {
  const copy = temporaryStore(t);
  copy.transact(() => copy.change(anyChange()));
  writeKeptTime(copy, { kept: 500, confirmed: 400, resets: 2 });
  const first = copy.instance;
  const done = continueCopy(copy, {
    above: 41,
    newInstance: true,
    time: { kept: 900, confirmed: 300 },
    change: (instance) => anyChange(instance),
  });
  t.deepEqual([done.epoch, newestChange(copy)], [42, 42]);
  t.not(done.instance, first);
  t.is(copy.changesSince(41, 9)[0]?.selector, done.instance);
  t.deepEqual(readKeptTime(copy), { kept: 900, confirmed: 400, resets: 2 });
  t.is(openedStore(t, { path: copy.path, mode: 'read_only' }).instance, done.instance);
  t.is(
    copy.transact(() => copy.change(anyChange())),
    43,
  );
});

test('whoever waited to change a store that is being replaced is refused, and the new one is followed', (t) => {
  const old = temporaryStore(t);
  old.transact(() => old.change(anyChange('before')));
  const by = `${old.path}.by`;
  copyStore(old, by);
  const waiting = openedStore(t, { path: old.path, mode: 'read_write', busyTimeoutMs: 0 });
  const reader = openedStore(t, { path: old.path, mode: 'read_only' });
  reader.epochs();
  const replaced = replaceStore({
    ...{ path: old.path, by, clock: systemClock, expected: 1 },
    finish: () => {
      t.throws(() => waiting.transact(() => 0), { code: 'PDP_STORE_UNAVAILABLE' });
      t.deepEqual(reader.epochs(), { local: 1 }, 'readers are not held up');
      const copy = openedStore(t, { path: by, mode: 'read_write' });
      continueCopy(copy, {
        ...{ above: 1, newInstance: false, time: undefined },
        change: () => anyChange('restore'),
      });
      copy.close();
    },
  });
  t.true(replaced);
  t.deepEqual([existsSync(by), existsSync(`${by}-wal`)], [false, false]);
  // Looked at every 50 ms: until then a change is refused, never taken by the file that has no name any more.
  let taken: number | undefined;
  for (const end = Date.now() + 5000; taken === undefined && Date.now() < end;) {
    try {
      taken = waiting.transact(() => waiting.change(anyChange('after')));
    } catch (thrown) {
      t.like(thrown, { code: 'PDP_STORE_UNAVAILABLE' });
      t.regex(String(thrown), /just replaced/);
    }
  }
  t.is(taken, 3);
  t.deepEqual(
    openedStore(t, { path: old.path, mode: 'read_only' })
      .changesSince(0, 9)
      .map(({ selector }) => selector),
    ['before', 'restore', 'after'],
  );
  t.deepEqual(reader.epochs(), { local: 3 });
});

test('a change that another process waits to make is never acknowledged by the store that was replaced', async (t) => {
  const old = temporaryStore(t);
  await importRows(old, [device('d1')]);
  const by = `${old.path}.by`;
  copyStore(old, by);
  let child: StoreChild | undefined;
  replaceStore({
    ...{ path: old.path, by, clock: systemClock, expected: 1 },
    finish: () => {
      child = runStoreChild(t, old.path, { act: 'set_status', device: 'd1', status: 'lost' });
      waitForOpen(child.process.pid, old.path);
    },
  });
  const { ended, told } = child as unknown as StoreChild;
  const code = await ended;
  const acknowledged = told.some(({ at }) => at === 'done');
  const now = openedStore(t, { path: old.path, mode: 'read_only' });
  const status = listDevices(now, { tenant: 'default', limit: 1 })[0]?.status;
  t.deepEqual([code === 0, status], acknowledged ? [true, 'lost'] : [false, 'active']);
});

/** Waits, without leaving the event loop to anybody, until a process has a file open and has had time to ask for its lock. */
function waitForOpen(pid: number | undefined, path: string): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const has = (): boolean => {
    try {
      const folder = `/proc/${pid}/fd`;
      return readdirSync(folder).some((fd) => readlinkSync(join(folder, fd)) === path);
    } catch {
      return false;
    }
  };
  for (let round = 0; round < 200 && !has(); round += 1) Atomics.wait(sleeper, 0, 0, 50);
  Atomics.wait(sleeper, 0, 0, 500);
}

test('a store that has changed since it was judged is left as it is', (t) => {
  const old = temporaryStore(t);
  const by = `${old.path}.by`;
  copyStore(old, by);
  old.transact(() => old.change(anyChange()));
  t.false(
    replaceStore({ path: old.path, by, clock: systemClock, expected: 0, finish: () => t.fail('was begun') }),
  );
  t.deepEqual([old.epochs(), existsSync(by)], [{ local: 1 }, true]);
  t.is(
    old.transact(() => old.change(anyChange())),
    2,
  );
});

test('where the last work on the new store fails, the old one is as it was', (t) => {
  const old = temporaryStore(t);
  old.transact(() => old.change(anyChange()));
  const by = `${old.path}.by`;
  copyStore(old, by);
  const finish = (): never => {
    throw new Error('no room');
  };
  t.throws(() => replaceStore({ path: old.path, by, clock: systemClock, expected: 1, finish }), {
    message: /no room/,
  });
  t.is(
    old.transact(() => old.change(anyChange())),
    2,
  );
  t.is(old.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
});
