import type { EpochMs } from '../../lib/clock.ts';
import type { Range } from '../index/hits.ts';
import type { Order } from '../sources/merge.ts';
import { readEntry } from '../sources/read-entry.ts';
import { bundleEntries } from '../sources/tree-log.ts';
import type { RecordEntry, RecordLog, TreeLog } from '../sources/types.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { createMatcher, needleOf } from './filter.ts';
import type { Filter } from './filter.ts';
import { checkEntries } from './read-hits.ts';

/** How far a record may stand from its place in the order of time, where no index says it: what decides may be slow. */
const slackMs = 60_000;

export interface ScanOptions {
  readonly onEntries?: (count: number) => void;
  /** Told of each entry that is no record. */
  readonly onDamaged?: (index: number) => void;
}

/** Looks through the entries of a range for records that match, each compared with the tree. Throws as `readHits`. */
export async function* scanTree(
  { origin, tree }: RecordLog & { readonly tree: TreeLog },
  filter: Filter,
  range: Range,
  order: Order,
  { onEntries, onDamaged }: ScanOptions,
): AsyncGenerator<RecordEntry> {
  const matches = createMatcher(filter);
  const needle = needleOf(filter);
  const { low, high } = await bundlesOfTime(origin, tree, filter, range);
  for (let step = 0; step <= high - low; step += 1) {
    const bundle = order === 'newest' ? high - step : low + step;
    const entries = await bundleEntries(origin, tree, bundle);
    onEntries?.(entries.length);
    const found: RecordEntry[] = [];
    entries.forEach((bytes, place) => {
      const index = bundle * tileWidth + place;
      if (index < range.from || index >= range.to) return;
      if (needle && (bytes as Buffer).indexOf(needle) < 0) return;
      const entry = readEntry(origin, index, bytes);
      if (!entry) onDamaged?.(index);
      else if (matches(entry)) found.push(entry);
    });
    await checkEntries(origin, tree, found);
    yield* order === 'newest' ? found.reverse() : found;
  }
}

/** Bundles that may hold records of the wanted time, found by halves. */
async function bundlesOfTime(
  origin: string,
  tree: TreeLog,
  { since, until }: Filter,
  range: Range,
): Promise<{ readonly low: number; readonly high: number }> {
  const low = Math.floor(range.from / tileWidth);
  const high = Math.ceil(range.to / tileWidth) - 1;
  if (low >= high) return { low, high };
  const firstAfter = async (at: EpochMs): Promise<number> => {
    let [left, right] = [low, high + 1];
    while (left < right) {
      const middle = Math.floor((left + right) / 2);
      const time = timeOf(await bundleEntries(origin, tree, middle));
      if (time === undefined || time < at) left = middle + 1;
      else right = middle;
    }
    return left;
  };
  return {
    low: since === undefined ? low : Math.max(low, (await firstAfter(since - slackMs)) - 1),
    high: until === undefined ? high : Math.min(high, await firstAfter(until + slackMs)),
  };
}

function timeOf(entries: readonly Uint8Array[]): EpochMs | undefined {
  for (const bytes of entries) {
    const entry = readEntry('', 0, bytes);
    if (entry) return entry.time;
  }
  return undefined;
}
