import { PortreeveError } from '../../lib/errors.ts';
import type { BytePool } from '../byte-pool.ts';
import { bytesOf, countOf } from '../line-block.ts';
import type { Lines } from '../line-block.ts';
import { mostEntryBytes } from '../tlog/entry-bundle.ts';

/** Entries as they stand in a bundle, each with its length before it, and where each ends. */
export interface Framed {
  readonly bytes: Buffer;
  readonly ends: readonly number[];
  /** Gives the memory back; nobody may read the bytes afterwards. */
  readonly release: () => void;
}

const lineFeed = 0x0a;
const lengthBytes = 2;

/** Turns lines into entries, without their line feeds. Throws PDP_LIMIT_EXCEEDED for one that no bundle can hold. */
export function frameLines(lines: readonly Lines[], pool: BytePool): Framed {
  const parts = lines.map(asBuffer);
  // A line feed goes and two bytes of length come, for each.
  let length = 0;
  for (const part of parts) length += part.byteLength;
  for (const one of lines) length += countOf(one);
  const { bytes, release } = pool.take(length);
  try {
    return { bytes, ends: fill(bytes, parts), release };
  } catch (thrown) {
    release();
    throw thrown;
  }
}

function fill(bytes: Buffer, parts: readonly Buffer[]): readonly number[] {
  const ends: number[] = [];
  let at = 0;
  for (const part of parts) {
    for (let start = 0; start < part.byteLength;) {
      const end = part.indexOf(lineFeed, start);
      if (end - start > mostEntryBytes) throw tooLong(end - start);
      at = bytes.writeUInt16BE(end - start, at);
      at += part.copy(bytes, at, start, end);
      ends.push(at);
      start = end + 1;
    }
  }
  return ends;
}

function asBuffer(lines: Lines): Buffer {
  const bytes = bytesOf(lines);
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The whole entries at the beginning of a bundle that may be torn: where each ends. */
export function wholeEntries(bytes: Buffer, most: number, isWhole: (entry: Buffer) => boolean): number[] {
  const ends: number[] = [];
  let at = 0;
  while (ends.length < most && at + lengthBytes <= bytes.byteLength) {
    const end = at + lengthBytes + bytes.readUInt16BE(at);
    if (end > bytes.byteLength || !isWhole(bytes.subarray(at + lengthBytes, end))) break;
    ends.push(end);
    at = end;
  }
  return ends;
}

/** The entry at a place of a bundle with the byte before it, for `Tree.append`. */
export function prefixedAt(bytes: Buffer, ends: readonly number[], place: number): Buffer {
  return bytes.subarray((place === 0 ? 0 : (ends[place - 1] as number)) + lengthBytes - 1, ends[place]);
}

function tooLong(size: number): PortreeveError {
  const problem = `a record of ${size} bytes is longer than the ${mostEntryBytes} of an entry`;
  return new PortreeveError('PDP_LIMIT_EXCEEDED', problem);
}
