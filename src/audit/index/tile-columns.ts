import type { EpochMs } from '../../lib/clock.ts';
import type { Cell, Row, SideFile } from '../../store/side-file.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { readColumn } from './column.ts';
import type { Column } from './column.ts';
import { damagedIndex, readingIndex, readingRows } from './damaged.ts';
import type { CountedField } from './schema.ts';

/** A part of a record, as it is counted. */
export interface TileRow {
  /** Of its entry in the tile. */
  readonly place: number;
  readonly time: EpochMs;
  /** Whether it is a group of merged denials, and not a record of its own. */
  readonly isGroup: boolean;
  readonly count: number;
}

/** Bytes of a row that does not stand at its own place, or counts for more than one. */
const oddRowBytes = 10;

/**
 * What `columns.rows` says: for each row its place, whether it is a group, and its count as a double. Null where there are 256
 * that stand for their entries one after the other and count once.
 */
export function writeRows(rows: readonly TileRow[]): Uint8Array | null {
  const plain = rows.every(({ place, isGroup, count }, row) => place === row && !isGroup && count === 1);
  if (plain && rows.length === tileWidth) return null;
  const bytes = Buffer.alloc(rows.length * oddRowBytes);
  rows.forEach(({ place, isGroup, count }, row) => {
    bytes[row * oddRowBytes] = place;
    bytes[row * oddRowBytes + 1] = isGroup ? 1 : 0;
    bytes.writeDoubleLE(count, row * oddRowBytes + 2);
  });
  return bytes;
}

/** What `columns.times` says: milliseconds since the tile's first time, in 2, 4 or 8 bytes each (8: a double). */
export function writeTimes(rows: readonly TileRow[], first: EpochMs, last: EpochMs): Uint8Array {
  const width = last - first < 2 ** 16 ? 2 : last - first < 2 ** 32 ? 4 : 8;
  const bytes = Buffer.alloc(rows.length * width);
  rows.forEach(({ time }, row) => {
    const at = row * width;
    if (width === 2) bytes.writeUInt16LE(time - first, at);
    else if (width === 4) bytes.writeUInt32LE(time - first, at);
    else bytes.writeDoubleLE(time - first, at);
  });
  return bytes;
}

/** The rows of a tile, with the fields that were asked for. */
export interface TileTable {
  readonly tile: number;
  readonly length: number;
  /** Of an entry in the tile. */
  place(row: number): number;
  isGroup(row: number): boolean;
  count(row: number): number;
  time(row: number): EpochMs;
  column(field: CountedField): Column;
}

/** Reads the rows of tiles from `low` to `high`, in order, with these fields. Throws as `damagedIndex`. */
export function readTables(
  index: SideFile,
  fields: readonly CountedField[],
  low: number,
  high: number,
): Generator<TileTable> {
  const wanted = [...new Set(fields)];
  const names = ['c.tile AS tile', 'first_time', 'last_time', 'rows', 'times', ...wanted].join(', ');
  const sql = `SELECT ${names} FROM columns c JOIN tiles t ON t.tile = c.tile WHERE c.tile BETWEEN ? AND ? ORDER BY c.tile`;
  return readingRows(function* () {
    for (const row of index.iterate(sql, low, high)) yield tableOf(row, wanted);
  });
}

function tableOf(row: Row, fields: readonly CountedField[]): TileTable {
  const [odd, times, first] = [bytesOf(row['rows']), bytesOf(row['times']), Number(row['first_time'])];
  const length = odd ? odd.byteLength / oddRowBytes : tileWidth;
  const width = length === 0 || !times ? 0 : times.byteLength / length;
  const isTable = Number.isSafeInteger(length) && times && (length === 0 || [2, 4, 8].includes(width));
  if (!isTable) throw damagedIndex();
  const columns = new Map(fields.map((field) => [field, readColumn(bytesOf(row[field]), length)]));
  return {
    ...{ tile: Number(row['tile']), length },
    place: (at) => (odd ? (odd[at * oddRowBytes] as number) : at),
    isGroup: (at) => odd !== null && odd[at * oddRowBytes + 1] === 1,
    count: (at) => (odd ? odd.readDoubleLE(at * oddRowBytes + 2) : 1),
    time: (at) => {
      if (!times) return first;
      if (width === 8) return first + times.readDoubleLE(at * width);
      return first + (width === 4 ? times.readUInt32LE(at * width) : times.readUInt16LE(at * width));
    },
    column: (field) => columns.get(field) as Column,
  };
}

/**
 * Where each entry of a tile ends in its bundle; undefined where the index does not have the tile. Throws as `damagedIndex`.
 */
export function endsOf(index: SideFile, tile: number): Uint32Array | undefined {
  const row = readingIndex(() => index.get('SELECT lengths FROM columns WHERE tile = ?', tile));
  if (row === undefined) return undefined;
  const lengths = bytesOf(row['lengths']);
  if (lengths?.byteLength !== 2 * tileWidth) throw damagedIndex();
  const ends = new Uint32Array(lengths.byteLength / 2);
  let end = 0;
  for (let place = 0; place < ends.length; place += 1) {
    end += 2 + lengths.readUInt16LE(2 * place);
    ends[place] = end;
  }
  return ends;
}

function bytesOf(cell: Cell | undefined): Buffer | null {
  if (!(cell instanceof Uint8Array)) return null;
  return Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength);
}
