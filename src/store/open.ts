import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { systemClock, type Clock, type EpochMs } from '../lib/clock.ts';
import { describeThrown, PortreeveError } from '../lib/errors.ts';
import { refuseCutShort, refuseEmpty } from './file-state.ts';
import { FollowedFile, type Connection, type FileEvent } from './followed-file.ts';
import { migrate, pragma, readFormat, readInstance } from './migrate.ts';
import { storeFormat } from './migrations.ts';
import type { PatienceLimits } from './patience.ts';
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
  /**
   * How long a write waits instead, asked at each: for a process that others wait for. What it cannot do now it must be
   * able to do later.
   */
  readonly patience?: () => PatienceLimits | undefined;
  /** Most 4 KiB pages that the file may have: a disk quota. Unlimited by default. */
  readonly maxPages?: number;
  readonly clock?: Clock;
  /** Told when another file stands at the path, or none that can be used. */
  readonly onFile?: (event: FileEvent) => void;
}

const walBytes = 64 * 1024 * 1024;
/**
 * Pages that a connection keeps in memory, in KiB: who reads alone is one of several workers, for whom the upper levels of
 * the trees of ten million rows are enough, because leaves are hardly met again.
 */
const cacheKib = { read_write: 16_384, read_only: 8192 } as const;
/** Log pages (32 MiB) before they are copied into the file: bulk work rewrites the same pages often. */
const checkpointPages = 8000;

/**
 * Opens the store; with `read_write` makes it and brings it to this program's format where needed. Throws
 * PDP_STORE_UNAVAILABLE (missing, locked, damaged, read-only, not ours) and PDP_STORE_NEWER, saying what to do. The
 * store follows its path: see `FollowedFile`.
 */
export function openStore(options: OpenOptions): Store {
  const {
    path,
    mode,
    busyTimeoutMs = 5000,
    clock = systemClock,
    onFile = () => undefined,
    patience,
  } = options;
  const writable = mode === 'read_write';
  const open = (existing: boolean): Connection => connect(options, { existing, busyTimeoutMs, clock });
  const file = new FollowedFile({ path, writable, clock, open, onFile });
  return new SqliteStore({ file, path, writable, busyTimeoutMs, clock, ...(patience && { patience }) });
}

interface ConnectOptions {
  readonly existing: boolean;
  readonly busyTimeoutMs: number;
  readonly clock: Clock;
}

function connect(options: OpenOptions, { existing, busyTimeoutMs, clock }: ConnectOptions): Connection {
  const { path, mode } = options;
  const writable = mode === 'read_write';
  const db = openFile(path, writable, existing, busyTimeoutMs);
  try {
    settle(db, options, writable, busyTimeoutMs, clock);
    const instance = readInstance(db, path);
    return { db, instance, begin: db.prepare('BEGIN'), commit: db.prepare('COMMIT') };
  } catch (thrown) {
    if (db.isOpen) db.close();
    throw storeError(thrown, path);
  }
}

function openFile(path: string, writable: boolean, existing: boolean, timeout: number): DatabaseSync {
  if (path !== ':memory:') {
    if (!existsSync(path) && (existing || !writable)) throw notMadeYet(path);
    refuseEmpty(path, existing || !writable);
    if (writable && !existing) makeFolder(path);
  }
  try {
    return new DatabaseSync(existing ? existingOnly(path, writable) : path, {
      readOnly: !writable,
      timeout,
      enableForeignKeyConstraints: false,
    });
  } catch (thrown) {
    throw storeError(thrown, path);
  }
}

/** SQLite makes a file that went away in this very moment, unless it is told not to. */
function existingOnly(path: string, writable: boolean): URL {
  const url = pathToFileURL(path);
  url.searchParams.set('mode', writable ? 'rw' : 'ro');
  return url;
}

function settle(
  db: DatabaseSync,
  options: OpenOptions,
  writable: boolean,
  timeoutMs: number,
  clock: Clock,
): void {
  const { path, now, maxPages } = options;
  // A file that is cut short under a mapping ends the process by SIGBUS; a read of it is an error that can be told.
  db.exec(`PRAGMA mmap_size = 0; PRAGMA cache_size = ${-cacheKib[options.mode]}`);
  const format = readFormat(db, path);
  if (path !== ':memory:') refuseCutShort(path, pragma(db, 'page_count'), pragma(db, 'page_size'));
  if (!writable) return requireReadable(format, path);
  // Changing to WAL does not wait for other connections by itself.
  withWriteLock(() => db.exec('PRAGMA journal_mode = WAL'), path, timeoutMs, clock);
  // FULL: an act that was acknowledged (a hold, a disabled device) survives a loss of power.
  db.exec(`PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${checkpointPages}`);
  db.exec(`PRAGMA journal_size_limit = ${walBytes}`);
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
