import type { LogFiles } from '../tlog/log-files.ts';
import { tilePath, tileWidth, widthAt } from '../tlog/tile-path.ts';

/**
 * The first entry whose bundle is there, a multiple of 256; the size where none is. Retention takes the oldest bundles
 * first, so that halves find it; whatever is missing behind it is found by reading.
 */
export async function firstThere(files: LogFiles, size: number): Promise<number> {
  const count = Math.ceil(size / tileWidth);
  if (count === 0 || (await isThere(files, 0, size))) return 0;
  // Where only the first is gone, or few are, nothing was pruned by halves: look at both ends.
  let [low, high] = [1, count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await isThere(files, middle, size)) high = middle;
    else low = middle + 1;
  }
  return Math.min(low * tileWidth, size - (size % tileWidth));
}

async function isThere(files: LogFiles, index: number, size: number): Promise<boolean> {
  const width = widthAt('entries', index, size);
  if ((await files.read(tilePath({ level: 'entries', index, width }))) !== undefined) return true;
  if (width === tileWidth) return false;
  return (await files.read(tilePath({ level: 'entries', index, width: tileWidth }))) !== undefined;
}
