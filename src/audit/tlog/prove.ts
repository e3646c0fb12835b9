import { PortreeveError } from '../../lib/errors.ts';
import { nodeHash } from './hash.ts';
import type { Hash } from './hash.ts';
import { readTile } from './log-files.ts';
import type { LogFiles } from './log-files.ts';
import { tileHeight, tileWidth, widthAt } from './tile-path.ts';

/** The nodes within one tile, each worked out once. */
class TileTree {
  /** Rows of nodes, the tile's own hashes first. */
  readonly #rows: (readonly Hash[])[];

  constructor(hashes: readonly Hash[]) {
    this.#rows = [hashes];
  }

  /** The node over 2^height hashes from `place` on; undefined where the tile does not reach so far. */
  node(height: number, place: number): Hash | undefined {
    while (this.#rows.length <= height) this.#rows.push(pairsOf(this.#rows.at(-1) as readonly Hash[]));
    return this.#rows[height]?.[place / 2 ** height];
  }
}

/** Tiles that are held at once; proofs that are asked for in the order of their sizes share nearly all. */
const mostTiles = 256;

/** Reads nodes of one tree from its tiles, for any number of proofs. */
export class TreeNodes {
  readonly size: number;
  readonly #files: LogFiles;
  readonly #tiles = new Map<string, Promise<TileTree>>();

  constructor(files: LogFiles, size: number) {
    this.#files = files;
    this.size = size;
  }

  /** MTH(D[start:end]), whose start is a multiple of the largest power of two that is not above its length. */
  async rangeHash(start: number, end: number): Promise<Hash> {
    const split = largestPowerBelow(end - start);
    if (end - start === 1 || split * 2 === end - start) return this.#wholeHash(start, end - start);
    return nodeHash(await this.#wholeHash(start, split), await this.rangeHash(start + split, end));
  }

  /** The hash of a whole subtree: in a tile, or worked out of a tile's hashes. */
  async #wholeHash(start: number, length: number): Promise<Hash> {
    const height = Math.log2(length);
    const level = Math.floor(height / tileHeight);
    const first = start / tileWidth ** level;
    const index = Math.floor(first / tileWidth);
    const node = (await this.#tile(level, index)).node(height % tileHeight, first - index * tileWidth);
    if (node === undefined) {
      throw new PortreeveError('PDP_INTERNAL', `tile ${level}/${index} does not reach entry ${start}`);
    }
    return node;
  }

  #tile(level: number, index: number): Promise<TileTree> {
    const key = `${level}/${index}`;
    const known = this.#tiles.get(key);
    if (known !== undefined) return known;
    const name = { level, index, width: widthAt(level, index, this.size) };
    const read = readTile(this.#files, name).then((hashes) => new TileTree(hashes));
    if (this.#tiles.size >= mostTiles) this.#tiles.delete(this.#tiles.keys().next().value as string);
    this.#tiles.set(key, read);
    return read;
  }
}

/**
 * The proof that an entry stands in the tree of `size` entries: sibling hashes from the leaf upwards (RFC 6962 section
 * 2.1.1). Throws PDP_NOT_FOUND where the tree has no such entry or a tile is gone.
 */
export async function proveInclusion(files: LogFiles, size: number, index: number): Promise<readonly Hash[]> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new PortreeveError('PDP_NOT_FOUND', `the tree of ${size} entries has no entry ${index}`);
  }
  const nodes = new TreeNodes(files, size);
  const path = async (start: number, end: number): Promise<Hash[]> => {
    if (end - start === 1) return [];
    const middle = start + largestPowerBelow(end - start);
    return index < middle
      ? [...(await path(start, middle)), await nodes.rangeHash(middle, end)]
      : [...(await path(middle, end)), await nodes.rangeHash(start, middle)];
  };
  return path(0, size);
}

/**
 * The proof that the tree of `to` entries begins with that of `from` (RFC 6962 section 2.1.2); empty where one of them
 * says it by itself. Throws PDP_NOT_FOUND where the log is shorter, or a tile is gone.
 */
export function proveConsistency(files: LogFiles, from: number, to: number): Promise<readonly Hash[]> {
  return consistencyIn(new TreeNodes(files, to), from);
}

/** As `proveConsistency`, to a tree whose nodes are at hand, for many proofs to the same one. */
export async function consistencyIn(nodes: TreeNodes, from: number): Promise<readonly Hash[]> {
  const to = nodes.size;
  if (!Number.isSafeInteger(from) || from < 0 || from > to) {
    throw new PortreeveError('PDP_NOT_FOUND', `a tree of ${to} entries does not continue one of ${from}`);
  }
  if (from === 0 || from === to) return [];
  const subproof = async (start: number, end: number, known: boolean): Promise<Hash[]> => {
    if (end === from) return known ? [] : [await nodes.rangeHash(start, end)];
    const middle = start + largestPowerBelow(end - start);
    return from <= middle
      ? [...(await subproof(start, middle, known)), await nodes.rangeHash(middle, end)]
      : [...(await subproof(middle, end, false)), await nodes.rangeHash(start, middle)];
  };
  return subproof(0, to, true);
}

/** The root of the tree of `size` entries, from its tiles. Throws as `proveInclusion`; the empty tree has no tiles. */
export function rootFromTiles(files: LogFiles, size: number): Promise<Hash> {
  return new TreeNodes(files, size).rangeHash(0, size);
}

/** The root over a power of two of hashes. */
export function wholeRoot(hashes: readonly Hash[]): Hash {
  let row = hashes;
  while (row.length > 1) row = pairsOf(row);
  return row[0] as Hash;
}

/** The nodes above a row; a last hash without its other half has none. */
function pairsOf(row: readonly Hash[]): readonly Hash[] {
  return Array.from({ length: Math.floor(row.length / 2) }, (_, pair) =>
    nodeHash(row[pair * 2] as Hash, row[pair * 2 + 1] as Hash),
  );
}

/** The largest power of two below `length`, which is more than 1; 1 for 1. */
function largestPowerBelow(length: number): number {
  let power = 1;
  while (power * 2 < length) power *= 2;
  return power;
}
