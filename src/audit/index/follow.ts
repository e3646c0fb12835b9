import { removeSideFile } from '../../store/side-file.ts';
import type { SideFile } from '../../store/side-file.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { bundleEntries } from '../sources/tree-log.ts';
import type { TreeLog } from '../sources/types.ts';
import { removeTile, TileWriter } from './add-tile.ts';
import { coveredBy, isIndexOf, openIndexFile, putCovered, putTree } from './index-file.ts';
import { indexName } from './schema.ts';
import { join } from 'node:path';

export interface FollowOptions {
  /** Bytes of the index above which its oldest tiles go; null = no limit. */
  readonly maxBytes: number | null;
  /** Told of entries as they are indexed. */
  readonly onEntries?: (count: number) => void;
  /** Asked before each change; true ends the work, which can be gone on with. */
  readonly stopped?: () => boolean;
}

/** How far an index is. */
export interface IndexState {
  /** First entry that it has, and the first that it has not yet. */
  readonly first: number;
  readonly next: number;
  readonly size: number;
  readonly bytes: number;
}

/** Tiles that are added in one change, and that are taken out. */
const tilesAtOnce = 8;

/**
 * Brings the index beside a log up to its checkpoint, as far as whole tiles go; several processes may do so at once. An
 * index of another log is made anew, and one that is not there too. Throws PDP_STORE_UNAVAILABLE, and what reading the log
 * throws.
 */
export async function followLog(
  name: string,
  folder: string,
  tree: TreeLog,
  options: FollowOptions,
): Promise<IndexState> {
  const index = await openFor(folder, tree);
  try {
    const writer = new TileWriter(index);
    const whole = Math.floor(tree.checkpoint.size / tileWidth);
    const least = tree.first / tileWidth;
    while (!options.stopped?.()) {
      const next = Math.max(coveredBy(index).next, least);
      if (next >= whole) break;
      const tiles: (readonly Uint8Array[])[] = [];
      for (let tile = next; tile < Math.min(next + tilesAtOnce, whole); tile += 1)
        tiles.push(await bundleEntries(name, tree, tile));
      if (addTiles(index, writer, tree, next, tiles)) options.onEntries?.(tiles.length * tileWidth);
    }
    await prune(index, least, options);
    const { first, next } = coveredBy(index);
    return {
      ...{ first: first * tileWidth, next: next * tileWidth },
      ...{ size: tree.checkpoint.size, bytes: index.usedBytes() },
    };
  } finally {
    index.close();
  }
}

/** Makes the index beside a log anew. As `followLog`. */
export function rebuildIndex(
  name: string,
  folder: string,
  tree: TreeLog,
  options: FollowOptions,
): Promise<IndexState> {
  removeSideFile(join(folder, indexName));
  return followLog(name, folder, tree, options);
}

async function openFor(folder: string, tree: TreeLog): Promise<SideFile> {
  const index = openIndexFile(folder, 'read_write') as SideFile;
  if (await isIndexOf(index, tree)) return index;
  index.close();
  removeSideFile(join(folder, indexName));
  return openIndexFile(folder, 'read_write') as SideFile;
}

/** Answers whether they were added: another process may have been faster. */
function addTiles(
  index: SideFile,
  writer: TileWriter,
  tree: TreeLog,
  from: number,
  tiles: readonly (readonly Uint8Array[])[],
): boolean {
  return index.transact(() => {
    const { first, next } = coveredBy(index);
    if (next > from) return false;
    tiles.forEach((entries, place) => writer.add(from + place, entries));
    // What lies between was taken by retention before it was seen.
    const begin = next < from ? from : first;
    for (let tile = first; tile < begin && tile < next; tile += 1) removeTile(index, tile);
    putCovered(index, { first: begin, next: from + tiles.length });
    putTree(index, tree);
    return true;
  });
}

/** Takes out what retention has left nothing of, and the oldest where the index is too large; in short changes. */
async function prune(index: SideFile, least: number, { maxBytes, stopped }: FollowOptions): Promise<void> {
  for (;;) {
    const { first, next } = coveredBy(index);
    const tooLarge = maxBytes !== null && index.usedBytes() > maxBytes;
    const upTo = Math.min(next, first < least ? Math.min(least, first + tilesAtOnce) : first + tilesAtOnce);
    if (stopped?.() || upTo <= first || !(first < least || tooLarge)) return;
    index.transact(() => {
      if (coveredBy(index).first !== first) return;
      for (let tile = first; tile < upTo; tile += 1) removeTile(index, tile);
      putCovered(index, { first: upTo, next });
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
}
