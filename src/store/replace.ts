import { closeSync, fsyncSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { fileState, isSameFile, logPath, removeLog } from './file-state.ts';
import { storeError } from './sqlite-errors.ts';
import { beginImmediate } from './write-lock.ts';

export interface Replacement {
  /** Where the store is to stand. */
  readonly path: string;
  /** A whole store on the same volume, closed, that is to stand there. */
  readonly by: string;
  readonly clock: Clock;
  /** Number of the newest change in the store that is replaced, as it was judged. */
  readonly expected: number;
  /** Last work on the new store, while nobody can change the old one; leaves it closed. */
  readonly finish: () => void;
}

/** How long the replacement waits for whoever writes or reads (ms). */
const patienceMs = 10_000;
const pauseMs = 5;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Puts a store in the place of another one by one rename, also while processes have that open: they follow the path. It
 * is before or after at every moment. Whoever changes the old store meanwhile waits, and is then refused: no change is
 * acknowledged and lost. Answers false, with nothing done, where the old store is not as it was judged. Throws
 * PDP_STORE_UNAVAILABLE.
 */
export function replaceStore(replacement: Replacement): boolean {
  const { path, clock } = replacement;
  const deadline = clock.monotonic() + patienceMs;
  let old: DatabaseSync | undefined;
  try {
    const before = fileState(path);
    const url = pathToFileURL(path);
    url.searchParams.set('mode', 'rw');
    old = new DatabaseSync(url);
    for (;;) {
      emptyLog(old, path, deadline, clock);
      beginImmediate(old, path, patienceMs, clock);
      if (!isSameFile(before, fileState(path)) || newest(old) !== replacement.expected) return false;
      // Nobody can write now. What came into the log since it was emptied would be read into the new store.
      if ((fileState(logPath(path))?.size ?? 0) === 0) break;
      old.exec('ROLLBACK');
    }
    old.exec(
      `CREATE TRIGGER replaced BEFORE INSERT ON changes
       BEGIN SELECT RAISE(ABORT, 'the state file was just replaced by another: try again'); END`,
    );
    replacement.finish();
    renameSync(replacement.by, path);
    removeLog(path);
    syncFolder(path);
    // Into the file that has no name any more, for those who still wait to write to it.
    old.exec('COMMIT');
    return true;
  } catch (thrown) {
    throw storeError(thrown, path);
  } finally {
    if (old?.isOpen) old.close();
  }
}

/** Puts a store where none stands that could be judged; its log, if there is one, is nobody's. Throws PDP_STORE_UNAVAILABLE. */
export function placeStore({ path, by, finish }: Pick<Replacement, 'path' | 'by' | 'finish'>): void {
  try {
    finish();
    removeLog(path);
    renameSync(by, path);
    syncFolder(path);
  } catch (thrown) {
    throw storeError(thrown, path);
  }
}

/** Moves all that is committed into the file itself, waiting for those who read from the log. */
function emptyLog(db: DatabaseSync, path: string, deadline: number, clock: Clock): void {
  for (;;) {
    const done = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
    if (done?.['busy'] === 0) return;
    if (clock.monotonic() >= deadline)
      throw new PortreeveError(
        'PDP_STORE_UNAVAILABLE',
        `store ${path}: another process has read or written it for ${patienceMs} ms without a pause (an import, a ` +
          `snapshot); nothing was replaced: try again once that has ended`,
      );
    Atomics.wait(sleeper, 0, 0, pauseMs);
  }
}

function newest(db: DatabaseSync): number {
  return Number(
    db.prepare(`SELECT max(epoch) AS epoch FROM epochs WHERE origin = 'local'`).get()?.['epoch'] ?? 0,
  );
}

/** Makes a rename survive a loss of power. */
function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
