import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import { parseCheckpoint } from '../tlog/checkpoint.ts';
import { checkpointPath, readEntries } from '../tlog/log-files.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { tilePath, tileWidth, widthAt } from '../tlog/tile-path.ts';
import type { TreeLog } from './types.ts';

/**
 * Looks at a log in tiles: its checkpoint, and what retention has left of it. Undefined where there is no checkpoint.
 * Throws PDP_INPUT_MALFORMED naming the log where the checkpoint is none.
 */
export async function openTree(name: string, files: LogFiles, folder?: string): Promise<TreeLog | undefined> {
  const bytes = await files.read(checkpointPath);
  if (bytes === undefined) return undefined;
  const checkpoint = readNamed(`${name}: ${checkpointPath}`, () => parseCheckpoint(bytes));
  const first = await firstEntry(files, checkpoint.size, folder);
  return { files, checkpoint, first, ...(folder !== undefined && { folder }) };
}

/** How many bundles of entries a tree of this size has. */
export function bundlesIn(size: number): number {
  return Math.ceil(size / tileWidth);
}

/** The entries of a bundle of the log. Throws PDP_NOT_FOUND and PDP_INPUT_MALFORMED naming the log. */
export async function bundleEntries(
  name: string,
  { files, checkpoint }: TreeLog,
  bundle: number,
): Promise<readonly Uint8Array[]> {
  try {
    return await readEntries(files, bundle, widthAt('entries', bundle, checkpoint.size));
  } catch (thrown) {
    throw named(name, thrown);
  }
}

/** Retention takes the oldest bundles first, so that what is there can be found by halves. */
async function firstEntry(files: LogFiles, size: number, folder?: string): Promise<number> {
  const last = bundlesIn(size) - 1;
  const isThere = async (bundle: number): Promise<boolean> => {
    const width = widthAt('entries', bundle, size);
    // Of a folder nothing is read to see what it has.
    if (folder !== undefined && hasBundle(folder, bundle, width)) return true;
    try {
      await readEntries(files, bundle, width);
      return true;
    } catch (thrown) {
      if (asPortreeveError(thrown).code !== 'PDP_NOT_FOUND') return true;
      return false;
    }
  };
  if (last < 0 || (await isThere(0))) return 0;
  let [low, high] = [1, last];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await isThere(middle)) high = middle;
    else low = middle + 1;
  }
  return low * tileWidth;
}

function hasBundle(folder: string, index: number, width: number): boolean {
  return existsSync(join(folder, tilePath({ level: 'entries', index, width })));
}

function readNamed<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw named(name, thrown);
  }
}

function named(name: string, thrown: unknown): PortreeveError {
  const { code, message } = asPortreeveError(thrown);
  return new PortreeveError(code, `${name}: ${message}`, { cause: thrown });
}
