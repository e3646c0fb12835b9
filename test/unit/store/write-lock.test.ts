import test from 'ava';
import { systemClock } from '../../../src/lib/clock.ts';
import { withWriteLock } from '../../../src/store/write-lock.ts';

/** As SQLite says that another connection has the lock. */
const busy = (): Error =>
  Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 });

/** How long the thread slept until the lock was there at the sixth try (ms). */
function slept(kind?: 'change' | 'bulk'): number {
  let tries = 0;
  const began = performance.now();
  const attempt = (): number => {
    tries += 1;
    if (tries < 6) throw busy();
    return tries;
  };
  if (withWriteLock(attempt, 'state.db', 60_000, systemClock, kind) !== 6) throw new Error('it gave up');
  return performance.now() - began;
}

test('bulk work tries for the lock more rarely than a change, which therefore comes first', (t) => {
  t.true(slept('bulk') >= 5 * 9);
  // The best of several: a busy machine makes some longer.
  t.true(Math.min(...Array.from({ length: 20 }, () => slept())) < 5 * 9);
});

test('what is no lock is thrown as it came', (t) => {
  const attempt = (): never => {
    throw new Error('no disk');
  };
  t.throws(() => withWriteLock(attempt, 'state.db', 60_000, systemClock), { message: 'no disk' });
});

test('whoever waited in vain is told of the store and what to do', (t) => {
  const attempt = (): never => {
    throw busy();
  };
  t.throws(() => withWriteLock(attempt, 'state.db', 0, systemClock), {
    code: 'PDP_STORE_UNAVAILABLE',
    message: /state\.db: another process has held the write lock for 0 ms/,
  });
});
