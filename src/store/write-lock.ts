import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { isBusy } from './sqlite-errors.ts';

/**
 * Milliseconds between two tries, of whoever waits for one change and of bulk work: that one nearly always comes first
 * when the lock is let go, however many imports wait for it too.
 */
const pollMs = { change: 1, bulk: 10 };

/** What a transaction is for. */
export type WriteKind = keyof typeof pollMs;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread; the store's writes are synchronous by contract. */
function sleep(ms: number): void {
  Atomics.wait(sleeper, 0, 0, ms);
}

/**
 * Runs what needs the write lock, trying again each millisecond (bulk work: each ten) until `timeoutMs` has passed. SQLite's own busy
 * handler sleeps up to 100 ms between tries and would miss the few milliseconds that a bulk import leaves free
 * between two of its transactions. Throws PDP_STORE_UNAVAILABLE after the timeout, anything else as it came.
 */
export function withWriteLock<T>(
  attempt: () => T,
  path: string,
  timeoutMs: number,
  clock: Clock,
  kind: WriteKind = 'change',
): T {
  const deadline = clock.monotonic() + timeoutMs;
  for (;;) {
    try {
      return attempt();
    } catch (thrown) {
      if (!isBusy(thrown)) throw thrown;
      if (clock.monotonic() >= deadline) throw lockedOut(path, timeoutMs, thrown);
      sleep(pollMs[kind]);
    }
  }
}

/**
 * Begins a write transaction, waiting for the lock as `withWriteLock` does; everything else goes on waiting for
 * `othersMs`.
 */
export function beginImmediate(
  db: DatabaseSync,
  path: string,
  timeoutMs: number,
  clock: Clock,
  kind: WriteKind = 'change',
  othersMs = timeoutMs,
): void {
  db.exec('PRAGMA busy_timeout = 0');
  try {
    withWriteLock(() => db.exec('BEGIN IMMEDIATE'), path, timeoutMs, clock, kind);
  } finally {
    db.exec(`PRAGMA busy_timeout = ${othersMs}`);
  }
}

/** Whether nothing was done because another process has held the lock for all of the time that was waited. */
export function isLockedOut(thrown: unknown): boolean {
  return thrown instanceof PortreeveError && thrown.code === 'PDP_STORE_UNAVAILABLE' && isBusy(thrown.cause);
}

function lockedOut(path: string, timeoutMs: number, cause: unknown): PortreeveError {
  return new PortreeveError(
    'PDP_STORE_UNAVAILABLE',
    `store ${path}: another process has held the write lock for ${timeoutMs} ms; try again, or find the process ` +
      `that hangs (it has ${path} open) and end it`,
    { cause },
  );
}
