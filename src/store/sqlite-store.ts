import type { StatementSync } from 'node:sqlite';
import type { Clock } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import type { Moment } from '../lib/moment.ts';
import { appendChange, readChanges, readEpochs } from './change-log.ts';
import type { Connection, FollowedFile } from './followed-file.ts';
import { GuardedStatement } from './guarded-statement.ts';
import { Patience, type PatienceLimits } from './patience.ts';
import { storeError } from './sqlite-errors.ts';
import type { Change, NewChange, SqlValue, Statement, Store } from './types.ts';
import { beginImmediate, type WriteKind } from './write-lock.ts';

/** What `openStore` hands to the store that it made. */
export interface SqliteStoreParts {
  readonly file: FollowedFile;
  readonly path: string;
  readonly writable: boolean;
  /** Milliseconds that `transact` waits for the write lock. */
  readonly busyTimeoutMs: number;
  /** How long it waits instead, where that is less; asked at each. */
  readonly patience?: () => PatienceLimits | undefined;
  readonly clock: Clock;
}

/** `Store` over one node:sqlite connection at a time, to the file that stands at its path. Not shared between threads; statements are prepared once per text. */
export class SqliteStore implements Store {
  readonly path: string;
  readonly #parts: SqliteStoreParts;
  readonly #file: FollowedFile;
  readonly #statements = new Map<string, Statement<unknown>>();
  readonly #patience = new Patience();
  #open: 'none' | 'snapshot' | 'transaction' = 'none';
  /** As last read outside a transaction; told again as the same object for as long as nothing has changed. */
  #epochs: Readonly<Record<string, number>> | undefined;
  /** The connection that they were read by. */
  #epochsOf: Connection | undefined;
  /** The moment that the open snapshot is for, and that for which epochs were last read. */
  #moment: Moment | undefined;
  #epochsAt: Moment | undefined;
  /** The open snapshot has read its epochs: within it they cannot change any more. */
  #epochsRead = false;
  /** The open snapshot has begun its transaction. */
  #begun = false;
  /** What the open snapshot read before its transaction is of an older state than the transaction. */
  #overtaken = false;
  /** The statement that is about to run is the one for the epochs. */
  #readingEpochs = false;

  constructor(parts: SqliteStoreParts) {
    this.#parts = parts;
    this.#file = parts.file;
    this.path = parts.path;
  }

  get instance(): string {
    return this.#file.connection.instance;
  }

  prepare<Row = Record<string, SqlValue>>(sql: string): Statement<Row> {
    const known = this.#statements.get(sql);
    if (known) return known as Statement<Row>;
    const statement = new GuardedStatement<Row>(sql, this.path, () => this.#connectionToRead());
    this.#statements.set(sql, statement);
    return statement;
  }

  snapshot<T>(read: () => T, moment?: Moment): T {
    if (this.#open !== 'none') return read();
    try {
      return this.#readWithin(read, 'at need', moment);
    } catch (thrown) {
      if (thrown !== overtaken) throw thrown;
      return this.#readWithin(read, 'at once');
    }
  }

  /**
   * One snapshot, whose transaction begins at its first statement other than that for the epochs: whoever remembers
   * everything under them needs none. Throws `overtaken` where a change came between the two; the work is then done
   * again, because what was remembered is of a state that is gone.
   */
  #readWithin<T>(read: () => T, begins: 'at need' | 'at once', moment?: Moment): T {
    const connection = this.#connection();
    const { commit } = connection;
    this.#moment = moment?.over === false ? moment : undefined;
    this.#epochsRead =
      this.#moment !== undefined && this.#moment === this.#epochsAt && connection === this.#epochsOf;
    this.#begun = false;
    this.#overtaken = false;
    const work = (): T => {
      if (begins === 'at once') this.#begin();
      return read();
    };
    return this.#within('snapshot', work, () => {
      // Also where the work went on after that as if nothing had been.
      if (this.#overtaken) throw overtaken;
      if (this.#begun) this.#run(commit);
    });
  }

  #begin(): void {
    this.#begun = true;
    this.#run(this.#file.connection.begin);
    if (!this.#epochsRead || readEpochs(this, this.#epochs) === this.#epochs) return;
    this.#overtaken = true;
    throw overtaken;
  }

  transact<T>(write: () => T, kind: WriteKind = 'change'): T {
    if (this.#open === 'transaction') return write();
    if (this.#open === 'snapshot')
      throw new PortreeveError('PDP_INTERNAL', 'a write may not begin within a snapshot');
    this.#requireWritable();
    this.#epochsAt = undefined;
    const { busyTimeoutMs, clock, patience } = this.#parts;
    const { db } = this.#connection();
    const limits = patience?.() ?? { first: busyTimeoutMs, after: busyTimeoutMs };
    this.#guard(() =>
      this.#patience.attempt(limits, (timeoutMs) =>
        beginImmediate(db, this.path, timeoutMs, clock, kind, busyTimeoutMs),
      ),
    );
    return this.#within('transaction', write, () => this.#guard(() => db.exec('COMMIT')));
  }

  /** Does the work of what has just begun and commits it; rolls back where either fails. */
  #within<T>(open: 'snapshot' | 'transaction', work: () => T, commit: () => void): T {
    this.#open = open;
    try {
      const result = settled(work());
      commit();
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
    // Another file may have the same epochs and another state: they are never the same object.
    const connection = this.#connection();
    if (this.#epochsOf !== connection) this.#epochs = undefined;
    this.#epochsOf = connection;
    this.#readingEpochs = true;
    this.#epochsAt = undefined;
    try {
      this.#epochs = readEpochs(this, this.#epochs);
    } finally {
      this.#readingEpochs = false;
    }
    this.#epochsRead = this.#open === 'snapshot';
    if (this.#epochsRead) this.#epochsAt = this.#moment;
    return this.#epochs;
  }

  changesSince(epoch: number, limit: number): readonly Change[] {
    return readChanges(this, epoch, limit);
  }

  close(): void {
    this.#statements.clear();
    this.#guard(() => this.#file.close());
  }

  /** What has begun stays with its connection; what begins gets that to the file which stands there now. */
  #connection(): Connection {
    return this.#open === 'none' ? this.#file.follow() : this.#file.connection;
  }

  #connectionToRead(): Connection {
    if (this.#open === 'snapshot' && !this.#begun && !this.#readingEpochs) this.#begin();
    return this.#connection();
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
    const { db } = this.#file.connection;
    if (db.isOpen && db.isTransaction) this.#guard(() => db.exec('ROLLBACK'));
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

/** Thrown through a snapshot whose work has to be done again. */
const overtaken = new PortreeveError('PDP_INTERNAL', 'the state changed while a snapshot of it began');

/** A snapshot or transaction ends when its function returns: one that goes on asynchronously is a mistake of ours. */
function settled<T>(result: T): T {
  if (result instanceof Promise)
    throw new PortreeveError('PDP_INTERNAL', 'a snapshot or transaction was asynchronous');
  return result;
}
