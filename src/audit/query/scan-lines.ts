import type { Range } from '../index/hits.ts';
import { bytesOfLines } from '../sources/open-records.ts';
import { readEntry } from '../sources/read-entry.ts';
import type { Order } from '../sources/merge.ts';
import type { RecordEntry, RecordLog } from '../sources/types.ts';
import { createMatcher, lacks, needleOf } from './filter.ts';
import type { Filter } from './filter.ts';
import type { ScanOptions } from './scan-tree.ts';

/**
 * Looks through files of lines for records that match. They can be read forwards only: of the newest at most `most` are
 * held, and the others are not given. Throws PDP_INPUT_MALFORMED where a file cannot be read.
 */
export async function* scanLines(
  log: RecordLog,
  filter: Filter,
  range: Range,
  order: Order,
  { most, onEntries, onDamaged }: ScanOptions & { readonly most: number },
): AsyncGenerator<RecordEntry> {
  const held: RecordEntry[] = [];
  for await (const entry of forwards(log, filter, range, onEntries, onDamaged)) {
    if (order === 'oldest') {
      yield entry;
      continue;
    }
    // A copy: a block is much larger than what is held of it.
    held.push({ ...entry, bytes: Buffer.from(entry.bytes) });
    if (held.length >= 2 * most + 64) held.splice(0, held.length - most);
  }
  yield* held.slice(-most).reverse();
}

async function* forwards(
  { origin, files }: RecordLog,
  filter: Filter,
  range: Range,
  onEntries: ScanOptions['onEntries'],
  onDamaged: ScanOptions['onDamaged'],
): AsyncGenerator<RecordEntry> {
  const matches = createMatcher(filter);
  const needle = needleOf(filter);
  let index = -1;
  for (const { blocks } of files) {
    for await (const { bytes } of blocks()) {
      let count = 0;
      for (const line of bytesOfLines(bytes)) {
        index += 1;
        count += 1;
        if (index >= range.to) return;
        if (index < range.from || line.byteLength === 0 || (needle && lacks(line, needle))) continue;
        const entry = readEntry(origin, index, line);
        if (!entry) onDamaged?.(index);
        else if (matches(entry)) yield entry;
      }
      onEntries?.(count);
    }
  }
}
