import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { fileState, isSameFile, logPath, removeLog, type FileState } from './file-state.ts';
import { storeError } from './sqlite-errors.ts';

/** An open connection to one store file. */
export interface Connection {
  readonly db: DatabaseSync;
  readonly instance: string;
  readonly begin: StatementSync;
  readonly commit: StatementSync;
}

/** What became of the file at the store's path while it was open. */
export type FileEvent =
  | { readonly kind: 'reopened' }
  /** Nothing is read or written until it is mended. */
  | { readonly kind: 'lost'; readonly error: PortreeveError };

export interface FollowOptions {
  readonly path: string;
  readonly writable: boolean;
  readonly clock: Clock;
  /** Opens what stands at the path; `existing` = never makes a store. Throws PDP_STORE_*. */
  readonly open: (existing: boolean) => Connection;
  readonly onFile: (event: FileEvent) => void;
}

/** Between two looks at which file stands at the path (ms); a look is one `stat`. */
const lookEveryMs = 50;

/** The connection, the file that it is to, and the log that this file had. */
interface Held {
  readonly connection: Connection;
  readonly file: FileState | undefined;
  readonly log: FileState | undefined;
}

/**
 * Follows a path, not a file: once another file stands there, or the same one has become shorter, it is opened anew
 * before anything more is read or written. While that cannot be done, everything is refused: an open file that nobody
 * else sees any more would answer from the past. SQLite itself notices none of this.
 */
export class FollowedFile {
  readonly #options: FollowOptions;
  readonly #inMemory: boolean;
  #held: Held;
  /** Most bytes that the file was seen with. */
  #size: number;
  #lost: PortreeveError | undefined;
  #lookAt: number;
  #closed = false;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#inMemory = options.path === ':memory:';
    this.#held = this.#hold(false);
    this.#size = this.#held.file?.size ?? 0;
    this.#lookAt = options.clock.monotonic() + lookEveryMs;
  }

  /** The connection of a read or write that has begun. */
  get connection(): Connection {
    return this.#held.connection;
  }

  /** The connection for a read or write that begins now. Throws PDP_STORE_* while there is none. */
  follow(): Connection {
    const now = this.#options.clock.monotonic();
    if (now >= this.#lookAt && !this.#closed && !this.#inMemory) {
      this.#lookAt = now + lookEveryMs;
      this.#look();
    }
    if (this.#lost) throw this.#lost;
    return this.#held.connection;
  }

  /** Closes; whatever is asked afterwards is refused by the connection itself. */
  close(): void {
    this.#closed = true;
    this.#lost = undefined;
    const { db } = this.#held.connection;
    if (db.isOpen) db.close();
  }

  #look(): void {
    try {
      const found = fileState(this.#options.path);
      if (!this.#lost && this.#isUnchanged(found)) return;
      this.#reopen(found);
    } catch (thrown) {
      this.#lose(storeError(thrown, this.#options.path));
    }
  }

  #isUnchanged(found: FileState | undefined): boolean {
    if (!found || !isSameFile(found, this.#held.file) || found.size < this.#size) return false;
    this.#size = found.size;
    return true;
  }

  #reopen(found: FileState | undefined): void {
    if (!found)
      throw refused(this.#options.path, 'the file is gone; put it back, or restore the last backup');
    this.#partFromOldLog(found);
    const before = this.#held;
    this.#held = this.#hold(true);
    this.#size = this.#held.file?.size ?? 0;
    this.#lost = undefined;
    closeQuietly(before.connection.db);
    this.#options.onFile({ kind: 'reopened' });
  }

  /**
   * A log stays where it is when the file beside it is replaced, and SQLite would read it into the new one: two states
   * mixed. Whoever writes removes it; whoever reads waits for that.
   */
  #partFromOldLog(found: FileState): void {
    const { file, log } = this.#held;
    const { path, writable } = this.#options;
    if (isSameFile(found, file) || !isSameFile(fileState(logPath(path)), log)) return;
    if (!writable) throw refused(path, 'another file stands there, beside the log of the one before');
    removeLog(path);
  }

  /** Opens what stands at the path, and makes sure that it was this file and no other that was opened. */
  #hold(existing: boolean): Held {
    const { path, open } = this.#options;
    for (;;) {
      const before = this.#inMemory ? undefined : fileState(path);
      const connection = open(existing);
      const file = this.#inMemory ? undefined : fileState(path);
      // A store that was made just now was not there before.
      if (this.#inMemory || isSameFile(before, file) || (!existing && before === undefined && file)) {
        return { connection, file, log: fileState(logPath(path)) };
      }
      closeQuietly(connection.db);
      if (!file) throw refused(path, 'the file went away while it was opened');
    }
  }

  #lose(error: PortreeveError): void {
    const known = this.#lost?.message === error.message;
    this.#lost = error;
    if (!known) this.#options.onFile({ kind: 'lost', error });
  }
}

function closeQuietly(db: DatabaseSync): void {
  try {
    db.close();
  } catch {
    return;
  }
}

function refused(path: string, problem: string): PortreeveError {
  return new PortreeveError('PDP_STORE_UNAVAILABLE', `store ${path}: ${problem}`);
}
