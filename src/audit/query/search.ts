import type { SideFile } from '../../store/side-file.ts';
import { findHits, unreadTiles } from '../index/hits.ts';
import type { Range } from '../index/hits.ts';
import { coveredBy, isIndexOf, openIndexFile } from '../index/index-file.ts';
import type { Order } from '../sources/merge.ts';
import { readEntry } from '../sources/read-entry.ts';
import { bundleEntries } from '../sources/tree-log.ts';
import type { RecordEntry, RecordLog, TreeLog } from '../sources/types.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { createMatcher } from './filter.ts';
import type { Filter } from './filter.ts';
import { readHits } from './read-hits.ts';
import { scanLines } from './scan-lines.ts';
import { scanTree, tellUnread } from './scan-tree.ts';
import type { ScanOptions } from './scan-tree.ts';

/** A log with its index, where it has one. To be closed. */
export interface SearchedLog {
  readonly log: RecordLog;
  /** What the index has is found by it, all else by looking through the log. */
  readonly index: SideFile | undefined;
  close(): void;
}

/** Opens the index of a log, where it lies beside it and was made from it. Throws as `damagedIndex`. */
export async function openSearched(log: RecordLog, useIndex = true): Promise<SearchedLog> {
  const folder = log.tree?.folder;
  const index = useIndex && folder !== undefined ? openIndexFile(folder, 'read_only') : undefined;
  try {
    if (index && log.tree && (await isIndexOf(index, log.tree)))
      return { log, index, close: () => index.close() };
  } catch (thrown) {
    index?.close();
    throw thrown;
  }
  index?.close();
  return { log, index: undefined, close: () => undefined };
}

export interface SearchOptions extends ScanOptions {
  readonly order: Order;
  /** Indices that are looked at; all unless said. */
  readonly range?: Range;
  /** Most records that are asked for. */
  readonly most: number;
}

/**
 * The records of a log that match, in its order. The index only says where to look: each record is read from the log,
 * compared with the hash that the log's tree has of it, and looked at again. Throws as `readHits`.
 */
export async function* searchLog(
  { log, index }: SearchedLog,
  filter: Filter,
  options: SearchOptions,
): AsyncGenerator<RecordEntry> {
  const { order, range = { from: 0, to: Infinity } } = options;
  const { tree } = log;
  if (!tree) {
    yield* scanLines(log, filter, range, order, options);
    return;
  }
  const whole = { from: Math.max(range.from, tree.first), to: Math.min(range.to, tree.checkpoint.size) };
  const known = index ? coveredBy(index) : { first: 0, next: 0 };
  const indexed = known.next > known.first;
  const [from, to] = indexed
    ? [known.first * tileWidth, Math.min(known.next * tileWidth, tree.checkpoint.size)]
    : [whole.to, whole.to];
  const parts = [
    scanPart({ ...log, tree }, filter, { from: whole.from, to: Math.min(whole.to, from) }, options),
    index && indexed
      ? indexedPart(
          log.origin,
          tree,
          index,
          filter,
          { from: Math.max(whole.from, from), to: Math.min(whole.to, to) },
          options,
        )
      : [],
    scanPart({ ...log, tree }, filter, { from: Math.max(whole.from, to), to: whole.to }, options),
  ];
  for (const part of order === 'newest' ? parts.reverse() : parts) yield* part;
}

async function* scanPart(
  log: RecordLog & { readonly tree: TreeLog },
  filter: Filter,
  range: Range,
  options: SearchOptions,
): AsyncGenerator<RecordEntry> {
  if (range.from < range.to) yield* scanTree(log, filter, range, options.order, options);
}

async function* indexedPart(
  origin: string,
  tree: TreeLog,
  index: SideFile,
  filter: Filter,
  range: Range,
  { order, onDamaged }: SearchOptions,
): AsyncGenerator<RecordEntry> {
  if (range.from >= range.to) return;
  const matches = createMatcher(filter);
  const unread = onDamaged ? unreadTiles(index, filter, range, order) : [];
  let told = 0;
  /** Tells of what is no record up to a tile, before its records are given. */
  const tellUpTo = async (tile: number): Promise<void> => {
    for (; told < unread.length; told += 1) {
      const next = unread[told] as number;
      if (order === 'newest' ? next < tile : next > tile) return;
      if (onDamaged) tellUnread(await bundleEntries(origin, tree, next), next, filter, range, onDamaged);
    }
  };
  // Few at first, so that a page is not behind a whole tile of frequent ones.
  for (const hits of findHits(index, filter, range, order)) {
    await tellUpTo(hits.tile);
    const places = order === 'newest' ? hits.places.toReversed() : hits.places;
    for (let at = 0; at < places.length; at += placesAtOnce) {
      const some = { tile: hits.tile, places: places.slice(at, at + placesAtOnce) };
      for (const { index: place, bytes } of await readHits(origin, tree, index, some)) {
        const entry = readEntry(origin, place, bytes);
        if (entry && matches(entry)) yield entry;
      }
    }
  }
  await tellUpTo(order === 'newest' ? 0 : Infinity);
}

/** Tells of every entry of a range that an index has and that is no record. Throws as `searchLog`. */
export async function tellUnreadOf(
  { origin }: RecordLog,
  tree: TreeLog,
  index: SideFile,
  filter: Filter,
  range: Range,
  onDamaged: (index: number) => void,
): Promise<void> {
  for (const tile of unreadTiles(index, filter, range, 'oldest'))
    tellUnread(await bundleEntries(origin, tree, tile), tile, filter, range, onDamaged);
}

const placesAtOnce = 32;
