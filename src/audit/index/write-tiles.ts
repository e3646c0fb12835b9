import type { Cell, SideFile } from '../../store/side-file.ts';
import type { BuiltTiles, TileWriter } from './add-tile.ts';
import { damagedIndex } from './damaged.ts';
import { groupOf } from './groups.ts';
import { spreadOver } from './run.ts';
import type { Spread } from './run.ts';
import { countedFields, mostBuckets } from './schema.ts';

const cells = ['tile', 'lengths', 'rows', 'times', ...countedFields];
const columnsSql = `INSERT OR REPLACE INTO columns (${cells.join(', ')}) VALUES (${cells.map(() => '?').join(', ')})`;

/** The terms of tiles from `first` up to below `next`. */
export interface Run {
  readonly first: number;
  readonly next: number;
  readonly spread: Spread;
}

/** Writes tiles from `first` up to below `next` with their run, in place of the runs that it takes in. Call within a change. */
export function writeTiles(
  index: SideFile,
  { tiles, run }: BuiltTiles,
  { first, next }: Omit<Run, 'spread'>,
  takenIn: readonly Run[],
): void {
  for (const { tile, first: from, last, unread, lengths, rows, times, columns } of tiles) {
    index.run(
      'INSERT OR REPLACE INTO tiles (tile, first_time, last_time, unread) VALUES (?, ?, ?, ?)',
      tile,
      from,
      last,
      unread,
    );
    index.run(columnsSql, tile, lengths, rows, times, ...(columns as readonly Cell[]));
  }
  for (const one of takenIn) removeRun(index, one);
  index.run(
    'INSERT OR REPLACE INTO runs (first, next, buckets) VALUES (?, ?, ?)',
    first,
    next,
    run.spread.buckets,
  );
  for (const [place, bytes] of run.buckets)
    index.run('INSERT OR REPLACE INTO buckets (id, terms) VALUES (?, ?)', bucketId(first, place), bytes);
}

/** The runs of a tile's group that end where it begins, without a gap; none for the first of its group. */
export function runsUpTo(index: SideFile, tile: number): readonly Run[] {
  const runs: Run[] = [];
  const sql = 'SELECT first, next, buckets FROM runs WHERE first >= ? AND next <= ? ORDER BY first DESC';
  for (const row of index.all(sql, groupOf(tile), tile)) {
    const run = runOf(row);
    if (run.next !== (runs[0]?.first ?? tile)) break;
    runs.unshift(run);
  }
  return runs;
}

/** Throws as `damagedIndex` where it is no run that anything could be looked for in. */
export function runOf(row: Readonly<Record<string, Cell>>): Run {
  const [first, next, buckets] = [Number(row['first']), Number(row['next']), Number(row['buckets'])];
  const isRun = [first, next, buckets].every(Number.isSafeInteger) && first >= 0 && first < next;
  if (!isRun || buckets < 1 || buckets > mostBuckets) throw damagedIndex();
  return { first, next, spread: spreadOver(buckets) };
}

/** Has a writer take over what is written of a run. */
export function readRunInto(index: SideFile, { first, spread }: Run, writer: TileWriter): void {
  const sql = 'SELECT id, terms FROM buckets WHERE id BETWEEN ? AND ? ORDER BY id';
  const [low, high] = [bucketId(first, 0), bucketId(first, mostBuckets - 1)];
  for (const { id, terms } of index.iterate(sql, low, high))
    writer.addBucket(terms as Uint8Array, spread, Number(id) - low);
}

export function bucketId(first: number, place: number): number {
  return first * mostBuckets + place;
}

/** Takes tiles from `first` up to below `next` out again, and every run that ends there. Call within a change. */
export function removeTiles(index: SideFile, first: number, next: number): void {
  index.run('DELETE FROM columns WHERE tile BETWEEN ? AND ?', first, next - 1);
  index.run('DELETE FROM tiles WHERE tile BETWEEN ? AND ?', first, next - 1);
  const sql = 'SELECT first, next, buckets FROM runs WHERE first < ? AND next <= ?';
  for (const row of index.all(sql, next, next)) removeRun(index, runOf(row));
}

function removeRun(index: SideFile, { first }: Run): void {
  index.run(
    'DELETE FROM buckets WHERE id BETWEEN ? AND ?',
    bucketId(first, 0),
    bucketId(first, mostBuckets - 1),
  );
  index.run('DELETE FROM runs WHERE first = ?', first);
}
