import { ByteReader, ByteWriter } from './byte-writer.ts';
import { damagedIndex } from './damaged.ts';

/*
 * A column says of each row of a tile which text it has of a field, or none: the texts as they first come, then which of them
 * each row has (0: none, else the text's place from 1 on). A text is written as what it has in common with the one before it,
 * in bytes of its UTF-8, the length of the rest, and the rest.
 */
const [all, inOrder, oneByte, fourBytes] = [0, 1, 2, 3];

/** Makes a column of a tile after the other. */
export class ColumnWriter {
  readonly #texts = new ByteWriter();
  readonly #before = new ByteWriter();
  #count = 0;
  #rows = new Uint32Array(256);

  /** Adds a text, and answers its place from 1 on. */
  add(bytes: Uint8Array, from: number, to: number): number {
    const before = this.#before;
    const most = Math.min(before.length, to - from);
    let common = 0;
    while (common < most && before.bytes[common] === bytes[from + common]) common += 1;
    this.#texts.number(common);
    this.#texts.number(to - from - common);
    this.#texts.copy(bytes, from + common, to);
    before.length = common;
    before.copy(bytes, from + common, to);
    this.#count += 1;
    return this.#count;
  }

  /** Says which text a row has. */
  set(row: number, place: number): void {
    if (row >= this.#rows.length) {
      const larger = new Uint32Array(2 * Math.max(row, this.#rows.length));
      larger.set(this.#rows);
      this.#rows = larger;
    }
    this.#rows[row] = place;
  }

  /** The column of so many rows, null where none has a text; the next one begins empty. */
  finish(rows: number): Uint8Array | null {
    const count = this.#count;
    if (count === 0) return null;
    const out = new ByteWriter(this.#texts.length + rows + 16);
    out.number(count);
    out.copy(this.#texts.bytes, 0, this.#texts.length);
    let [same, ordered] = [count === 1, count === rows];
    for (let row = 0; row < rows && (same || ordered); row += 1) {
      if (this.#rows[row] !== 1) same = false;
      if (this.#rows[row] !== row + 1) ordered = false;
    }
    const how = same ? all : ordered ? inOrder : count < 256 ? oneByte : fourBytes;
    out.byte(how);
    const width = how === oneByte ? 1 : how === fourBytes ? 4 : 0;
    for (let row = 0; width > 0 && row < rows; row += 1) out.fixed(this.#rows[row] ?? 0, width);
    this.#rows.fill(0, 0, rows);
    this.#texts.length = 0;
    this.#before.length = 0;
    this.#count = 0;
    return out.take();
  }
}

/** A column as it is read. */
export interface Column {
  readonly texts: readonly string[];
  /** Of each row 0 for none, else the place of its text from 1 on. */
  readonly rows: Uint32Array;
}

/** Reads the column of so many rows. Throws as `damagedIndex` for what says more than its bytes can hold. */
export function readColumn(bytes: Uint8Array | null, rows: number): Column {
  const found = new Uint32Array(rows);
  if (bytes === null) return { texts: [], rows: found };
  const reader = new ByteReader(bytes);
  const texts: string[] = [];
  const text = new ByteWriter();
  const count = reader.number();
  if (!(count <= rows)) throw damagedIndex();
  for (let left = count; left > 0; left -= 1) {
    const common = reader.number();
    const rest = reader.number();
    if (!(common <= text.length && reader.at + rest <= bytes.byteLength)) throw damagedIndex();
    text.length = common;
    text.copy(bytes, reader.at, reader.at + rest);
    reader.at += rest;
    texts.push(text.bytes.toString('utf8', 0, text.length));
  }
  const how = reader.byte();
  const width = how === oneByte ? 1 : 4;
  const needed = how === oneByte || how === fourBytes ? width * rows : 0;
  if (how > fourBytes || reader.at + needed > bytes.byteLength) throw damagedIndex();
  for (let row = 0; row < rows; row += 1)
    found[row] = how === all ? 1 : how === inOrder ? row + 1 : reader.fixed(width);
  return { texts, rows: found };
}
