import { existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { PortreeveError } from '../lib/errors.ts';
import { storeError } from './sqlite-errors.ts';

/** What SQLite takes and gives for a cell. */
export type Cell = string | number | Uint8Array | null;
export type Row = Readonly<Record<string, Cell>>;

/** A database that is made from something else and can be made again: nothing in it is a source of truth. */
export interface SideFile {
  readonly path: string;
  run(sql: string, ...values: readonly Cell[]): void;
  all(sql: string, ...values: readonly Cell[]): readonly Row[];
  get(sql: string, ...values: readonly Cell[]): Row | undefined;
  /** Rows one by one, as they are asked for. */
  iterate(sql: string, ...values: readonly Cell[]): IterableIterator<Row>;
  /** Does the work as one change, after every change of other processes; what it throws undoes it. */
  transact<T>(work: () => T): T;
  /** Bytes that hold something. */
  usedBytes(): number;
  close(): void;
}

export interface SideFileOptions {
  readonly path: string;
  readonly mode: 'read_write' | 'read_only';
  /** Statements that make the tables of an empty file. */
  readonly schema: string;
  /** Stands in the file; one of another number is not read. */
  readonly format: number;
  /** Milliseconds that a change waits for those of other processes. */
  readonly busyTimeoutMs?: number;
}

const pageCacheKib = 65_536;

/**
 * Opens such a database; with `read_write` it is made where it is not there, and made anew where it is of another format
 * or no database. Undefined where it is to be read only and is not there, of another format, or cannot be read so.
 * Throws PDP_STORE_UNAVAILABLE.
 */
export function openSideFile(options: SideFileOptions): SideFile | undefined {
  const { path, mode, format } = options;
  if (mode === 'read_only' && !existsSync(path)) return undefined;
  try {
    const db = connect(options);
    if (formatOf(db) === format) return new OpenSideFile(db, path);
    db.close();
    if (mode === 'read_only') return undefined;
  } catch (thrown) {
    if (mode === 'read_only') return undefined;
    if (!isDamage(thrown)) throw storeError(thrown, path);
  }
  removeSideFile(path);
  try {
    return make(options);
  } catch (thrown) {
    throw storeError(thrown, path);
  }
}

/** Removes such a database with what SQLite has beside it. Throws what the file system says. */
export function removeSideFile(path: string): void {
  for (const ending of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${ending}`, { force: true });
}

function make(options: SideFileOptions): SideFile {
  const db = connect(options);
  db.exec('BEGIN IMMEDIATE');
  // Another process may have made it in this moment.
  if (formatOf(db) !== options.format) db.exec(`${options.schema}; PRAGMA user_version = ${options.format}`);
  db.exec('COMMIT');
  return new OpenSideFile(db, options.path);
}

function connect({ path, mode, busyTimeoutMs = 5000 }: SideFileOptions): DatabaseSync {
  const readOnly = mode === 'read_only';
  const url = pathToFileURL(path);
  const db = new DatabaseSync(readOnly ? url : path, { readOnly, timeout: busyTimeoutMs });
  try {
    db.exec(`PRAGMA mmap_size = 0; PRAGMA cache_size = ${-pageCacheKib}`);
    if (readOnly) return db;
    // It can be made again: a crash may take the last changes, and nothing waits for the disk.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000');
    db.exec('PRAGMA journal_size_limit = 67108864');
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

function formatOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
function isDamage(thrown: unknown): boolean {
  const code = (thrown as { readonly errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' && [11, 26].includes(code & 0xff);
}

class OpenSideFile implements SideFile {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.path = path;
  }

  run(sql: string, ...values: readonly Cell[]): void {
    this.#guard(() => void this.#statement(sql).run(...values));
  }

  all(sql: string, ...values: readonly Cell[]): readonly Row[] {
    return this.#guard(() => this.#statement(sql).all(...values) as Row[]);
  }

  get(sql: string, ...values: readonly Cell[]): Row | undefined {
    return this.#guard(() => this.#statement(sql).get(...values) as Row | undefined);
  }

  iterate(sql: string, ...values: readonly Cell[]): IterableIterator<Row> {
    // A statement of its own: the same text may be asked again before this one has ended.
    return this.#guard(() => this.#db.prepare(sql).iterate(...values) as IterableIterator<Row>);
  }

  transact<T>(work: () => T): T {
    return this.#guard(() => {
      this.#db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.#db.exec('COMMIT');
        return result;
      } catch (thrown) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw thrown;
      }
    });
  }

  usedBytes(): number {
    const value = (name: string): number => Number(this.get(`PRAGMA ${name}`)?.[name] ?? 0);
    return (value('page_count') - value('freelist_count')) * value('page_size');
  }

  close(): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const made = this.#db.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }

  #guard<T>(act: () => T): T {
    try {
      return act();
    } catch (thrown) {
      if (thrown instanceof PortreeveError) throw thrown;
      throw storeError(thrown, this.path);
    }
  }
}
