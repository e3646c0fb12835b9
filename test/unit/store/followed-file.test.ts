import { existsSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { PortreeveError } from '../../../src/lib/errors.ts';
import type { FileEvent } from '../../../src/store/followed-file.ts';
import { openStore } from '../../../src/store/open.ts';
import type { Store } from '../../../src/store/types.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import type { FakeClock } from '../../helpers/fake-clock.ts';
import { anyChange, openedStore, temporaryFolder } from '../../helpers/temporary-store.ts';

const unavailable = { instanceOf: PortreeveError, code: 'PDP_STORE_UNAVAILABLE' };

interface Followed {
  readonly path: string;
  readonly clock: FakeClock;
  readonly writer: Store;
  readonly reader: Store;
  readonly events: Readonly<Record<'writer' | 'reader', FileEvent[]>>;
}

/** A writer and a reader of one store, as the server's parent and a worker have them. */
function followed(t: ExecutionContext): Followed {
  const path = join(temporaryFolder(t), 'state.db');
  const clock = fakeClock(0);
  const events: Followed['events'] = { writer: [], reader: [] };
  const open = (mode: 'read_write' | 'read_only', to: FileEvent[]): Store =>
    openedStore(t, { path, mode, clock, onFile: (event) => to.push(event) });
  const writer = open('read_write', events.writer);
  change(writer, 'before');
  return { path, clock, writer, reader: open('read_only', events.reader), events };
}

function change(store: Store, selector: string): void {
  store.transact(() => store.change(anyChange(selector)));
}

function selectors(store: Store): string[] {
  return store.snapshot(() => store.changesSince(0, 10).map(({ selector }) => selector));
}

/** Another whole store in a single file, with this one change. */
function otherFile(path: string, selector: string): string {
  const store = openStore({ path, mode: 'read_write', now: 0 });
  change(store, selector);
  const { instance } = store;
  store.close();
  return instance;
}

test('another file at the path is opened by reader and writer within 50 ms, and said', (t) => {
  const { path, clock, writer, reader, events } = followed(t);
  const [epochs, mine] = [reader.epochs(), reader.instance];
  const instance = otherFile(`${path}.new`, 'after');
  renameSync(`${path}.new`, path);
  clock.advance(50);
  t.deepEqual(selectors(writer), ['after']);
  t.deepEqual(selectors(reader), ['after']);
  t.deepEqual([reader.instance, writer.instance], [instance, instance]);
  t.not(mine, instance);
  t.deepEqual(reader.epochs(), { local: 1 });
  t.not(reader.epochs(), epochs, 'what was remembered under the same numbers is of the other file');
  t.deepEqual(events, { writer: [{ kind: 'reopened' }], reader: [{ kind: 'reopened' }] });
  change(writer, 'next');
  t.deepEqual(selectors(reader), ['after', 'next']);
  t.deepEqual(selectors(openedStore(t, { path, mode: 'read_only' })), ['after', 'next']);
});

test('statements that were prepared before go to the new file', (t) => {
  const { path, clock, writer, reader } = followed(t);
  const statement = reader.prepare<{ selector: string }>('SELECT selector FROM changes');
  otherFile(`${path}.new`, 'after');
  renameSync(`${path}.new`, path);
  clock.advance(50);
  writer.epochs();
  t.is(statement.get()?.selector, 'after');
});

test('a snapshot that has begun keeps its file', (t) => {
  const { path, clock, reader } = followed(t);
  reader.snapshot(() => {
    otherFile(`${path}.new`, 'after');
    renameSync(`${path}.new`, path);
    clock.advance(1000);
    t.is(reader.changesSince(0, 1)[0]?.selector, 'before');
  });
});

test('the log of the file before is never read into the new one: readers wait for the writer to remove it', (t) => {
  const { path, clock, writer, reader, events } = followed(t);
  t.true(statSync(`${path}-wal`).size > 0);
  otherFile(`${path}.new`, 'after');
  renameSync(`${path}.new`, path);
  clock.advance(50);
  t.throws(() => selectors(reader), { ...unavailable, message: /beside the log of the one before/ });
  t.deepEqual(selectors(writer), ['after']);
  clock.advance(50);
  t.deepEqual(selectors(reader), ['after']);
  t.deepEqual(
    events.reader.map(({ kind }) => kind),
    ['lost', 'reopened'],
  );
});

test('without a file everything is refused, told once, and nothing is made in its place', (t) => {
  const { path, clock, writer, reader, events } = followed(t);
  for (const file of [path, `${path}-wal`, `${path}-shm`]) renameSync(file, `${file}.away`);
  for (let looks = 0; looks < 3; looks++) {
    clock.advance(50);
    for (const store of [reader, writer]) {
      t.throws(() => selectors(store), { ...unavailable, message: /the file is gone/ });
      t.throws(() => store.epochs(), unavailable);
    }
    t.throws(() => change(writer, 'x'), unavailable);
  }
  t.false(existsSync(path));
  t.deepEqual([events.writer.length, events.reader.length], [1, 1]);
  for (const file of [path, `${path}-wal`, `${path}-shm`]) renameSync(`${file}.away`, file);
  clock.advance(50);
  t.deepEqual([selectors(reader), selectors(writer)], [['before'], ['before']]);
});

test('a file that is cut short is refused, however much of it is in memory, until it is replaced', (t) => {
  const { path, clock, writer, reader } = followed(t);
  for (let changes = 0; changes < 50; changes++) change(writer, 'x'.repeat(2000));
  writer.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  clock.advance(50);
  t.deepEqual([selectors(reader).length, selectors(writer).length], [10, 10]);
  truncateSync(path, 131_072);
  clock.advance(50);
  const short = { ...unavailable, message: /cut short: it has 131072 bytes and should have \d+; .*backup/ };
  t.throws(() => reader.epochs(), short);
  t.throws(() => writer.epochs(), short);
  truncateSync(path, 0);
  clock.advance(50);
  const empty = { ...unavailable, message: /the file is empty, and was not always/ };
  t.throws(() => selectors(reader), empty);
  t.throws(() => selectors(writer), empty);
  otherFile(`${path}.new`, 'after');
  renameSync(`${path}.new`, path);
  clock.advance(50);
  t.deepEqual([selectors(writer), selectors(reader)], [['after'], ['after']]);
});

test('what is not a store is not taken for one', (t) => {
  const { path, clock, reader, writer } = followed(t);
  const put = (make: (at: string) => void): void => {
    rmSync(`${path}.new`, { force: true });
    make(`${path}.new`);
    renameSync(`${path}.new`, path);
    clock.advance(50);
  };
  put((at) => writeFileSync(at, 'words '.repeat(2000)));
  t.throws(() => selectors(writer), { ...unavailable, message: /not a Portreeve store/ });
  t.throws(() => selectors(reader), { ...unavailable, message: /not a Portreeve store/ });
  put((at) => {
    const db = new DatabaseSync(at);
    db.exec('CREATE TABLE theirs (x)');
    db.close();
  });
  t.throws(() => selectors(writer), { ...unavailable, message: /another program/ });
  put((at) => writeFileSync(at, ''));
  t.throws(() => selectors(writer), { ...unavailable, message: /the file is empty/ });
  t.throws(() => selectors(reader), { ...unavailable, message: /the file is empty/ });
});

test('a store that has become smaller as a whole is opened again and goes on', (t) => {
  const { path, clock, writer, reader } = followed(t);
  writer.transact(() => {
    for (let rows = 0; rows < 100; rows++) writer.change(anyChange('x'.repeat(2000)));
  });
  writer.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  clock.advance(50);
  reader.epochs();
  writer.prepare('DELETE FROM changes WHERE epoch > 1').run();
  writer.prepare('VACUUM').run();
  writer.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  t.true(statSync(path).size < 200_000);
  clock.advance(50);
  t.deepEqual(selectors(reader), ['before']);
});

test('an empty file beside a log with content is not made into a new store', (t) => {
  const { path } = followed(t);
  truncateSync(path, 0);
  const size = statSync(`${path}-wal`).size;
  t.throws(() => openStore({ path, mode: 'read_write', now: 0 }), {
    ...unavailable,
    message: /the file is empty/,
  });
  t.is(statSync(`${path}-wal`).size, size);
});
