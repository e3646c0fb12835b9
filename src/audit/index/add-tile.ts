import { LRUCache } from 'lru-cache';
import type { Cell, SideFile } from '../../store/side-file.ts';
import { readEntry } from '../sources/read-entry.ts';
import { valuesOf } from '../query/fields.ts';
import type { AnyRecord } from '../query/fields.ts';
import { partsOf } from '../query/parts.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { writePlaces } from './places.ts';
import { countedFields, lookedUpFields } from './schema.ts';
import type { CountedField } from './schema.ts';
import { termOf } from './term.ts';

/** Words that are held; some 100 bytes each. */
const mostWords = 100_000;
const termBytes = 6;
/** Longer texts are found by the records alone: an index must not be filled by whoever is denied. */
const longestWord = 256;

const columns = ['idx', 'part', 'time', 'count', ...countedFields];
const rowSql = `INSERT OR REPLACE INTO rows (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;

/** Writes tiles into an index. One for each open index: it holds words. */
export class TileWriter {
  readonly #index: SideFile;
  readonly #words = new LRUCache<string, number>({ max: mostWords });

  constructor(index: SideFile) {
    this.#index = index;
  }

  /**
   * Adds the whole tile of these entries. Call within a change; where that fails, nothing is to be done with this writer
   * any more. What is no record has no row and no terms.
   */
  add(tile: number, entries: readonly Uint8Array[]): void {
    const index = this.#index;
    const places = new Map<number, number[]>();
    let [first, last] = [Infinity, -Infinity];
    entries.forEach((bytes, place) => {
      const entry = readEntry('', place, bytes);
      if (!entry) return;
      const { time, record } = entry;
      [first, last] = [Math.min(first, time), Math.max(last, time)];
      const parts = partsOf(record);
      parts.forEach(({ record: part, count }, number) => {
        const cells = this.#cells(part, place, places);
        const at = parts.length === 1 && record['kind'] !== 'merged' ? 0 : number + 1;
        index.run(rowSql, tile * tileWidth + place, at, time, count, ...cells);
      });
    });
    // A tile without a record is of no time, and is found by none.
    if (first === Infinity) [first, last] = [0, 0];
    index.run(
      'INSERT OR REPLACE INTO tiles (tile, first_time, last_time) VALUES (?, ?, ?)',
      tile,
      first,
      last,
    );
    const terms = Buffer.alloc(places.size * termBytes);
    let at = 0;
    for (const [term, found] of places) {
      index.run(
        'INSERT OR REPLACE INTO postings (term, tile, places) VALUES (?, ?, ?)',
        term,
        tile,
        writePlaces(found),
      );
      at = terms.writeUIntLE(term, at, termBytes);
    }
    const ends = endsOf(entries);
    index.run('INSERT OR REPLACE INTO bundles (tile, ends, terms) VALUES (?, ?, ?)', tile, ends, terms);
  }

  #cells(record: AnyRecord, place: number, places: Map<number, number[]>): Cell[] {
    const cells: Cell[] = [];
    for (const field of lookedUpFields) {
      const values = valuesOf(record, field);
      for (const value of values) note(places, termOf(field, value), place);
      if (cells.length < countedFields.length) cells.push(this.#wordOf(field as CountedField, values));
    }
    return cells;
  }

  #wordOf(field: CountedField, values: readonly string[]): number | null {
    const text = countedValue(field, values);
    if (text === undefined || text.length > longestWord) return null;
    const held = this.#words.get(text);
    if (held !== undefined) return held;
    const found =
      this.#index.get('SELECT id FROM words WHERE text = ?', text) ??
      this.#index.get('INSERT INTO words (text) VALUES (?) RETURNING id', text);
    const id = Number(found?.['id']);
    this.#words.set(text, id);
    return id;
  }
}

/** Takes a tile out again. Call within a change. */
export function removeTile(index: SideFile, tile: number): void {
  const terms = index.get('SELECT terms FROM bundles WHERE tile = ?', tile)?.['terms'];
  if (terms instanceof Uint8Array) {
    const bytes = Buffer.from(terms.buffer, terms.byteOffset, terms.byteLength);
    for (let at = 0; at < bytes.byteLength; at += termBytes)
      index.run('DELETE FROM postings WHERE term = ? AND tile = ?', bytes.readUIntLE(at, termBytes), tile);
  }
  index.run('DELETE FROM rows WHERE idx BETWEEN ? AND ?', tile * tileWidth, (tile + 1) * tileWidth - 1);
  index.run('DELETE FROM bundles WHERE tile = ?', tile);
  index.run('DELETE FROM tiles WHERE tile = ?', tile);
}

/** What a record is counted under: of a network that of 24 or 64 bits, else the first value. */
export function countedValue(field: CountedField, values: readonly string[]): string | undefined {
  return field === 'network' ? (values.find((one) => /\/(24|64)$/.test(one)) ?? values[0]) : values[0];
}

function note(places: Map<number, number[]>, term: number, place: number): void {
  const known = places.get(term);
  if (!known) places.set(term, [place]);
  else if (known.at(-1) !== place) known.push(place);
}

function endsOf(entries: readonly Uint8Array[]): Uint8Array {
  const ends = Buffer.alloc(entries.length * 4);
  let end = 0;
  entries.forEach((entry, place) => {
    end += 2 + entry.byteLength;
    ends.writeUInt32LE(end, place * 4);
  });
  return ends;
}
