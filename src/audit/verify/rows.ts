import { hash } from 'node:crypto';
import { emptyRoot, hashBytes } from '../tlog/hash.ts';
import type { Hash } from '../tlog/hash.ts';
import { tileWidth } from '../tlog/tile-path.ts';

/*
 * The hashes of a tree as they are worked out again, laid out as tiles are. One-shot hashing straight into rows of
 * bytes: objects for each hash would take longer than the hashing.
 */

const scratch = Buffer.alloc(1 + 2 * hashBytes, 1);

/** Writes the hash of an entry to `at`; `framed` has a byte that may be overwritten before the entry's first. */
export function writeLeafHash(framed: Buffer, start: number, end: number, to: Buffer, at: number): void {
  const before = framed[start - 1] as number;
  framed[start - 1] = 0;
  to.write(hash('sha256', framed.subarray(start - 1, end), 'latin1'), at, hashBytes, 'latin1');
  framed[start - 1] = before;
}

function writeNodeHash(pair: Buffer, from: number, to: Buffer, at: number): void {
  pair.copy(scratch, 1, from, from + 2 * hashBytes);
  to.write(hash('sha256', scratch, 'latin1'), at, hashBytes, 'latin1');
}

/** The root over hashes that stand behind each other; their number is a power of two. */
export function rootOfWhole(hashes: Buffer): Buffer {
  const row = Buffer.from(hashes);
  for (let length = row.byteLength; length > hashBytes; length /= 2) {
    for (let at = 0; at < length; at += 2 * hashBytes) writeNodeHash(row, at, row, at / 2);
  }
  return row.subarray(0, hashBytes);
}

/** The root over any number of peaks, the largest (leftmost) first; RFC 6962 section 2.1. */
export function foldPeaks(peaks: readonly Buffer[]): Hash {
  const last = peaks.at(-1);
  if (last === undefined) return emptyRoot();
  return peaks.slice(0, -1).reduceRight((right, left) => {
    const node = Buffer.alloc(hashBytes);
    writeNodeHash(Buffer.concat([left, right]), 0, node, 0);
    return node;
  }, last);
}

/** The peaks within a row of fewer than 256 hashes, the largest first. */
export function peaksOfRow(row: Buffer): Buffer[] {
  const peaks: Buffer[] = [];
  const count = row.byteLength / hashBytes;
  let from = 0;
  for (let width = tileWidth / 2; width >= 1; width /= 2) {
    if ((count & width) === 0) continue;
    peaks.push(rootOfWhole(row.subarray(from * hashBytes, (from + width) * hashBytes)));
    from += width;
  }
  return peaks;
}

/** Hashes of one level that stand behind each other, from a multiple of 256 on. */
class Row {
  /** Place of the first hash that is held. */
  readonly base: number;
  #bytes = Buffer.alloc(tileWidth * hashBytes);
  #count: number;

  constructor(base: number, held: Buffer) {
    this.base = base;
    this.#count = held.byteLength / hashBytes;
    this.#bytes.set(held);
  }

  /** Place behind the last hash. */
  get end(): number {
    return this.base + this.#count;
  }

  push(one: Buffer): void {
    const at = this.#count * hashBytes;
    if (at === this.#bytes.byteLength) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(at)]);
    this.#bytes.set(one, at);
    this.#count += 1;
  }

  /** Hashes from a place up to below another; both are held. */
  slice(from: number, to: number): Buffer {
    return this.#bytes.subarray((from - this.base) * hashBytes, (to - this.base) * hashBytes);
  }
}

/**
 * All levels of a tree above the entries' own hashes, in memory: 32 bytes for each 256 entries. It begins behind
 * `from` entries, a multiple of 256, whose `edge` is, level by level from 1 on, the hashes behind the last full tile.
 */
export class Rows {
  readonly #rows: Row[] = [];
  #leaves: Buffer = Buffer.alloc(0);
  #size: number;

  constructor(from: number, edge: readonly Buffer[]) {
    this.#size = from;
    edge.forEach((held, place) => {
      const hashes = Math.floor(from / tileWidth ** (place + 1));
      this.#rows.push(new Row(hashes - (hashes % tileWidth), held));
    });
  }

  get size(): number {
    return this.#size;
  }

  /** Adds the hashes of a bundle; one of fewer than 256 is the last. */
  push(leaves: Buffer): void {
    this.#size += leaves.byteLength / hashBytes;
    if (leaves.byteLength === tileWidth * hashBytes) this.#push(0, rootOfWhole(leaves));
    else this.#leaves = leaves;
  }

  /** Adds a full bundle of which only the hash over it is known. */
  pushWhole(root: Buffer): void {
    this.#size += tileWidth;
    this.#push(0, root);
  }

  /** Hashes of the entries behind the last full bundle. */
  end(): Buffer {
    return this.#leaves;
  }

  /** The entries behind the last full bundle are others. */
  replaceEnd(leaves: Buffer): void {
    this.#leaves = leaves;
  }

  /** Levels that have hashes; level 0 is the entries'. */
  get levels(): number {
    return this.#rows.length + 1;
  }

  /** First hash that is held of a level from 1 on, and the one behind the last. */
  span(level: number): { readonly base: number; readonly end: number } {
    const row = this.#rows[level - 1];
    return { base: row?.base ?? 0, end: row?.end ?? 0 };
  }

  /** Hashes of a level from 1 on. */
  slice(level: number, from: number, to: number): Buffer {
    return this.#rows[level - 1]?.slice(from, to) ?? Buffer.alloc(0);
  }

  /** The root of the tree of all entries. */
  root(): Hash {
    return this.rootAt(this.#size, this.#leaves);
  }

  /** The root of the first `size` entries; `leaves` are the hashes of those behind its last full bundle. */
  rootAt(size: number, leaves: Buffer): Hash {
    const peaks: Buffer[] = [];
    for (let level = this.#rows.length; level >= 1; level -= 1) {
      const end = Math.floor(size / tileWidth ** level);
      peaks.push(...peaksOfRow(this.slice(level, end - (end % tileWidth), end)));
    }
    return foldPeaks([...peaks, ...peaksOfRow(leaves)]);
  }

  #push(place: number, root: Buffer): void {
    const row = (this.#rows[place] ??= new Row(0, Buffer.alloc(0)));
    row.push(root);
    if (row.end % tileWidth === 0)
      this.#push(place + 1, rootOfWhole(row.slice(row.end - tileWidth, row.end)));
  }
}
