import type { EpochMs } from '../../lib/clock.ts';
import type { SideFile } from '../../store/side-file.ts';
import { foundBy } from '../query/networks.ts';
import { wantedOf } from '../query/filter.ts';
import type { FieldName } from '../query/fields.ts';
import type { Filter } from '../query/filter.ts';
import type { Order } from '../sources/merge.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { readingIndex, readingRows } from './damaged.ts';
import { longestText } from './counted.ts';
import { groupOf } from './groups.ts';
import { coveredBy, termKeyOf } from './index-file.ts';
import { positionsOf } from './run.ts';
import { termOf } from './term.ts';
import { bucketId, runOf } from './write-tiles.ts';
import type { Run } from './write-tiles.ts';

/** Entries of a tile that may match; whoever reads them looks at the records themselves. */
export interface Hits {
  readonly tile: number;
  /** Ascending. */
  readonly places: readonly number[];
}

/** Indices of entries: from `from` up to below `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Fields that most values of stand in few records, from the rarest on: what they have not is not looked for in others. */
const rareFirst: readonly FieldName[] = [
  ...(['decision', 'trace', 'request', 'connection', 'certificate', 'serial', 'key', 'device'] as const),
  ...(['network', 'firmware', 'act'] as const),
];

/**
 * Finds by the index where records may be that match, within a range, in the order of the log. Throws as `damagedIndex`, as
 * all that reads an index does.
 */
export function findHits(index: SideFile, filter: Filter, range: Range, order: Order): Generator<Hits> {
  return readingRows(() => rowsOf(index, filter, range, order));
}

function* rowsOf(index: SideFile, filter: Filter, range: Range, order: Order): Generator<Hits> {
  const tiles = tilesWithin(index, filter, range);
  if (tiles === undefined) return;
  const terms = termsOf(index, filter);
  const found = terms.length === 0 ? allOf(index, tiles, order) : hitsOf(index, terms, tiles, order);
  const isOfTime = timeTest(index, filter);
  for (const { tile, places } of found) {
    if (!isOfTime(tile)) continue;
    const within = places.filter((place) => {
      const at = tile * tileWidth + place;
      return at >= range.from && at < range.to;
    });
    if (within.length > 0) yield { tile, places: within };
  }
}

/** Tiles that have entries that are no records, within a range and as far as the wanted time can reach; in order. */
export function unreadTiles(index: SideFile, filter: Filter, range: Range, order: Order): readonly number[] {
  const tiles = readingIndex(() => tilesWithin(index, filter, range));
  if (tiles === undefined) return [];
  const sql = `SELECT tile FROM tiles WHERE unread > 0 AND tile BETWEEN ? AND ? ORDER BY tile ${directionOf(order)}`;
  return readingIndex(() => index.all(sql, ...tiles)).map(({ tile }) => Number(tile));
}

function* allOf(index: SideFile, [low, high]: readonly [number, number], order: Order): Generator<Hits> {
  const sql = `SELECT tile FROM tiles WHERE tile BETWEEN ? AND ? ORDER BY tile ${directionOf(order)}`;
  for (const row of index.iterate(sql, low, high)) yield { tile: Number(row['tile']), places: all };
}

/** Run by run; what was begun to be read of the runs stays as it is until the last, whatever is written meanwhile. */
function* hitsOf(
  index: SideFile,
  terms: readonly number[],
  [low, high]: readonly [number, number],
  order: Order,
): Generator<Hits> {
  const sql = `SELECT first, next, buckets FROM runs WHERE next > ? AND first <= ? ORDER BY first ${directionOf(order)}`;
  for (const row of index.iterate(sql, low, high)) {
    const run = runOf(row);
    const positions = positionsIn(index, run, terms);
    if (positions === undefined) continue;
    const hits = byTile(groupOf(run.first), positions).filter(({ tile }) => tile >= low && tile <= high);
    yield* order === 'newest' ? hits.reverse() : hits;
  }
}

