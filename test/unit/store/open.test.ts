import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { storeFormat } from '../../../src/store/migrations.ts';
import { openStore } from '../../../src/store/open.ts';
import { openedStore, temporaryFolder, temporaryStore } from '../../helpers/temporary-store.ts';

const unavailable = { instanceOf: PortreeveError, code: 'PDP_STORE_UNAVAILABLE' };

test('a new store has an instance id, its time of making and this format, and keeps them', (t) => {
  const path = join(temporaryFolder(t), 'deeper', 'portreeve.db');
  const first = openedStore(t, { path, mode: 'read_write', now: Date.UTC(2026, 0, 2) });
  const meta = () =>
    first
      .prepare('SELECT key, value FROM meta ORDER BY key')
      .all()
      .map((row) => ({ ...row }));
  const made = meta();
  t.regex(first.instance, /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  t.deepEqual(made, [
    { key: 'created_at', value: '2026-01-02T00:00:00.000Z' },
    { key: 'format', value: String(storeFormat) },
    { key: 'instance', value: first.instance },
  ]);
  const again = openedStore(t, { path, mode: 'read_write', now: Date.UTC(2027, 0, 2) });
  t.is(again.instance, first.instance);
  t.deepEqual(meta(), made);
  t.is(openedStore(t, { path, mode: 'read_only' }).instance, first.instance);
});

test('two new stores have different instance ids', (t) => {
  t.not(temporaryStore(t).instance, temporaryStore(t).instance);
});

test('the file is in WAL mode and a writer syncs every commit', (t) => {
  const store = temporaryStore(t);
  t.is(store.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal');
  t.is(store.prepare('PRAGMA synchronous').get()?.['synchronous'], 2);
});

test('reading only never makes a store: a missing file is refused with what to do', (t) => {
  const path = join(temporaryFolder(t), 'missing.db');
  const error = t.throws(() => openStore({ path, mode: 'read_only', now: 0 }), unavailable);
  t.true(error.message.includes(path));
  t.regex(error.message, /portreeve serve/);
  t.false(existsSync(path));
});

test('reading only never migrates: an empty file is refused and stays empty', (t) => {
  const path = join(temporaryFolder(t), 'empty.db');
  writeFileSync(path, '');
  t.throws(() => openStore({ path, mode: 'read_only', now: 0 }), unavailable);
  t.truthy(openedStore(t, { path, mode: 'read_write' }).instance);
});

for (const mode of ['read_write', 'read_only'] as const) {
  test(`a store of a newer format is refused, naming both formats and the way back (${mode})`, (t) => {
    const store = temporaryStore(t);
    store.close();
    const db = new DatabaseSync(store.path);
    db.exec(`PRAGMA user_version = ${storeFormat + 3}`);
    db.close();
    const error = t.throws(() => openStore({ path: store.path, mode, now: 0 }), {
      instanceOf: PortreeveError,
      code: 'PDP_STORE_NEWER',
    });
    t.regex(
      error.message,
      new RegExp(`format ${storeFormat + 3}.*up to ${storeFormat}.*newer program.*backup`),
    );
  });

  test(`a SQLite file of another program is refused and left as it is (${mode})`, (t) => {
    const path = join(temporaryFolder(t), 'other.db');
    const db = new DatabaseSync(path);
    db.exec('CREATE TABLE theirs (x)');
    t.throws(() => openStore({ path, mode, now: 0 }), { ...unavailable, message: /another program/ });
    t.is(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'], 1);
    t.is(db.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'delete');
    db.close();
  });

  test(`a file that is no database is refused with what to do (${mode})`, (t) => {
    const path = join(temporaryFolder(t), 'text.db');
    writeFileSync(path, 'not a database at all\n'.repeat(100));
    t.throws(() => openStore({ path, mode, now: 0 }), { ...unavailable, message: /not a Portreeve store/ });
  });
}

test('a folder that cannot be made is said with the path', (t) => {
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, '');
  const error = t.throws(
    () => openStore({ path: join(file, 'x.db'), mode: 'read_write', now: 0 }),
    unavailable,
  );
  t.true(error.message.includes(join(file, 'x.db')));
});

test('a closed store says so instead of crashing, and may be closed twice', (t) => {
  const store = temporaryStore(t);
  store.close();
  store.close();
  t.throws(() => store.epochs(), unavailable);
});
