import { PortreeveError } from '../../lib/errors.ts';
import { nodeHash } from './hash.ts';
import type { Hash } from './hash.ts';
import { readTile } from './log-files.ts';
import type { LogFiles } from './log-files.ts';
import { tileHeight, tileWidth, widthAt } from './tile-path.ts';

/** Reads nodes of one tree from its tiles, each tile once. */
class TreeNodes {
  readonly #files: LogFiles;
  readonly #size: number;
  readonly #tiles = new Map<string, Promise<readonly Hash[]>>();

  constructor(files: LogFiles, size: number) {
    this.#files = files;
    this.#size = size;
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
    const within = 2 ** (height % tileHeight);
    const first = start / tileWidth ** level;
    const index = Math.floor(first / tileWidth);
    const place = first - index * tileWidth;
    const hashes = (await this.#tile(level, index)).slice(place, place + within);
    if (hashes.length !== within) {
      throw new PortreeveError('PDP_INTERNAL', `tile ${level}/${index} does not reach entry ${start}`);
    }
    return wholeRoot(hashes);
  }

  #tile(level: number, index: number): Promise<readonly Hash[]> {
    const key = `${level}/${index}`;
    const known = this.#tiles.get(key);
    if (known !== undefined) return known;
    const read = readTile(this.#files, { level, index, width: widthAt(level, index, this.#size) });
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
export async function proveConsistency(files: LogFiles, from: number, to: number): Promise<readonly Hash[]> {
  if (!Number.isSafeInteger(from) || from < 0 || from > to) {
    throw new PortreeveError('PDP_NOT_FOUND', `a tree of ${to} entries does not continue one of ${from}`);
  }
  if (from === 0 || from === to) return [];
  const nodes = new TreeNodes(files, to);
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
  while (row.length > 1) {
    const pairs = row;
    row = Array.from({ length: pairs.length / 2 }, (_, pair) =>
      nodeHash(pairs[pair * 2] as Hash, pairs[pair * 2 + 1] as Hash),
    );
  }
  return row[0] as Hash;
}

/** The largest power of two below `length`, which is more than 1; 1 for 1. */
function largestPowerBelow(length: number): number {
  let power = 1;
  while (power * 2 < length) power *= 2;
  return power;
}