/** Positions in the group that have all terms; undefined where there is none. */
function positionsIn(
  index: SideFile,
  { first, spread }: Run,
  terms: readonly number[],
): Uint16Array | undefined {
  let common: Uint16Array | undefined;
  for (const term of terms) {
    const bucket = Math.floor(term / spread.span);
    const bytes = index.get('SELECT terms FROM buckets WHERE id = ?', bucketId(first, bucket))?.['terms'];
    if (!(bytes instanceof Uint8Array)) return undefined;
    const found = positionsOf(bytes, spread, term - bucket * spread.span);
    if (found === undefined) return undefined;
    common = common === undefined ? found : intersect(common, found);
    if (common.length === 0) return undefined;
  }
  return common;
}

function byTile(begin: number, positions: Uint16Array): Hits[] {
  const hits: { readonly tile: number; readonly places: number[] }[] = [];
  for (const position of positions) {
    const tile = begin + Math.floor(position / tileWidth);
    const last = hits.at(-1);
    if (last?.tile === tile) last.places.push(position % tileWidth);
    else hits.push({ tile, places: [position % tileWidth] });
  }
  return hits;
}

/** The terms that every match has, the rarest first. */
function termsOf(index: SideFile, filter: Filter): readonly number[] {
  const key = termKeyOf(index);
  const rank = (name: FieldName): number =>
    rareFirst.includes(name) ? rareFirst.indexOf(name) : rareFirst.length;
  return wantedOf(filter)
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .flatMap(([name, value]) => {
      const text = name === 'network' ? foundBy(value) : value;
      return text === undefined ? [] : [termOf(key, name, text)];
    });
}

/**
 * Whether the index answers a filter alone, without a look at records: only wide networks are told by them, and which group
 * of a record has a text that is too long for a column.
 */
export function isExact(filter: Filter): boolean {
  const { network } = filter.fields;
  if (wantedOf(filter).some(([, value]) => value.length > longestText)) return false;
  return network === undefined || foundBy(network) === network || foundBy(network) === `${network}/32`;
}

function tilesWithin(index: SideFile, filter: Filter, range: Range): [number, number] | undefined {
  const { first, next } = coveredBy(index);
  const { since, until } = filter;
  const tileWhere = (sql: string, at: EpochMs): number | undefined => {
    const tile = index.get(sql, at)?.['tile'];
    return typeof tile === 'number' ? tile : undefined;
  };
  // Times are nearly in order: the first tile that reaches the time, and the last that begins before its end.
  const from =
    since === undefined
      ? first
      : tileWhere('SELECT min(tile) AS tile FROM tiles WHERE last_time >= ?', since);
  const to =
    until === undefined
      ? next - 1
      : tileWhere('SELECT max(tile) AS tile FROM tiles WHERE first_time < ?', until);
  if (from === undefined || to === undefined) return undefined;
  const low = Math.max(from, first, Math.floor(range.from / tileWidth));
  const high = Math.min(to, next - 1, Math.ceil(range.to / tileWidth) - 1);
  return low > high ? undefined : [low, high];
}

/** Whether a tile has any record of the wanted time: one act that took effect long before widens the bounds to all between. */
function timeTest(index: SideFile, { since, until }: Filter): (tile: number) => boolean {
  if (since === undefined && until === undefined) return () => true;
  const sql = 'SELECT 1 AS it FROM tiles WHERE tile = ? AND last_time >= ? AND first_time < ?';
  const [from, to] = [since ?? -Number.MAX_SAFE_INTEGER, until ?? Number.MAX_SAFE_INTEGER];
  return (tile) => index.get(sql, tile, from, to) !== undefined;
}

function directionOf(order: Order): string {
  return order === 'newest' ? 'DESC' : 'ASC';
}

const all: readonly number[] = Array.from({ length: tileWidth }, (_, place) => place);

/** Positions that both have; both ascend. */
function intersect(some: Uint16Array, others: Uint16Array): Uint16Array {
  const common = new Uint16Array(Math.min(some.length, others.length));
  let [count, other] = [0, 0];
  for (const position of some) {
    while (other < others.length && (others[other] as number) < position) other += 1;
    if (others[other] === position) common[count++] = position;
  }
  return common.subarray(0, count);
}
