import type { EpochMs } from '../../lib/clock.ts';
import { parseInstant } from '../../lib/clock.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { tileWidth, widthAt } from '../tlog/tile-path.ts';
import { entryAt } from './bundle.ts';
import { readBundleOf } from './read-tiles.ts';
import { mostDisorderMs } from './record-watch.ts';

/**
 * A first entry of a bundle that surely stands before every record of an instant and later: found by halves, since records
 * stand in the order of their times, but for what may be out of order.
 */
export async function firstSince(
  files: LogFiles,
  size: number,
  from: number,
  since: EpochMs,
): Promise<number> {
  let [low, high] = [from / tileWidth, Math.ceil(size / tileWidth)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const time = await timeOf(files, middle, size);
    if (time !== undefined && time >= since - mostDisorderMs) high = middle;
    else low = middle + 1;
  }
  return Math.max(from, (low - 1) * tileWidth);
}

/** The time of the first decision in a bundle; of any record where it has none. */
async function timeOf(files: LogFiles, index: number, size: number): Promise<EpochMs | undefined> {
  const bundle = await readBundleOf(files, index, widthAt('entries', index, size));
  if (bundle === undefined) return undefined;
  let any: EpochMs | undefined;
  for (let place = 0; place < bundle.count; place += 1) {
    const { time, kind } = parsed(entryAt(bundle, place));
    const at = typeof time === 'string' ? parseInstant(time) : undefined;
    if (kind === 'decision' && at !== undefined) return at;
    any ??= at;
  }
  return any;
}

function parsed(bytes: Buffer): { readonly time?: unknown; readonly kind?: unknown } {
  try {
    return (JSON.parse(bytes.toString('utf8')) as object | null) ?? {};
  } catch {
    return {};
  }
}
