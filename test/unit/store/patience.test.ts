import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { openStore } from '../../../src/store/open.ts';
import { Patience } from '../../../src/store/patience.ts';
import { isLockedOut } from '../../../src/store/write-lock.ts';

const lockedOut = new PortreeveError('PDP_STORE_UNAVAILABLE', 'locked', {
  cause: Object.assign(new Error('database is locked'), { errcode: 5 }),
});

test('after one that waited in vain the next ones wait less, until one has had the lock', (t) => {
  const patience = new Patience();
  const waits: number[] = [];
  const attempt = (thrown?: Error): void => {
    try {
      patience.attempt({ first: 60, after: 20 }, (timeoutMs) => {
        waits.push(timeoutMs);
        if (thrown) throw thrown;
      });
    } catch (caught) {
      t.is(caught, thrown);
    }
  };
  attempt();
  attempt(lockedOut);
  attempt(lockedOut);
  attempt();
  attempt(new Error('no disk'));
  attempt();
  t.deepEqual(waits, [60, 60, 20, 20, 60, 60]);
});

test('a store with patience gives up a write soon, changes nothing, and writes once the lock is free', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-patience-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'state.db');
  let patient = true;
  const store = openStore({
    ...{ path, mode: 'read_write', now: 0, busyTimeoutMs: 600_000 },
    patience: () => (patient ? { first: 20, after: 1 } : undefined),
  });
  t.teardown(() => store.close());
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  // Without it this would wait for ten minutes.
  const error = t.throws(() => store.transact(() => 1));
  t.true(isLockedOut(error));
  t.regex(String(error?.message), /held the write lock for 20 ms/);
  t.true(Object.keys(store.epochs()).length >= 0, 'reading goes on');
  other.exec('ROLLBACK');
  other.close();
  t.is(
    store.transact(() => 2),
    2,
  );
  patient = false;
  t.is(
    store.transact(() => 3),
    3,
  );
});
