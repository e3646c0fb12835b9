import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PortreeveError, describeThrown } from '../lib/errors.ts';
import { isBusy } from './sqlite-errors.ts';

/** A file that is held, or who holds it. */
export type Claim =
  | { readonly held: true; release(): void }
  /** Null where the holder could not leave its process id. */
  | { readonly held: false; readonly holder: number | null };

/**
 * Claims a file for one process, whatever else is done to it. The lock is SQLite's own on `PATH.lock`, an empty
 * database that nothing is ever written to: the system gives it back when the process ends, also by a kill, so that
 * none is ever left over; it needs no room on the volume. Who holds it stands in `PATH.pid`, where there is room.
 * Throws PDP_STORE_UNAVAILABLE where the lock cannot be tried.
 */
export function claimFile(path: string, pid: number): Claim {
  const lock = `${path}.lock`;
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    db = new DatabaseSync(lock, { timeout: 0 });
    // Without a journal in a file the transaction is the lock and nothing else.
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (thrown) {
    db?.close();
    if (isBusy(thrown)) return { held: false, holder: readHolder(path) };
    throw new PortreeveError(
      'PDP_STORE_UNAVAILABLE',
      `the lock ${lock} cannot be taken: ${describeThrown(thrown)}; its folder must exist and be writable`,
      { cause: thrown },
    );
  }
  writeHolder(path, pid);
  const held = db;
  return { held: true, release: () => held.close() };
}

/** The lock holds without it; on a full volume it is left empty rather than wrong. */
function writeHolder(path: string, pid: number): void {
  try {
    writeFileSync(`${path}.pid`, `${pid}\n`);
  } catch {
    return;
  }
}

function readHolder(path: string): number | null {
  try {
    const text = readFileSync(`${path}.pid`, 'utf8').trim();
    return /^\d{1,10}$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}
