import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock, type Clock, type EpochMs } from '../lib/clock.ts';
import { describeThrown, PortreeveError } from '../lib/errors.ts';
import { migrate, readFormat, readInstance } from './migrate.ts';
import { storeFormat } from './migrations.ts';
import { storeError } from './sqlite-errors.ts';
import { SqliteStore } from './sqlite-store.ts';
import type { Store } from './types.ts';
import { beginImmediate, withWriteLock } from './write-lock.ts';

export interface OpenOptions {
  readonly path: string;
  /** `read_only` never creates, migrates or writes. */
  readonly mode: 'read_write' | 'read_only';
  /** Time of making, for a store that does not exist yet. */
  readonly now: EpochMs;
  /** Milliseconds that a write waits for the lock; 5,000 by default. */
  readonly busyTimeoutMs?: number;
  /** Most 4 KiB pages that the file may have: a disk quota. Unlimited by default. */
  readonly maxPages?: number;
  readonly clock?: Clock;
}

const mmapBytes = 1024 * 1024 * 1024;
const walBytes = 64 * 1024 * 1024;
/** Log pages (32 MiB) before they are copied into the file: bulk work rewrites the same pages often. */
const checkpointPages = 8000;

/**
 * Opens the store; with `read_write` makes it and brings it to this program's format where needed. Throws
 * PDP_STORE_UNAVAILABLE (missing, locked, damaged, read-only, not ours) and PDP_STORE_NEWER, saying what to do.
 */
export function openStore(options: OpenOptions): Store {
  const { path, mode, busyTimeoutMs = 5000, clock = systemClock } = options;
  const writable = mode === 'read_write';
  const db = openFile(path, writable, busyTimeoutMs);
  try {
    settle(db, options, writable, busyTimeoutMs, clock);
    const instance = readInstance(db, path);
    return new SqliteStore({ db, path, instance, writable, busyTimeoutMs, clock });
  } catch (thrown) {
    if (db.isOpen) db.close();
    throw storeError(thrown, path);
  }
}

function openFile(path: string, writable: boolean, timeout: number): DatabaseSync {
  if (writable) makeFolder(path);
  else if (!existsSync(path)) throw notMadeYet(path);
  try {
    return new DatabaseSync(path, { readOnly: !writable, timeout, enableForeignKeyConstraints: false });
  } catch (thrown) {
    throw storeError(thrown, path);
  }
}

function settle(
  db: DatabaseSync,
  options: OpenOptions,
  writable: boolean,
  timeoutMs: number,
  clock: Clock,
): void {
  const { path, now, maxPages } = options;
  db.exec(`PRAGMA mmap_size = ${mmapBytes}`);
  if (!writable) return requireReadable(readFormat(db, path), path);
  readFormat(db, path);
  // Changing to WAL does not wait for other connections by itself.
  withWriteLock(() => db.exec('PRAGMA journal_mode = WAL'), path, timeoutMs, clock);
  // FULL: an act that was acknowledged (a hold, a disabled device) survives a loss of power.
  db.exec(`PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${checkpointPages}`);
  db.exec(`PRAGMA journal_size_limit = ${walBytes}; PRAGMA cache_size = -16384`);
  if (maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${maxPages}`);
  if (readFormat(db, path) === storeFormat) return;
  beginImmediate(db, path, timeoutMs, clock);
  try {
    migrate(db, path, now);
    db.exec('COMMIT');
  } catch (thrown) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw thrown;
  }
}

function requireReadable(format: number, path: string): void {
  if (format === 0) throw notMadeYet(path);
  if (format < storeFormat) {
    throw new PortreeveError(
      'PDP_STORE_UNAVAILABLE',
      `store ${path} has format ${format}, this program needs ${storeFormat}: start 'portreeve serve' or run any ` +
        `changing command once, which brings it up to date`,
    );
  }
}

function notMadeYet(path: string): PortreeveError {
  return new PortreeveError(
    'PDP_STORE_UNAVAILABLE',
    `store ${path} does not exist yet: start 'portreeve serve' or import devices or a CRL, which makes it; or check state.path`,
  );
}

function makeFolder(path: string): void {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o750 });
  } catch (thrown) {
    throw new PortreeveError(
      'PDP_STORE_UNAVAILABLE',
      `store ${path}: its folder cannot be made (${describeThrown(thrown)}); check state.path and its permissions`,
      { cause: thrown },
    );
  }
}
