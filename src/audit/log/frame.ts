import { PortreeveError } from '../../lib/errors.ts';
import { bytesOf } from '../line-block.ts';
import type { Lines } from '../line-block.ts';
import { mostEntryBytes } from '../tlog/entry-bundle.ts';

/** Entries as they stand in a bundle, each with its length before it, and where each ends. */
export interface Framed {
  readonly bytes: Buffer;
  readonly ends: readonly number[];
}

const lineFeed = 0x0a;
const lengthBytes = 2;

/** Turns lines into entries, without their line feeds. Throws PDP_LIMIT_EXCEEDED for one that no bundle can hold. */
export function frameLines(lines: readonly Lines[]): Framed {
  const parts = lines.map(bytesOf);
  const count = lines.reduce((sum, one) => sum + (typeof one === 'string' ? 1 : one.count), 0);
  // A line feed goes and two bytes of length come, for each.
  const length = parts.reduce((sum, part) => sum + part.byteLength, 0) + count;
  const bytes = Buffer.from(new ArrayBuffer(length));
  const ends: number[] = [];
  let at = 0;
  for (const part of parts) {
    for (let start = 0; start < part.byteLength;) {
      const end = part.indexOf(lineFeed, start);
      const size = end - start;
      if (size > mostEntryBytes) throw tooLong(size);
      at = bytes.writeUInt16BE(size, at);
      bytes.set(part.subarray(start, end), at);
      at += size;
      ends.push(at);
      start = end + 1;
    }
  }
  return { bytes, ends };
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

function tooLong(size: number): PortreeveError {
  const problem = `a record of ${size} bytes is longer than the ${mostEntryBytes} of an entry`;
  return new PortreeveError('PDP_LIMIT_EXCEEDED', problem);
}
