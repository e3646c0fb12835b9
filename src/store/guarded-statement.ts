import type { StatementSync } from 'node:sqlite';
import type { Connection } from './followed-file.ts';
import { storeError } from './sqlite-errors.ts';
import type { SqlValue, Statement } from './types.ts';

/** A statement that goes to the store's present connection, and whose errors say which file they are about. */
export class GuardedStatement<Row> implements Statement<Row> {
  readonly #sql: string;
  readonly #path: string;
  readonly #connection: () => Connection;
  #statement: StatementSync;
  #preparedBy: Connection;

  /** Throws what `storeError` makes of a text that cannot be prepared. */
  constructor(sql: string, path: string, connection: () => Connection) {
    this.#sql = sql;
    this.#path = path;
    this.#connection = connection;
    this.#preparedBy = connection();
    this.#statement = this.#prepare();
  }

  get(...values: SqlValue[]): Row | undefined {
    try {
      return this.#present().get(...values) as Row | undefined;
    } catch (thrown) {
      throw storeError(thrown, this.#path);
    }
  }

  all(...values: SqlValue[]): Row[] {
    try {
      return this.#present().all(...values) as Row[];
    } catch (thrown) {
      throw storeError(thrown, this.#path);
    }
  }

  *iterate(...values: SqlValue[]): IterableIterator<Row> {
    try {
      yield* this.#present().iterate(...values) as unknown as IterableIterator<Row>;
    } catch (thrown) {
      throw storeError(thrown, this.#path);
    }
  }

  run(...values: SqlValue[]): { readonly changes: number; readonly lastInsertRowid: number } {
    try {
      const { changes, lastInsertRowid } = this.#present().run(...values);
      return { changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) };
    } catch (thrown) {
      throw storeError(thrown, this.#path);
    }
  }

  /** Prepared anew where the connection is another one than before. */
  #present(): StatementSync {
    const connection = this.#connection();
    if (connection !== this.#preparedBy) {
      this.#preparedBy = connection;
      this.#statement = this.#prepare();
    }
    return this.#statement;
  }

  #prepare(): StatementSync {
    try {
      return this.#preparedBy.db.prepare(this.#sql);
    } catch (thrown) {
      throw storeError(thrown, this.#path);
    }
  }
}
