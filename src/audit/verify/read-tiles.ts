import { hashBytes } from '../tlog/hash.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { hashesAt, tilePath, tileWidth, widthAt } from '../tlog/tile-path.ts';
import type { TileName } from '../tlog/tile-path.ts';
import { readBundle } from './bundle.ts';
import type { Bundle } from './bundle.ts';

/** What is wrong with a file that should be there. */
export interface Lack {
  readonly code: 'tile.missing' | 'tile.malformed';
  readonly message: string;
}

/**
 * The hashes of a tile as they lie there, or what is wrong with it. A partial one that is gone is cut from the full one,
 * as tlog-tiles lets logs delete it.
 */
export async function readTileBytes(files: LogFiles, name: TileName): Promise<Buffer | Lack> {
  const length = name.width * hashBytes;
  let found = await files.read(tilePath(name));
  if (found === undefined && name.width < tileWidth) {
    const full = await files.read(tilePath({ ...name, width: tileWidth }));
    found = full?.subarray(0, length);
  }
  if (found === undefined) return { code: 'tile.missing', message: `${tilePath(name)} is not there` };
  if (found.byteLength !== length) {
    const message = `${tilePath(name)} has ${found.byteLength} bytes instead of ${length}`;
    return { code: 'tile.malformed', message };
  }
  return Buffer.from(found.buffer, found.byteOffset, found.byteLength);
}

/** A bundle of entries as it lies there; undefined where it is not. Cut from the full one as tiles are. */
export async function readBundleOf(
  files: LogFiles,
  index: number,
  width: number,
): Promise<Bundle | undefined> {
  const own = await files.read(tilePath({ level: 'entries', index, width }));
  if (own !== undefined) return readBundle(own);
  if (width === tileWidth) return undefined;
  const full = await files.read(tilePath({ level: 'entries', index, width: tileWidth }));
  if (full === undefined) return undefined;
  const bundle = readBundle(full);
  if (bundle.count <= width) return bundle;
  return { ...bundle, leaves: bundle.leaves.subarray(0, width * hashBytes), count: width, torn: false };
}

/**
 * Of every level from 1 on the hashes that stand before entry `from`, a multiple of 256, behind the last full tile there:
 * what a tree that begins there goes on from. Answers what is wrong where one of these tiles is not there.
 */
export async function edgeBefore(
  files: LogFiles,
  from: number,
  size: number,
): Promise<readonly Buffer[] | Lack> {
  const edge: Buffer[] = [];
  for (let level = 1; hashesAt(level, from) > 0; level += 1) {
    const hashes = hashesAt(level, from);
    const [index, width] = [Math.floor(hashes / tileWidth), hashes % tileWidth];
    const found =
      width === 0
        ? Buffer.alloc(0)
        : await readTileBytes(files, { level, index, width: widthAt(level, index, size) });
    if (!Buffer.isBuffer(found)) return found;
    edge.push(found.subarray(0, width * hashBytes));
  }
  return edge;
}

/** The hashes behind the last full tile of every level from 0 on, of the tree of `size` entries. */
export async function rightEdge(files: LogFiles, size: number): Promise<readonly Buffer[] | Lack> {
  const edge: Buffer[] = [];
  for (let level = 0; hashesAt(level, size) > 0; level += 1) {
    const hashes = hashesAt(level, size);
    const [index, width] = [Math.floor(hashes / tileWidth), hashes % tileWidth];
    const found = width === 0 ? Buffer.alloc(0) : await readTileBytes(files, { level, index, width });
    if (!Buffer.isBuffer(found)) return found;
    edge.push(found);
  }
  return edge;
}
