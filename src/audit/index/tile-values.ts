import { tileWidth } from '../tlog/tile-path.ts';
import type { FieldName } from '../query/fields.ts';
import { ColumnWriter } from './column.ts';
import { longestText } from './counted.ts';
import { groupOf } from './groups.ts';
import { RunBuilder } from './run-builder.ts';
import type { BuiltRun } from './run-builder.ts';
import type { Spread } from './run.ts';
import { countedFields, lookedUpFields } from './schema.ts';
import { TermHash } from './term.ts';
import type { TileBytes } from './tile-bytes.ts';
import { writeRows, writeTimes } from './tile-columns.ts';
import type { TileRow } from './tile-columns.ts';

/** What an index has of a tile, beside its terms. */
export interface TileCells {
  readonly tile: number;
  readonly first: number;
  readonly last: number;
  /** Entries that are no records. */
  readonly unread: number;
  readonly lengths: Uint8Array;
  readonly rows: Uint8Array | null;
  readonly times: Uint8Array;
  /** In the order of `countedFields`. */
  readonly columns: readonly (Uint8Array | null)[];
}

/** Ids of one record alone. */
const rareFields: readonly FieldName[] = ['trace', 'connection', 'request', 'decision'];

/** Where in records a field's values stand, with what stood there last. */
export interface ValuePlace {
  readonly field: number;
  readonly rare: boolean;
  readonly last: LastValue;
}

/** The value that was last seen in a place: most records have the same as the one before. */
class LastValue {
  readonly bytes = new Uint8Array(128);
  length = -1;
  value = -1;

  is(bytes: Uint8Array, from: number, to: number): boolean {
    if (to - from !== this.length) return false;
    // Values that are unlike differ at their ends.
    for (let at = this.length - 1; at >= 0; at -= 1) if (bytes[from + at] !== this.bytes[at]) return false;
    return true;
  }

  keep(bytes: Uint8Array, from: number, to: number, value: number): void {
    this.length = -1;
    if (to - from > this.bytes.byteLength) return;
    this.length = to - from;
    for (let at = 0; at < this.length; at += 1) this.bytes[at] = bytes[from + at] as number;
    this.value = value;
  }
}

/** Gathers the values of records: the terms of a run, and the columns of each of its tiles. */
export class TileValues {
  readonly #hash: TermHash;
  readonly #run = new RunBuilder();
  readonly #places: ValuePlace[] = [];
  readonly #columns = countedFields.map(() => new ColumnWriter());
  /** Of each value of the run the tile in whose column it last was, and its place there. */
  #inTile = new Int32Array(8192).fill(-1);
  #placeInTile = new Int32Array(8192);
  readonly #tiles: TileCells[] = [];
  #tile = 0;
  #lengths: Uint8Array = new Uint8Array(0);
  #rows: TileRow[] = [];
  #position = 0;

  constructor(key: Uint8Array) {
    this.#hash = new TermHash(key);
  }

  /** Makes a place for values of a field. */
  placeFor(name: FieldName): ValuePlace {
    const place = {
      field: lookedUpFields.indexOf(name),
      rare: rareFields.includes(name),
      last: new LastValue(),
    };
    this.#places.push(place);
    return place;
  }

  addBucket(bytes: Uint8Array, spread: Spread, bucket: number): void {
    this.#run.addBucket(bytes, spread, bucket);
  }

  beginTile(tile: number, { from, to }: TileBytes): void {
    this.#tile = tile;
    const lengths = Buffer.alloc(2 * tileWidth);
    for (let place = 0; place < tileWidth; place += 1)
      lengths.writeUInt16LE((to[place] as number) - (from[place] as number), 2 * place);
    this.#lengths = lengths;
    this.#rows = [];
  }

  /** Begins a row; the places of a tile's rows never descend. */
  row(row: TileRow): void {
    this.#rows.push(row);
    this.#position = (this.#tile - groupOf(this.#tile)) * tileWidth + row.place;
  }

  /** A value of the row; `counted`: it is what the row is counted under. */
  value(
    { field, rare, last }: ValuePlace,
    bytes: Uint8Array,
    from: number,
    to: number,
    counted: boolean,
  ): void {
    let { value } = last;
    if (!last.is(bytes, from, to)) {
      this.#hash.hash(field, bytes, from, to);
      const { first, second } = this.#hash;
      value = rare ? this.#run.rareValueOf(first, second) : this.#run.valueOf(first, second);
      last.keep(bytes, from, to, value);
    }
    this.#run.note(value, this.#position);
    if (counted && field < countedFields.length) this.#count(field, value, bytes, from, to);
  }

  endTile(unread: number): void {
    const rows = this.#rows;
    let [first, last] = [Infinity, -Infinity];
    for (const { time } of rows) [first, last] = [Math.min(first, time), Math.max(last, time)];
    // A tile without a record is of no time, and is found by none.
    if (first === Infinity) [first, last] = [0, 0];
    this.#tiles.push({
      ...{ tile: this.#tile, first, last, unread, lengths: this.#lengths },
      ...{ rows: writeRows(rows), times: writeTimes(rows, first, last) },
      columns: this.#columns.map((column) => column.finish(rows.length)),
    });
  }

  finish(): { readonly tiles: readonly TileCells[]; readonly run: BuiltRun } {
    for (const { last } of this.#places) last.length = -1;
    this.#inTile.fill(-1);
    return { tiles: this.#tiles.splice(0), run: this.#run.finish() };
  }

  #count(field: number, value: number, bytes: Uint8Array, from: number, to: number): void {
    if (to - from > longestText && Buffer.from(bytes.subarray(from, to)).toString().length > longestText)
      return;
    const column = this.#columns[field] as ColumnWriter;
    if (value >= this.#inTile.length) this.#grow(value);
    if (this.#inTile[value] !== this.#tile) {
      this.#inTile[value] = this.#tile;
      this.#placeInTile[value] = column.add(bytes, from, to);
    }
    column.set(this.#rows.length - 1, this.#placeInTile[value] as number);
  }

  #grow(value: number): void {
    const grown = (own: Int32Array, filler: number): Int32Array<ArrayBuffer> => {
      const larger = new Int32Array(2 * Math.max(value, own.length)).fill(filler);
      larger.set(own);
      return larger;
    };
    this.#inTile = grown(this.#inTile, -1);
    this.#placeInTile = grown(this.#placeInTile, 0);
  }
}
