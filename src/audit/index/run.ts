import { mostBuckets } from './schema.ts';
import { ByteReader } from './byte-writer.ts';
import type { ByteWriter } from './byte-writer.ts';
import { groupEntries } from './groups.ts';

/*
 * The terms of a run of tiles, each with the positions of its entries in the group. They stand in ascending order in buckets
 * of equal span. A term is what it is above its bucket's begin, in as many bytes as that needs, and 16 bits after it: the two
 * highest say how its positions stand, the others are the one position, or how many there are less one.
 */
const [single, gaps, ranges, bitmap] = [0, 1, 2, 3];
const inWord = 0x3fff;

/** Bytes that a bucket has about. */
const bucketBytes = 480;
const terms = 2 ** 48;

/** How terms are spread over so many buckets. */
export interface Spread {
  readonly buckets: number;
  /** Terms that a bucket spans. */
  readonly span: number;
  /** Bytes of a term in its bucket. */
  readonly width: number;
}

/** How terms of so many bytes in all are spread. */
export function spreadFor(bytes: number): Spread {
  return spreadOver(Math.max(1, Math.min(mostBuckets, Math.ceil(bytes / bucketBytes))));
}

export function spreadOver(buckets: number): Spread {
  const span = Math.ceil(terms / buckets);
  return { buckets, span, width: Math.ceil(Math.log2(span) / 8) };
}

/** Writes the positions of a term behind what it is called: `list` from `from` to `to` ascends, each once. */
export function writeTerm(
  out: ByteWriter,
  term: number,
  width: number,
  list: Uint16Array,
  from: number,
  to: number,
): void {
  const count = to - from;
  out.fixed(term, width);
  if (count === 1) {
    out.fixed((single << 14) | (list[from] as number), 2);
    return;
  }
  let unbroken = 1;
  for (let at = from + 1; at < to; at += 1)
    if ((list[at] as number) !== (list[at - 1] as number) + 1) unbroken += 1;
  const [least, greatest] = [(list[from] as number) >> 3, (list[to - 1] as number) >> 3];
  const bits = greatest - least + 1;
  const how = 2 * unbroken <= Math.min(count, bits) ? ranges : count <= bits ? gaps : bitmap;
  out.fixed((how << 14) | (count - 1), 2);
  if (how === bitmap) {
    out.fixed(least, 2);
    out.fixed(bits, 2);
    out.reserve(bits);
    out.bytes.fill(0, out.length, out.length + bits);
    const base = out.length - least;
    for (let at = from; at < to; at += 1) {
      const position = list[at] as number;
      out.bytes[base + (position >> 3)] =
        (out.bytes[base + (position >> 3)] as number) | (1 << (position & 7));
    }
    out.length += bits;
    return;
  }
  let behind = 0;
  for (let at = from; at < to;) {
    const begin = list[at] as number;
    out.number(begin - behind);
    behind = begin + 1;
    at += 1;
    if (how === gaps) continue;
    const begun = behind;
    for (; at < to && list[at] === behind; at += 1) behind += 1;
    out.number(behind - begun);
  }
}

/** Reads the terms of a bucket with their positions, in order. */
export class BucketReader {
  readonly #reader: ByteReader;
  readonly #bytes: Uint8Array;
  readonly #width: number;
  readonly #begin: number;
  #word = 0;
  term = 0;

  constructor(bytes: Uint8Array, { width, span }: Spread, bucket: number) {
    this.#reader = new ByteReader(bytes);
    this.#bytes = bytes;
    this.#width = width;
    this.#begin = bucket * span;
  }

  /** Goes to the next term; false where there is none. */
  next(): boolean {
    if (this.#reader.ended) return false;
    this.term = this.#begin + this.#reader.fixed(this.#width);
    this.#word = this.#reader.fixed(2);
    return true;
  }

  /** Positions of the term: to be asked for once after each `next`. */
  positions(into: Uint16Array, at = 0): number {
    const reader = this.#reader;
    const how = this.#word >>> 14;
    if (how === single) {
      into[at] = this.#word & inWord;
      return 1;
    }
    const count = (this.#word & inWord) + 1;
    const end = at + count;
    if (how === bitmap) return this.#fromBits(into, at);
    let position = 0;
    for (let place = at; place < end;) {
      position += reader.number();
      if (position >= groupEntries) break;
      into[place++] = position++;
      if (how === gaps) continue;
      for (let more = reader.number(); more > 0 && place < end; more -= 1) into[place++] = position++;
    }
    return count;
  }

  #fromBits(into: Uint16Array, at: number): number {
    const least = this.#reader.fixed(2);
    const bits = this.#reader.fixed(2);
    const begin = this.#reader.at;
    this.#reader.at += bits;
    let place = at;
    for (let byte = 0; byte < bits; byte += 1) {
      let rest = this.#bytes[begin + byte] ?? 0;
      for (let position = (least + byte) << 3; rest !== 0; rest >>>= 1, position += 1)
        if (rest & 1) into[place++] = position;
    }
    return place - at;
  }
}

/** Positions of a term in its bucket, ascending; undefined where it is not there. `above`: what it is above the bucket's begin. */
export function positionsOf(bytes: Uint8Array, spread: Spread, above: number): Uint16Array | undefined {
  const reader = new BucketReader(bytes, spread, 0);
  const positions = new Uint16Array(groupEntries);
  while (reader.next()) {
    if (reader.term > above) return undefined;
    const count = reader.positions(positions);
    if (reader.term === above) return positions.slice(0, count);
  }
  return undefined;
}
