import { emptyRoot, nodeHash } from '../tlog/hash.ts';
import type { Hash } from '../tlog/hash.ts';
import { readTile } from '../tlog/log-files.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { wholeRoot } from '../tlog/prove.ts';
import { hashesAt, newTiles, tileWidth, widthAt } from '../tlog/tile-path.ts';
import type { TileName } from '../tlog/tile-path.ts';

/** A tile of hashes that is new. */
export interface NewTile {
  readonly name: TileName;
  readonly bytes: Uint8Array;
}

/**
 * The right edge of a growing tree in tiles: of every level the hashes behind its last full tile. Full tiles that have
 * not been taken yet are held too.
 */
export class Tree {
  #rows: Hash[][] = [[]];
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
      tree.#rows[level] = width === 0 ? [] : [...(await readTile(files, { level, index, width }))];
    }
    tree.#size = size;
    tree.#taken = size;
    return tree;
  }

  append(leaf: Hash): void {
    this.#push(0, leaf);
    this.#size += 1;
  }

  /** Hashes of the entries behind the last full bundle. */
  lastLeaves(): readonly Hash[] {
    return this.#rows[0] ?? [];
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

  #tileBytes({ level, index, width }: TileName): Uint8Array {
    if (width === tileWidth) return this.#full.get(`${level}/${index}`) as Uint8Array;
    return Buffer.concat(this.#rows[level as number] as Hash[]);
  }

  #push(level: number, hash: Hash): void {
    const row = (this.#rows[level] ??= []);
    row.push(hash);
    if (row.length < tileWidth) return;
    const index = hashesAt(level, this.#size + 1) / tileWidth - 1;
    this.#full.set(`${level}/${index}`, Buffer.concat(row));
    this.#rows[level] = [];
    this.#push(level + 1, wholeRoot(row));
  }
}

/** The roots of the largest whole subtrees over a row that is not full, from left to right. */
function peaksOf(row: readonly Hash[]): readonly Hash[] {
  const peaks: Hash[] = [];
  let from = 0;
  for (let width = tileWidth / 2; width >= 1; width /= 2) {
    if ((row.length & width) === 0) continue;
    peaks.push(wholeRoot(row.slice(from, from + width)));
    from += width;
  }
  return peaks;
}
