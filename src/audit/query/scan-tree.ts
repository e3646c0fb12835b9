import type { Range } from '../index/hits.ts';
import type { Order } from '../sources/merge.ts';
import { readEntry } from '../sources/read-entry.ts';
import { bundleEntries } from '../sources/tree-log.ts';
import type { RecordEntry, RecordLog, TreeLog } from '../sources/types.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { createMatcher, lacks, mayBeAct, needleOf } from './filter.ts';
import type { Filter } from './filter.ts';
import { checkEntries } from './read-hits.ts';
import { boundsOfTime } from './time-bounds.ts';
import { unreadPlaces } from './unread.ts';

export interface ScanOptions {
  readonly onEntries?: (count: number) => void;
  /** Told of each entry that is no record and may have been wanted (`unreadPlaces`). */
  readonly onDamaged?: (index: number) => void;
  /** Only records of decisions are wanted, whatever else the filter would find. */
  readonly decided?: boolean;
}

/** Every act has it in its bytes. */
const actNeedle = Buffer.from('"act"');

/** Looks through the entries of a range for records that match, each compared with the tree. Throws as `readHits`. */
export async function* scanTree(
  { origin, tree }: RecordLog & { readonly tree: TreeLog },
  filter: Filter,
  range: Range,
  order: Order,
  { onEntries, onDamaged, decided = false }: ScanOptions,
): AsyncGenerator<RecordEntry> {
  const matches = createMatcher(filter);
  const needle = needleOf(filter);
  const { low, high } = await boundsOfTime(origin, tree, filter, range);
  // What took effect long before it was written stands anywhere behind.
  const last = decided || !mayBeAct(filter) ? high : Math.ceil(range.to / tileWidth) - 1;
  for (let step = 0; step <= last - low; step += 1) {
    const bundle = order === 'newest' ? last - step : low + step;
    const entries = await bundleEntries(origin, tree, bundle);
    onEntries?.(entries.length);
    const needles = [...(needle ? [needle] : []), ...(bundle > high ? [actNeedle] : [])];
    const found: RecordEntry[] = [];
    let isDamaged = false;
    entries.forEach((bytes, place) => {
      const index = bundle * tileWidth + place;
      if (index < range.from || index >= range.to) return;
      if (needles.some((one) => lacks(bytes, one))) return;
      const entry = readEntry(origin, index, bytes);
      if (!entry) isDamaged = true;
      else if (matches(entry)) found.push(entry);
    });
    if (isDamaged && bundle <= high && onDamaged) tellUnread(entries, bundle, filter, range, onDamaged);
    await checkEntries(origin, tree, found);
    yield* order === 'newest' ? found.reverse() : found;
  }
}

/** Tells of a bundle's entries within the range that are no records. */
export function tellUnread(
  entries: readonly Uint8Array[],
  bundle: number,
  filter: Filter,
  range: Range,
  onDamaged: (index: number) => void,
): void {
  for (const place of unreadPlaces(entries, filter)) {
    const index = bundle * tileWidth + place;
    if (index >= range.from && index < range.to) onDamaged(index);
  }
}
