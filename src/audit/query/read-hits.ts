import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { SideFile } from '../../store/side-file.ts';
import { equalBytes } from '../../lib/bytes.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { Hits } from '../index/hits.ts';
import { endsOf } from '../index/tile-columns.ts';
import { bundleEntries } from '../sources/tree-log.ts';
import type { TreeLog } from '../sources/types.ts';
import { hashBytes, leafHash } from '../tlog/hash.ts';
import type { Hash } from '../tlog/hash.ts';
import { readTile } from '../tlog/log-files.ts';
import { tilePath, tileWidth, widthAt } from '../tlog/tile-path.ts';

/** An entry of a log with its index. */
export interface IndexedBytes {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/**
 * Reads the entries that an index found from the log itself, each compared with its hash in the tree. Of a folder only
 * these bytes are read. Throws PDP_INPUT_MALFORMED naming log and entry where it is not the one that the tree has.
 */
export async function readHits(
  name: string,
  tree: TreeLog,
  index: SideFile,
  { tile, places }: Hits,
): Promise<readonly IndexedBytes[]> {
  const entries = (await slices(tree, index, tile, places)) ?? (await wholeBundle(name, tree, tile, places));
  return entries.map(({ index: at, bytes, leaf }) => {
    checkLeaf(name, at, bytes, leaf);
    return { index: at, bytes };
  });
}

/** Compares entries of one bundle with the tree. Throws as `readHits`. */
export async function checkEntries(
  name: string,
  tree: TreeLog,
  entries: readonly IndexedBytes[],
): Promise<void> {
  const first = entries[0];
  if (first === undefined) return;
  const tile = Math.floor(first.index / tileWidth);
  const leaves = await leavesOf(tree, tile);
  for (const { index, bytes } of entries) checkLeaf(name, index, bytes, leaves[index % tileWidth]);
}

function checkLeaf(name: string, index: number, bytes: Uint8Array, leaf: Hash | undefined): void {
  if (leaf !== undefined && equalBytes(leafHash(bytes), leaf)) return;
  throw new PortreeveError(
    'PDP_INPUT_MALFORMED',
    `${name}: entry ${index} is not the one that the tree of the log has: run audit verify`,
  );
}

interface Found extends IndexedBytes {
  readonly leaf: Hash | undefined;
}

function leavesOf({ files, checkpoint }: TreeLog, tile: number): Promise<readonly Hash[]> {
  return readTile(files, { level: 0, index: tile, width: widthAt(0, tile, checkpoint.size) });
}

async function wholeBundle(
  name: string,
  tree: TreeLog,
  tile: number,
  places: readonly number[],
): Promise<readonly Found[]> {
  const entries = await bundleEntries(name, tree, tile);
  const leaves = await leavesOf(tree, tile);
  return places.map((place) => ({
    index: tile * tileWidth + place,
    bytes: entries[place] as Uint8Array,
    leaf: leaves[place],
  }));
}

/** Undefined where the files are not at hand in this way; a wrong place in the index gives bytes of another hash. */
async function slices(
  { folder }: TreeLog,
  index: SideFile,
  tile: number,
  places: readonly number[],
): Promise<readonly Found[] | undefined> {
  const ends = folder === undefined || places.length > tileWidth / 4 ? undefined : endsOf(index, tile);
  if (folder === undefined || ends === undefined) return undefined;
  const endOf = (place: number): number => (place < 0 ? 0 : (ends[place] ?? 0));
  const [entries, leaves] = [
    await opened(folder, tilePath({ level: 'entries', index: tile, width: tileWidth })),
    await opened(folder, tilePath({ level: 0, index: tile, width: tileWidth })),
  ];
  try {
    if (!entries || !leaves) return undefined;
    const found: Found[] = [];
    for (const place of places) {
      const from = endOf(place - 1) + 2;
      const bytes = await slice(entries, from, endOf(place) - from);
      const leaf = await slice(leaves, place * hashBytes, hashBytes);
      found.push({ index: tile * tileWidth + place, bytes, leaf });
    }
    return found;
  } finally {
    await entries?.close();
    await leaves?.close();
  }
}

async function opened(folder: string, path: string): Promise<FileHandle | undefined> {
  try {
    return await open(join(folder, path), 'r');
  } catch {
    // Told by whoever reads the whole bundle then.
    return undefined;
  }
}

async function slice(file: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, at);
  return bytes.subarray(0, bytesRead);
}
