import { closeSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import { listDevices } from '../../src/inventory/list.ts';
import { createInventoryReader } from '../../src/inventory/reader.ts';
import { PortreeveError } from '../../src/lib/errors.ts';
import { storeError } from '../../src/store/sqlite-errors.ts';
import { device, importRows } from '../helpers/inventory.ts';
import { anyChange, openedStore, temporaryFolder, temporaryStore } from '../helpers/temporary-store.ts';

const unavailable = { instanceOf: PortreeveError, code: 'PDP_STORE_UNAVAILABLE' };
const fleet = (count: number, fields = {}) =>
  Array.from({ length: count }, (_, index) => device(`d${index}`, { owner: 'o'.repeat(200), ...fields }));

test('an import into a full disk is refused with what to do; nothing of it is kept and reading goes on', async (t) => {
  const made = temporaryStore(t);
  await importRows(made, [device('d1'), device('old')]);
  made.close();
  const pages = statSync(made.path).size / 4096 + 40;
  const store = openedStore(t, { path: made.path, mode: 'read_write', maxPages: pages });
  const error = await t.throwsAsync(importRows(store, fleet(5000)), unavailable);
  t.regex(error.message, /full.*free disk space/);
  t.true(error.message.includes(made.path));
  const reader = openedStore(t, { path: made.path, mode: 'read_only' });
  t.deepEqual(
    listDevices(reader, { tenant: 'default', limit: 9 }).map((found) => found.device_id),
    ['d1', 'old'],
  );
  t.deepEqual(reader.epochs(), { local: 1 });
  const roomier = openedStore(t, { path: made.path, mode: 'read_write' });
  t.is((await importRows(roomier, fleet(5000))).added, 4999);
});

test('a change that finds the disk full is rolled back whole and the store stays usable', (t) => {
  const made = temporaryStore(t);
  made.close();
  const store = openedStore(t, {
    path: made.path,
    mode: 'read_write',
    maxPages: statSync(made.path).size / 4096 + 2,
  });
  const big = { ...anyChange(), why: 'x'.repeat(100_000) };
  const error = t.throws(
    () =>
      store.transact(() => {
        store.change(anyChange());
        store.change(big);
      }),
    unavailable,
  );
  t.regex(error.message, /full/);
  t.deepEqual(store.epochs(), {});
  t.is(
    store.transact(() => store.change(anyChange())),
    1,
  );
});

test('a damaged page is told as damage with what to do, whatever reads it', async (t) => {
  const store = temporaryStore(t);
  store.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  // The tables themselves stay whole, or the file could not even be opened: only what is in them is damaged.
  const whole = statSync(store.path).size / 4096;
  await importRows(store, fleet(2000));
  store.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  store.close();
  const size = statSync(store.path).size;
  const file = openSync(store.path, 'r+');
  for (let page = whole; page < size / 4096; page += 1)
    writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, page * 4096);
  closeSync(file);
  const reader = openedStore(t, { path: store.path, mode: 'read_only' });
  const devices = createInventoryReader(reader);
  t.throws(() => reader.snapshot(() => devices.device('default', 'd7')), {
    ...unavailable,
    message: /damaged.*backup/,
  });
  t.throws(() => listDevices(reader, { tenant: 'default', limit: 5 }), unavailable);
});

test('a file that was cut short is told as damage', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, fleet(2000));
  store.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  store.close();
  const db = openSync(store.path, 'r+');
  ftruncateSync(db, 4096 * 5);
  closeSync(db);
  t.throws(
    () => {
      const reader = openedStore(t, { path: store.path, mode: 'read_only' });
      listDevices(reader, { tenant: 'default', limit: 2000 });
    },
    { instanceOf: PortreeveError, code: 'PDP_STORE_UNAVAILABLE' },
  );
});

test('a file that may not be written is told as such', (t) => {
  const path = join(temporaryFolder(t), 'x.db');
  new DatabaseSync(path).exec('CREATE TABLE x (y)');
  const readOnly = new DatabaseSync(path, { readOnly: true });
  const thrown = t.throws(() => readOnly.exec('INSERT INTO x VALUES (1)'));
  const error = storeError(thrown, path);
  readOnly.close();
  t.is(error.code, 'PDP_STORE_UNAVAILABLE');
  t.is(error.cause, thrown);
  t.regex(error.message, /may not be written; give write permission/);
});
