import { emptyRoot, hashBytes, leafHashInto, nodeHash, nodesInto } from '../tlog/hash.ts';
import type { Hash } from '../tlog/hash.ts';
import { readTile } from '../tlog/log-files.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { hashesAt, newTiles, tileWidth, widthAt } from '../tlog/tile-path.ts';
import type { TileName } from '../tlog/tile-path.ts';

/** A tile of hashes that is new. */
export interface NewTile {
  readonly name: TileName;
  readonly bytes: Uint8Array;
}

/** The hashes of a level behind its last full tile. */
interface Row {
  bytes: Buffer;
  count: number;
}

const rowBytes = tileWidth * hashBytes;

/** Where whole subtrees are worked out. */
const scratch = Buffer.from(new ArrayBuffer(rowBytes));

/**
 * The right edge of a growing tree in tiles: of every level the hashes behind its last full tile. Full tiles that have
 * not been taken yet are held too.
 */
export class Tree {
  #rows: Row[] = [];
  #full = new Map<string, Uint8Array>();
  #size = 0;
  /** Size up to which tiles were taken. */
  #taken = 0;

  get size(): number {
    return this.#size;
  }

  /** The tree of `size` entries, from its tiles. Throws PDP_NOT_FOUND or PDP_INPUT_MALFORMED where they are not right. */
  static async load(files: LogFiles, size: number): Promise<Tree> {
    const tree = new Tree();
    for (let level = 0; hashesAt(level, size) > 0; level += 1) {
      const index = Math.floor(hashesAt(level, size) / tileWidth);
      const width = widthAt(level, index, size);
      const row = tree.#row(level);
      if (width > 0) for (const hash of await readTile(files, { level, index, width })) put(row, hash);
    }
    tree.#size = size;
    tree.#taken = size;
    return tree;
  }

  /** Appends the entry behind the first byte of `prefixed`, which is overwritten. */
  append(prefixed: Buffer): void {
    const row = this.#row(0);
    leafHashInto(row.bytes, row.count, prefixed);
    row.count += 1;
    this.#size += 1;
    if (row.count === tileWidth) this.#complete(0, row);
  }

  /** Hashes of the entries behind the last full bundle. */
  lastLeaves(): readonly Hash[] {
    const { bytes, count } = this.#row(0);
    return Array.from({ length: count }, (_, place) => hashAt(bytes, place));
  }

  /** The root hash, RFC 6962 section 2.1. */
  root(): Hash {
    const peaks = this.#rows.map(peaksOf).reverse().flat();
    const last = peaks.pop();
    return last === undefined ? emptyRoot() : peaks.reduceRight((right, left) => nodeHash(left, right), last);
  }

  /** The tiles of hashes that came since they were last taken (`taken`), lower levels first. */
  newTiles(): readonly NewTile[] {
    return newTiles(this.#taken, this.#size)
      .filter(({ level }) => level !== 'entries')
      .map((name) => ({ name, bytes: this.#tileBytes(name) }));
  }

  /** What `newTiles` answered when the tree had `size` entries is in place. */
  taken(size: number): void {
    this.#taken = size;
    for (const key of this.#full.keys()) {
      const [level = 0, index = 0] = key.split('/').map(Number);
      if ((index + 1) * tileWidth <= hashesAt(level, size)) this.#full.delete(key);
    }
  }

  #row(level: number): Row {
    return (this.#rows[level] ??= { bytes: Buffer.from(new ArrayBuffer(rowBytes)), count: 0 });
  }

  #tileBytes({ level, index, width }: TileName): Uint8Array {
    if (width === tileWidth) return this.#full.get(`${level}/${index}`) as Uint8Array;
    return Buffer.from(this.#row(level as number).bytes.subarray(0, width * hashBytes));
  }

  /** A row is full: it is a tile, and its root one more hash of the row above. */
  #complete(level: number, row: Row): void {
    const index = hashesAt(level, this.#size) / tileWidth - 1;
    this.#full.set(`${level}/${index}`, row.bytes);
    this.#rows[level] = { bytes: Buffer.from(new ArrayBuffer(rowBytes)), count: 0 };
    const above = this.#row(level + 1);
    put(above, subtreeRoot(row.bytes, 0, tileWidth));
    if (above.count === tileWidth) this.#complete(level + 1, above);
  }
}

function put(row: Row, hash: Hash): void {
  row.bytes.set(hash, row.count * hashBytes);
  row.count += 1;
}

function hashAt(bytes: Buffer, place: number): Hash {
  return Buffer.from(bytes.subarray(place * hashBytes, (place + 1) * hashBytes));
}

/** The roots of the largest whole subtrees over a row that is not full, from left to right. */
function peaksOf({ bytes, count }: Row): readonly Hash[] {
  const peaks: Hash[] = [];
  let from = 0;
  for (let width = tileWidth / 2; width >= 1; width /= 2) {
    if ((count & width) === 0) continue;
    peaks.push(subtreeRoot(bytes, from, width));
    from += width;
  }
  return peaks;
}

/** The root over `width` hashes of a row, a power of two. */
function subtreeRoot(bytes: Buffer, from: number, width: number): Hash {
  bytes.copy(scratch, 0, from * hashBytes, (from + width) * hashBytes);
  for (let pairs = width / 2; pairs >= 1; pairs /= 2) nodesInto(scratch, pairs);
  return hashAt(scratch, 0);
}
