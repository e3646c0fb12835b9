import { ByteWriter } from './byte-writer.ts';
import { groupEntries } from './groups.ts';
import { BucketReader, spreadFor, writeTerm } from './run.ts';
import type { Spread } from './run.ts';
import { termFrom } from './term.ts';

/** A run as it is written: how its terms are spread, and the buckets that hold any. */
export interface BuiltRun {
  readonly spread: Spread;
  readonly buckets: readonly (readonly [place: number, bytes: Uint8Array])[];
}

const leastTable = 16_384;

/** Gathers the values of a run's entries with their positions. Empty again after `finish`. */
export class RunBuilder {
  /** Of each value the halves of its hash, and the last position that it was noted at. */
  #first = new Int32Array(8192);
  #second = new Int32Array(8192);
  #last = new Int32Array(8192);
  /** Positions of each value, and how many values there are; the values of runs that were there before have one list each. */
  #counts = new Int32Array(8192);
  #values = 0;
  /** Numbers of values plus one, by their hashes, and how many there are in it. */
  #held = 0;
  #table = new Int32Array(leastTable);
  /** Which value stands at which position, one pair after the other. */
  #pairValues = new Int32Array(65536);
  #pairPositions = new Uint16Array(65536);
  #pairs = 0;

  /** The number of a value by its hash, until `finish`. */
  valueOf(first: number, second: number): number {
    const mask = this.#table.length - 1;
    let place = second & mask;
    for (;;) {
      const found = (this.#table[place] as number) - 1;
      if (found < 0) break;
      if (this.#first[found] === first && this.#second[found] === second) return found;
      place = (place + 1) & mask;
    }
    const value = this.#addValue(first, second);
    this.#table[place] = value + 1;
    this.#held += 1;
    if (2 * this.#held > this.#table.length) this.#rehash();
    return value;
  }

  /** A number for a value that hardly stands anywhere else: equal ones come together when the run is written. */
  rareValueOf(first: number, second: number): number {
    return this.#addValue(first, second);
  }

  /** Notes that the entry at a position has a value. Positions never descend. */
  note(value: number, position: number): void {
    if (this.#last[value] === position) return;
    this.#last[value] = position;
    if (this.#pairs === this.#pairValues.length) this.#growPairs();
    this.#pairValues[this.#pairs] = value;
    this.#pairPositions[this.#pairs] = position;
    this.#pairs += 1;
    this.#counts[value] = (this.#counts[value] as number) + 1;
  }

  /** Takes over a bucket of a run of tiles before all that is noted. */
  addBucket(bytes: Uint8Array, spread: Spread, bucket: number): void {
    const reader = new BucketReader(bytes, spread, bucket);
    while (reader.next()) {
      const value = this.rareValueOf(Math.floor(reader.term / 65536) | 0, (reader.term % 65536) << 16);
      const count = reader.positions(taken);
      for (let place = 0; place < count; place += 1) this.note(value, taken[place] as number);
    }
  }

  finish(): BuiltRun {
    const { starts, positions } = this.#lists();
    const order = this.#sorted();
    const spread = spreadFor(this.#estimate());
    const buckets: (readonly [number, Uint8Array])[] = [];
    const out = new ByteWriter(4096);
    let bucket = 0;
    const close = (): void => {
      if (out.length > 0) buckets.push([bucket, out.take()]);
    };
    for (let at = 0; at < order.length;) {
      const value = order[at] as number;
      const term = this.#termOf(value);
      let next = at + 1;
      while (next < order.length && this.#termOf(order[next] as number) === term) next += 1;
      const own = Math.floor(term / spread.span);
      if (own !== bucket) close();
      bucket = own;
      const above = term - own * spread.span;
      if (next === at + 1) {
        writeTerm(out, above, spread.width, positions, starts[value] as number, starts[value + 1] as number);
      } else {
        const both = together(order.subarray(at, next), starts, positions);
        writeTerm(out, above, spread.width, both, 0, both.length);
      }
      at = next;
    }
    close();
    this.#empty();
    return { spread, buckets };
  }

  #addValue(first: number, second: number): number {
    const value = this.#values;
    if (value === this.#first.length) this.#growValues();
    this.#first[value] = first;
    this.#second[value] = second;
    this.#last[value] = -1;
    this.#counts[value] = 0;
    this.#values += 1;
    return value;
  }

  #termOf(value: number): number {
    return termFrom(this.#first[value] as number, this.#second[value] as number);
  }

  /** The positions of all values, one behind the other. */
  #lists(): { readonly starts: Int32Array; readonly positions: Uint16Array } {
    const starts = new Int32Array(this.#values + 1);
    for (let value = 0; value < this.#values; value += 1)
      starts[value + 1] = (starts[value] as number) + (this.#counts[value] as number);
    const positions = new Uint16Array(this.#pairs);
    const next = starts.slice();
    for (let pair = 0; pair < this.#pairs; pair += 1) {
      const value = this.#pairValues[pair] as number;
      positions[next[value] as number] = this.#pairPositions[pair] as number;
      next[value] = (next[value] as number) + 1;
    }
    return { starts, positions };
  }

  /** The numbers of all values by their terms; of equal ones the first that came is first. Hashes are spread evenly. */
  #sorted(): Int32Array {
    const bits = Math.max(1, Math.min(20, 32 - Math.clz32(this.#values)));
    const starts = new Int32Array(2 ** bits + 1);
    for (let value = 0; value < this.#values; value += 1) {
      const slot = ((this.#first[value] as number) >>> (32 - bits)) + 1;
      starts[slot] = (starts[slot] as number) + 1;
    }
    for (let slot = 0; slot < starts.length - 1; slot += 1)
      starts[slot + 1] = (starts[slot + 1] as number) + (starts[slot] as number);
    const order = new Int32Array(this.#values);
    for (let value = 0; value < this.#values; value += 1) {
      const slot = (this.#first[value] as number) >>> (32 - bits);
      order[starts[slot] as number] = value;
      starts[slot] = (starts[slot] as number) + 1;
    }
    for (let at = 1; at < order.length; at += 1) {
      const value = order[at] as number;
      const term = this.#termOf(value);
      let place = at;
      while (place > 0 && this.#termOf(order[place - 1] as number) > term) {
        order[place] = order[place - 1] as number;
        place -= 1;
      }
      order[place] = value;
    }
    return order;
  }

  /** Bytes that the terms take about. */
  #estimate(): number {
    let bytes = 7 * this.#values;
    for (let value = 0; value < this.#values; value += 1) {
      const count = this.#counts[value] as number;
      if (count > 1) bytes += Math.min(count, groupEntries / 8);
    }
    return bytes;
  }

  #empty(): void {
    this.#values = 0;
    this.#held = 0;
    this.#pairs = 0;
    // One that grew for a whole group is not to be cleared for each tile.
    if (this.#table.length > leastTable) this.#table = new Int32Array(leastTable);
    else this.#table.fill(0);
  }

  #growPairs(): void {
    this.#pairValues = larger(this.#pairValues, new Int32Array(2 * this.#pairs));
    this.#pairPositions = larger(this.#pairPositions, new Uint16Array(2 * this.#pairs));
  }

  #growValues(): void {
    const grown = (own: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> =>
      larger(own, new Int32Array(2 * own.length));
    this.#first = grown(this.#first);
    this.#second = grown(this.#second);
    this.#last = grown(this.#last);
    this.#counts = grown(this.#counts);
  }

  #rehash(): void {
    const old = this.#table;
    this.#table = new Int32Array(2 * old.length);
    const mask = this.#table.length - 1;
    for (const number of old) {
      if (number === 0) continue;
      let place = (this.#second[number - 1] as number) & mask;
      while (this.#table[place] !== 0) place = (place + 1) & mask;
      this.#table[place] = number;
    }
  }
}

const taken = new Uint16Array(groupEntries);

function together(values: Int32Array, starts: Int32Array, positions: Uint16Array): Uint16Array {
  const lists = Array.from(values, (value) => positions.subarray(starts[value], starts[value + 1]));
  const all = new Uint16Array(lists.reduce((sum, { length }) => sum + length, 0));
  let count = 0;
  for (const list of lists) {
    all.set(list, count);
    count += list.length;
  }
  all.sort();
  return all.filter((position, place) => position !== all[place - 1]);
}

function larger<T extends Int32Array | Uint16Array>(own: T, into: T): T {
  into.set(own);
  return into;
}
