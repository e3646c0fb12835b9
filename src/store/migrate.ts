import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { formatInstant, type EpochMs } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { applicationId, migrations, storeFormat } from './migrations.ts';

/**
 * The format of the open file: 0 for an empty database. Throws PDP_STORE_NEWER for a format that this program does
 * not know, PDP_STORE_UNAVAILABLE for a SQLite file that is not a Portreeve store.
 */
export function readFormat(db: DatabaseSync, path: string): number {
  const { id, format, empty } = readMarks(db);
  if (id === 0 && format === 0 && empty) return 0;
  if (id !== applicationId) {
    throw new PortreeveError(
      'PDP_STORE_UNAVAILABLE',
      `store ${path}: this is a SQLite file of another program; check state.path`,
    );
  }
  if (format > storeFormat) {
    throw new PortreeveError(
      'PDP_STORE_NEWER',
      `store ${path} has format ${format}, this program knows formats up to ${storeFormat}: run the newer program ` +
        `that wrote it, or restore the backup made before the upgrade`,
    );
  }
  return format;
}

/**
 * Brings the file to this program's format; a new file gets its instance id and time of making. Call within an
 * immediate transaction, so that of two processes that start at once only one migrates.
 */
export function migrate(db: DatabaseSync, path: string, now: EpochMs): void {
  const format = readFormat(db, path);
  for (const step of migrations.slice(format)) db.exec(step);
  if (format === 0) {
    db.exec(`PRAGMA application_id = ${applicationId}`);
    const put = db.prepare('INSERT INTO meta (key, value) VALUES (?, ?)');
    put.run('instance', randomUUID());
    put.run('created_at', formatInstant(now));
  }
  if (format < storeFormat) {
    db.exec(`PRAGMA user_version = ${storeFormat}`);
    db.prepare(
      `INSERT INTO meta (key, value) VALUES ('format', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    ).run(String(storeFormat));
  }
}

/** The installation's own name. Throws PDP_STORE_UNAVAILABLE where the store has none. */
export function readInstance(db: DatabaseSync, path: string): string {
  const row = db.prepare(`SELECT value FROM meta WHERE key = 'instance'`).get();
  if (typeof row?.['value'] === 'string') return row['value'];
  throw new PortreeveError(
    'PDP_STORE_UNAVAILABLE',
    `store ${path}: its instance id is missing; restore a backup`,
  );
}

/** Reads all marks in one snapshot: another process may be making the store at this moment. */
function readMarks(db: DatabaseSync): { id: number; format: number; empty: boolean } {
  const joined = db.isTransaction;
  if (!joined) db.exec('BEGIN');
  try {
    return { id: pragma(db, 'application_id'), format: pragma(db, 'user_version'), empty: isEmpty(db) };
  } finally {
    if (!joined && db.isTransaction) db.exec('COMMIT');
  }
}

/** The value of a numeric pragma. */
export function pragma(
  db: DatabaseSync,
  name: 'application_id' | 'user_version' | 'page_count' | 'page_size',
): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}

function isEmpty(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}
