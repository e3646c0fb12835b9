import { randomUUID } from 'node:crypto';
import { appendChange, localOrigin } from './change-log.ts';
import type { KeptTime } from '../lib/trusted-time.ts';
import { readKeptTime, writeKeptTime } from './kept-time.ts';
import type { Change, NewChange, Store } from './types.ts';

/**
 * Writes a consistent, compact copy of the store to a new file at `path`, from whichever mode it is open in. It is read
 * in one snapshot of the write-ahead log: nobody who writes waits for it, and the log grows by what is written meanwhile.
 * Blocks this process until the copy is made. Throws PDP_STORE_UNAVAILABLE (no room, cannot be read).
 */
export function copyStore(store: Store, path: string): void {
  store.prepare('VACUUM INTO ?').run(path);
}

/** Gives up what was being staged in a copy: the processes that staged it go on with the original. */
export function retireStaged(copy: Store): void {
  copy.transact(() => {
    copy.prepare(`UPDATE generations SET state = 'retired' WHERE state = 'staging'`).run();
  });
}

/** Rows by table, tables in the order of their names. */
export function countRows(store: Store): Readonly<Record<string, number>> {
  return store.snapshot(() => {
    const tables = store
      .prepare<{ name: string }>(
        `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name`,
      )
      .all();
    return Object.fromEntries(
      tables.map(({ name }) => [
        name,
        // Names come from our own migrations.
        store.prepare<{ n: number }>(`SELECT count(*) AS n FROM "${name}"`).get()?.n ?? 0,
      ]),
    );
  });
}

/** Number of the newest change made in this installation, 0 without one. */
export function newestChange(store: Store): number {
  return store.epochs()[localOrigin] ?? 0;
}

/**
 * The number up to which two stores have the same changes: the history that they share, whatever their instances are
 * called; 0 where they share none.
 */
export function lastSharedChange(a: Store, b: Store): number {
  let [shared, differs] = [0, Math.min(newestChange(a), newestChange(b)) + 1];
  while (differs - shared > 1) {
    const middle = Math.floor((shared + differs) / 2);
    if (changeText(a, middle) === changeText(b, middle)) shared = middle;
    else differs = middle;
  }
  return shared;
}

/** The newest change up to a number, as text. */
function changeText(store: Store, epoch: number): string {
  const row = store
    .prepare<Partial<Change>>('SELECT * FROM changes WHERE epoch <= ? ORDER BY epoch DESC LIMIT 1')
    .get(epoch);
  return JSON.stringify(row ?? null);
}

/** Changes after a number, counted by kind. */
export function changesAfter(
  store: Store,
  epoch: number,
): readonly { readonly kind: string; readonly changes: number }[] {
  return store
    .prepare<{ kind: string; changes: number }>(
      'SELECT kind, count(*) AS changes FROM changes WHERE epoch > ? GROUP BY kind ORDER BY kind',
    )
    .all(epoch)
    .map(({ kind, changes }) => ({ kind, changes }));
}

/** What a restored store takes over from the one that it replaces, and what is noted of its coming. */
export interface Continuation {
  /** Highest number of a change that may have been used; the next one is above it. */
  readonly above: number;
  /** A name of its own, where the one in it may be in use elsewhere. */
  readonly newInstance: boolean;
  /** It is at least so late. */
  readonly time: KeptTime | undefined;
  readonly change: (instance: string) => NewChange;
}

/**
 * Makes a copy go on where another store was: change numbers grow, the kept time never goes back, and the first change
 * says where it came from. Answers its number. Throws PDP_STORE_UNAVAILABLE.
 */
export function continueCopy(
  copy: Store,
  { above, newInstance, time, change }: Continuation,
): { readonly instance: string; readonly epoch: number } {
  return copy.transact(() => {
    const next = Math.max(above, newestChange(copy));
    // The number of a change is SQLite's own counter.
    copy.prepare(`DELETE FROM sqlite_sequence WHERE name = 'changes'`).run();
    copy.prepare(`INSERT INTO sqlite_sequence (name, seq) VALUES ('changes', ?)`).run(next);
    const instance = newInstance ? randomUUID() : copy.instance;
    copy.prepare(`UPDATE meta SET value = ? WHERE key = 'instance'`).run(instance);
    if (time) keepLater(copy, time);
    return { instance, epoch: appendChange(copy, change(instance)) };
  });
}

function keepLater(copy: Store, time: KeptTime): void {
  const own = readKeptTime(copy);
  writeKeptTime(copy, {
    kept: Math.max(own?.kept ?? 0, time.kept),
    confirmed: Math.max(own?.confirmed ?? 0, time.confirmed),
    resets: own?.resets ?? 0,
  });
}
