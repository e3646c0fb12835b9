import type { EpochMs } from '../../lib/clock.ts';
import type { SideFile } from '../../store/side-file.ts';
import { foundBy } from '../query/networks.ts';
import { wantedOf } from '../query/filter.ts';
import type { Filter } from '../query/filter.ts';
import type { Order } from '../sources/merge.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { coveredBy } from './index-file.ts';
import { readPlaces } from './places.ts';
import { termOf } from './term.ts';

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

/** Rows that are counted of a term to tell a rare one from a frequent one. */
const enough = 256;

/** Finds by the index where records may be that match, within a range, in the order of the log. */
export function* findHits(index: SideFile, filter: Filter, range: Range, order: Order): Generator<Hits> {
  const tiles = tilesWithin(index, filter, range);
  if (tiles === undefined) return;
  const terms = termsOf(filter).toSorted((a, b) => tilesOf(index, a, tiles) - tilesOf(index, b, tiles));
  for (const row of index.iterate(
    sqlFor(terms.length, order),
    ...terms.slice(1),
    ...terms.slice(0, 1),
    ...tiles,
  )) {
    const tile = Number(row['tile']);
    const found = terms.map((_, place) => readPlaces(row[`p${place}`] as Uint8Array));
    const within = (place: number): boolean => {
      const at = tile * tileWidth + place;
      return at >= range.from && at < range.to;
    };
    const places = intersect(found).filter(within);
    if (places.length > 0) yield { tile, places };
  }
}

/** The terms that every match has. */
function termsOf(filter: Filter): readonly number[] {
  return wantedOf(filter).flatMap(([name, value]) => {
    const text = name === 'network' ? foundBy(value) : value;
    return text === undefined ? [] : [termOf(name, text)];
  });
}

/** Whether the index answers a filter alone, without a look at records: only wide networks are told by them. */
export function isExact(filter: Filter): boolean {
  const { network } = filter.fields;
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

function tilesOf(index: SideFile, term: number, [low, high]: readonly [number, number]): number {
  const sql =
    'SELECT count(*) AS count FROM (SELECT 1 FROM postings WHERE term = ? AND tile BETWEEN ? AND ? LIMIT ?)';
  return Number(index.get(sql, term, low, high, enough)?.['count']);
}

/** The rarest term leads; a cross join keeps the order in which tables are named. */
function sqlFor(terms: number, order: Order): string {
  const direction = order === 'newest' ? 'DESC' : 'ASC';
  if (terms === 0) return `SELECT tile FROM tiles WHERE tile BETWEEN ? AND ? ORDER BY tile ${direction}`;
  const columns = Array.from({ length: terms }, (_, place) => `t${place}.places AS p${place}`);
  const joins = columns
    .slice(1)
    .map(
      (_, place) =>
        `CROSS JOIN postings t${place + 1} ON t${place + 1}.term = ? AND t${place + 1}.tile = t0.tile`,
    );
  return (
    `SELECT t0.tile AS tile, ${columns.join(', ')} FROM postings t0 ${joins.join(' ')} ` +
    `WHERE t0.term = ? AND t0.tile BETWEEN ? AND ? ORDER BY t0.tile ${direction}`
  );
}

const all: readonly number[] = Array.from({ length: tileWidth }, (_, place) => place);

function intersect(lists: readonly (readonly number[])[]): readonly number[] {
  const [first = all, ...others] = lists;
  const sets = others.map((list) => new Set(list));
  return first.filter((place) => sets.every((set) => set.has(place)));
}
