import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { appendChange, readChanges, readEpochs } from './change-log.ts';
import { storeError } from './sqlite-errors.ts';
import type { Change, NewChange, SqlValue, Statement, Store } from './types.ts';
import { beginImmediate } from './write-lock.ts';

/** What `openStore` hands to the store that it made. */
export interface SqliteStoreParts {
  readonly db: DatabaseSync;
  readonly path: string;
  readonly instance: string;
  readonly writable: boolean;
  /** Milliseconds that `transact` waits for the write lock. */
  readonly busyTimeoutMs: number;
  readonly clock: Clock;
}

/** `Store` over one node:sqlite connection. Not shared between threads; statements are prepared once per text. */
export class SqliteStore implements Store {
  readonly path: string;
  readonly instance: string;
  readonly #parts: SqliteStoreParts;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, Statement<unknown>>();
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  #open: 'none' | 'snapshot' | 'transaction' = 'none';
  /** As last read outside a transaction; told again as the same object for as long as nothing has changed. */
  #epochs: Readonly<Record<string, number>> | undefined;
  /** The open snapshot has read its epochs: within it they cannot change any more. */
  #epochsRead = false;

  constructor(parts: SqliteStoreParts) {
    this.#parts = parts;
    this.#db = parts.db;
    this.path = parts.path;
    this.instance = parts.instance;
    this.#begin = parts.db.prepare('BEGIN');
    this.#commit = parts.db.prepare('COMMIT');
  }

  prepare<Row = Record<string, SqlValue>>(sql: string): Statement<Row> {
    const known = this.#statements.get(sql);
    if (known) return known as Statement<Row>;
    const statement = this.#guard(() => new GuardedStatement<Row>(this.#db.prepare(sql), this.path));
    this.#statements.set(sql, statement);
    return statement;
  }

  snapshot<T>(read: () => T): T {
    if (this.#open !== 'none') return read();
    this.#run(this.#begin);
    this.#open = 'snapshot';
    this.#epochsRead = false;
    try {
      const result = settled(read());
      this.#run(this.#commit);
      return result;
    } catch (thrown) {
      this.#rollBack();
      throw thrown;
    } finally {
      this.#open = 'none';
    }
  }

  transact<T>(write: () => T): T {
    if (this.#open === 'transaction') return write();
    if (this.#open === 'snapshot')
      throw new PortreeveError('PDP_INTERNAL', 'a write may not begin within a snapshot');
    this.#requireWritable();
    const { busyTimeoutMs, clock } = this.#parts;
    this.#guard(() => beginImmediate(this.#db, this.path, busyTimeoutMs, clock));
    this.#open = 'transaction';
    try {
      const result = settled(write());
      this.#guard(() => this.#db.exec('COMMIT'));
      return result;
    } catch (thrown) {
      this.#rollBack();
      throw thrown;
    } finally {
      this.#open = 'none';
    }
  }

  change(entry: NewChange): number {
    if (this.#open !== 'transaction') {
      throw new PortreeveError(
        'PDP_INTERNAL',
        `change ${entry.kind} was to be recorded outside a transaction`,
      );
    }
    return appendChange(this, entry);
  }

  epochs(): Readonly<Record<string, number>> {
    // What a transaction has written so far may have its epoch only later.
    if (this.#open === 'transaction') return readEpochs(this);
    if (this.#open === 'snapshot' && this.#epochsRead && this.#epochs) return this.#epochs;
    this.#epochs = readEpochs(this, this.#epochs);
    this.#epochsRead = this.#open === 'snapshot';
    return this.#epochs;
  }

  changesSince(epoch: number, limit: number): readonly Change[] {
    return readChanges(this, epoch, limit);
  }

  close(): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#guard(() => this.#db.close());
  }

  #run(statement: StatementSync): void {
    try {
      statement.run();
    } catch (thrown) {
      throw storeError(thrown, this.path);
    }
  }

  /** SQLite has rolled back by itself after some errors (full disk, I/O). */
  #rollBack(): void {
    if (this.#db.isTransaction) this.#guard(() => this.#db.exec('ROLLBACK'));
  }

  #requireWritable(): void {
    if (this.#parts.writable) return;
    throw new PortreeveError(
      'PDP_STORE_UNAVAILABLE',
      `store ${this.path}: it was opened for reading only; changes are made by the server's parent or the command line`,
    );
  }

  #guard<T>(act: () => T): T {
    try {
      return act();
    } catch (thrown) {
      throw storeError(thrown, this.path);
    }
  }
}

/** A statement whose errors say which file they are about. */
class GuardedStatement<Row> implements Statement<Row> {
  readonly #statement: StatementSync;
  readonly #path: string;

  constructor(statement: StatementSync, path: string) {
    this.#statement = statement;
    this.#path = path;
  }

  get(...values: SqlValue[]): Row | undefined {
    try {
      return this.#statement.get(...values) as Row | undefined;
    } catch (thrown) {
      throw storeError(thrown, this.#path);
    }
  }

  all(...values: SqlValue[]): Row[] {
    try {
      return this.#statement.all(...values) as Row[];
    } catch (thrown) {
      throw storeError(thrown, this.#path);
    }
  }

  *iterate(...values: SqlValue[]): IterableIterator<Row> {
    try {
      yield* this.#statement.iterate(...values) as unknown as IterableIterator<Row>;
    } catch (thrown) {
      throw storeError(thrown, this.#path);
    }
  }

  run(...values: SqlValue[]): { readonly changes: number; readonly lastInsertRowid: number } {
    try {
      const { changes, lastInsertRowid } = this.#statement.run(...values);
      return { changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) };
    } catch (thrown) {
      throw storeError(thrown, this.#path);
    }
  }
}

/** A snapshot or transaction ends when its function returns: one that goes on asynchronously is a mistake of ours. */
function settled<T>(result: T): T {
  if (result instanceof Promise)
    throw new PortreeveError('PDP_INTERNAL', 'a snapshot or transaction was asynchronous');
  return result;
}
