import type { EpochMs } from '../lib/clock.ts';
import type { Moment } from '../lib/moment.ts';

export type SqlValue = null | number | bigint | string | Uint8Array;

/** A prepared statement; rows are plain objects by column name. */
export interface Statement<Row = Record<string, SqlValue>> {
  get(...values: SqlValue[]): Row | undefined;
  all(...values: SqlValue[]): Row[];
  iterate(...values: SqlValue[]): IterableIterator<Row>;
  run(...values: SqlValue[]): { readonly changes: number; readonly lastInsertRowid: number };
}

/** One row of the table `changes`, without its epoch. */
export interface NewChange {
  readonly tenant: string;
  readonly at: EpochMs;
  readonly actor: string;
  readonly why: string;
  /** e.g. `crl.import`, `device.import`, `device.set_status`. */
  readonly kind: string;
  /** What was changed, readable: an issuer key, a device id, a file. */
  readonly selector: string;
  /** Readable difference as JSON. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Change extends NewChange {
  readonly epoch: number;
  readonly origin: string;
}

/** One SQLite file: one writer at a time, many readers, in WAL mode. The only way to the database. */
export interface Store {
  readonly path: string;
  /** This installation's own name, kept in the store from its making: `versions.instance`. */
  readonly instance: string;
  /** Prepared once per text. SQL lives in the room that owns the table. */
  prepare<Row = Record<string, SqlValue>>(sql: string): Statement<Row>;
  /**
   * Runs synchronous reads in one snapshot; nested calls join the outer one. The function must do nothing but read: it
   * is run again where the state changes just as it begins. All that is asked for in one moment, where one is named, may
   * see the state as it was when the first of it was asked for.
   */
  snapshot<T>(read: () => T, moment?: Moment): T;
  /**
   * Runs synchronous writes in one immediate transaction; waits for the lock up to the busy timeout, then
   * PDP_STORE_UNAVAILABLE. Bulk work, which takes the lock again and again, gives way to single changes.
   */
  transact<T>(write: () => T, kind?: 'change' | 'bulk'): T;
  /** Appends to `changes` and answers the new epoch. Only within `transact`. */
  change(entry: NewChange): number;
  /**
   * Origin → highest epoch, `{}` in an empty store. Outside transactions the same object as before, for as long as
   * nothing has changed: what was read in one snapshot under it is what any other snapshot under it would read,
   * because every change of state comes with its epoch.
   */
  epochs(): Readonly<Record<string, number>>;
  /** Changes after an epoch, oldest first. */
  changesSince(epoch: number, limit: number): readonly Change[];
  close(): void;
}
