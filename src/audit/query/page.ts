import { PortreeveError } from '../../lib/errors.ts';
import { isObject } from '../../policy/is-object.ts';
import { mergeByTime } from '../sources/merge.ts';
import type { Order } from '../sources/merge.ts';
import type { RecordEntry } from '../sources/types.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { filterDigest } from './filter.ts';
import type { Filter } from './filter.ts';
import { searchLog } from './search.ts';
import type { SearchedLog } from './search.ts';
import type { ScanOptions } from './scan-tree.ts';

export interface PageOptions extends Omit<ScanOptions, 'onDamaged'> {
  /** Told of each entry that is no record and may have been wanted, and of which log it is. */
  readonly onDamaged?: (index: number, origin: string) => void;
  readonly filter: Filter;
  readonly order: Order;
  readonly limit: number;
  /** Where the page before ended, as it was told. */
  readonly cursor?: string;
}

export interface Page {
  readonly entries: readonly RecordEntry[];
  /** Where the next page begins; null where there is none. */
  readonly next: string | null;
}

/** Of each log: newest first the index below which it goes on, oldest first the one from which. */
type Positions = readonly number[];
type Times = Pick<Filter, 'since' | 'until'>;

/** What a cursor says. */
interface Cursor extends Times {
  /** Of which query it is. */
  readonly query: string;
  readonly positions: Positions;
}

/**
 * One page of the records of logs, merged by time. Records that come later never change a page behind a cursor. Throws
 * PDP_USAGE for a cursor of another query.
 */
export async function queryPage(logs: readonly SearchedLog[], options: PageOptions): Promise<Page> {
  const { order, limit, cursor, onDamaged } = options;
  const query = queryDigest(logs, options.filter, order);
  const read = cursor === undefined ? undefined : readCursor(cursor, query, logs.length);
  const filter = read ? atTimesOf(options.filter, read) : options.filter;
  const begin = read?.positions ?? logs.map(({ log }) => startOf(log, order));
  const damaged = logs.map(() => [] as number[]);
  const searches = logs.map((one, place) => {
    const position = begin[place] as number;
    const range = order === 'newest' ? { from: 0, to: position } : { from: position, to: Infinity };
    const onOwn = (index: number): void => void damaged[place]?.push(index);
    return searchLog(one, filter, { ...options, range, most: limit + 1, onDamaged: onOwn });
  });
  const entries: RecordEntry[] = [];
  const positions = [...begin];
  const places = new Map(logs.map(({ log }, place) => [log.origin, place]));
  let next: string | null = null;
  for await (const entry of mergeByTime(searches, order)) {
    if (entries.length === limit) {
      next = writeCursor({ query, positions, ...timesOf(filter) });
      break;
    }
    entries.push(entry);
    positions[places.get(entry.origin) as number] = order === 'newest' ? entry.index : entry.index + 1;
  }
  // What was looked at beyond the page is told by the next one, so that all pages together tell each once.
  const isOfPage = (index: number, place: number): boolean =>
    next === null ||
    (order === 'newest' ? index >= (positions[place] as number) : index < (positions[place] as number));
  damaged.forEach((own, place) => {
    const origin = logs[place]?.log.origin ?? '';
    for (const index of own) if (isOfPage(index, place)) onDamaged?.(index, origin);
  });
  return { entries, next };
}

function timesOf({ since, until }: Filter): Times {
  return { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
}

/** The filter with the times that "how long ago" meant when the first page was asked for. */
function atTimesOf(filter: Filter, { since, until }: Times): Filter {
  const { ago } = filter;
  return {
    ...filter,
    ...(ago?.since !== undefined && since !== undefined && { since }),
    ...(ago?.until !== undefined && until !== undefined && { until }),
  };
}

function startOf({ tree }: SearchedLog['log'], order: Order): number {
  if (order === 'oldest') return 0;
  // What comes later is not of this query; lines are counted while they are read.
  return tree ? tree.checkpoint.size : Number.MAX_SAFE_INTEGER;
}

function queryDigest(logs: readonly SearchedLog[], filter: Filter, order: Order): string {
  const names = logs.map(({ log }) => log.tree?.checkpoint.origin ?? log.origin);
  return sha256Hex(JSON.stringify([filterDigest(filter), order, names])).slice(0, 16);
}

function writeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

function readCursor(text: string, query: string, count: number): Cursor {
  const value = parsed(text);
  if (!isObject(value)) throw wrongCursor('it is none that this program gave');
  const { query: own, positions, since, until } = value;
  if (own !== query)
    throw wrongCursor('it belongs to another query: logs, filters and order must be the same');
  const isPosition = (one: unknown): one is number => Number.isSafeInteger(one) && (one as number) >= 0;
  if (!Array.isArray(positions) || positions.length !== count || !positions.every(isPosition))
    throw wrongCursor('it is none that this program gave');
  return {
    ...{ query, positions },
    ...(Number.isSafeInteger(since) && { since: since as number }),
    ...(Number.isSafeInteger(until) && { until: until as number }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function wrongCursor(problem: string): PortreeveError {
  return new PortreeveError('PDP_USAGE', `the cursor cannot be used: ${problem}`);
}
