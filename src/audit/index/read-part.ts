import type { Row, SideFile } from '../../store/side-file.ts';
import { coveredBy } from './index-file.ts';
import type { Covered } from './index-file.ts';
import type { BuiltRun } from './run-builder.ts';
import { countedFields, indexSchema, mostBuckets } from './schema.ts';
import { bucketId, runOf } from './write-tiles.ts';
import type { Run } from './write-tiles.ts';

/** What an index has of some tiles, all as it was at one moment. */
export interface IndexPart {
  readonly covered: Covered;
  /** The rows of `tiles` and `columns` by tile, both where both are there. */
  readonly tiles: ReadonlyMap<number, Row>;
  /** Every run that has terms of one of the tiles, in order. */
  readonly runs: readonly (Run & BuiltRun)[];
}

/** Reads what an index has of tiles from `first` up to below `next`. Throws PDP_STORE_UNAVAILABLE. */
export function readPart(index: SideFile, first: number, next: number): IndexPart {
  return atOneMoment(index, () => {
    const names = [
      't.tile',
      'first_time',
      'last_time',
      'unread',
      'lengths',
      'rows',
      'times',
      ...countedFields,
    ];
    const sql = `SELECT ${names.join(', ')} FROM tiles t JOIN columns c ON c.tile = t.tile WHERE t.tile BETWEEN ? AND ?`;
    const rows = index.all(sql, first, next - 1).map((row) => [Number(row['tile']), row] as const);
    const runs = index
      .all('SELECT first, next, buckets FROM runs WHERE next > ? AND first < ? ORDER BY first', first, next)
      .map(runOf)
      .map((run) => ({ ...run, buckets: bucketsOf(index, run) }));
    return { covered: coveredBy(index), tiles: new Map(rows), runs };
  });
}

function bucketsOf(index: SideFile, { first }: Run): BuiltRun['buckets'] {
  const [low, high] = [bucketId(first, 0), bucketId(first, mostBuckets - 1)];
  const sql = 'SELECT id, terms FROM buckets WHERE id BETWEEN ? AND ? ORDER BY id';
  return index.all(sql, low, high).map(({ id, terms }) => {
    // What is no bytes is found by nobody.
    return [Number(id) - low, terms instanceof Uint8Array ? terms : new Uint8Array(0)] as const;
  });
}

/**
 * Whether a file is an index all through: its tables are those that an index has and nothing else, SQLite finds them
 * sound, so that each way to look into them finds the same, and there are tiles that it covers. Says nothing of what
 * they say. Throws PDP_STORE_UNAVAILABLE.
 */
export function isSoundIndex(index: SideFile): boolean {
  const made = index.all('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL').map(({ sql }) => sql);
  const wanted = indexSchema.split(';').map((sql) => sql.trim());
  const tables = wanted.filter((sql) => sql.startsWith('CREATE'));
  if (made.length !== tables.length || !tables.every((sql) => made.includes(sql))) return false;
  if (index.all('PRAGMA integrity_check(1)')[0]?.['integrity_check'] !== 'ok') return false;
  const { first, next } = coveredBy(index);
  return first <= next;
}

/** The first tile of which something stands in an index that does not cover it; undefined for none. Throws as `readPart`. */
export function firstBeside(index: SideFile): number | undefined {
  return atOneMoment(index, () => {
    const { first, next } = coveredBy(index);
    const found = [
      index.get('SELECT min(tile) AS tile FROM tiles WHERE tile < ? OR tile >= ?', first, next),
      index.get('SELECT min(tile) AS tile FROM columns WHERE tile < ? OR tile >= ?', first, next),
      index.get('SELECT min(first) AS tile FROM runs WHERE next <= ? OR next > ?', first, next),
      index.get(
        `SELECT min(id) / ${mostBuckets} AS tile FROM buckets WHERE id / ${mostBuckets} NOT IN (SELECT first FROM runs)`,
      ),
    ].map((row) => row?.['tile']);
    const tiles = found.filter((tile) => typeof tile === 'number');
    return tiles.length === 0 ? undefined : Math.min(...tiles);
  });
}

/** Another process may write meanwhile. */
function atOneMoment<T>(index: SideFile, read: () => T): T {
  index.run('BEGIN');
  try {
    return read();
  } finally {
    index.run('COMMIT');
  }
}
