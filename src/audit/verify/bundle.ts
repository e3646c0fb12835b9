import { hashBytes } from '../tlog/hash.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { writeLeafHash } from './rows.ts';

/** A bundle as it was found. */
export interface Bundle {
  /** Hashes of its entries, one behind the other. */
  readonly leaves: Buffer;
  /** Where its entries are: begin and end of each in `bytes`. */
  readonly places: Uint32Array;
  readonly count: number;
  readonly bytes: Buffer;
  /** It ends within an entry, which is not counted. */
  readonly torn: boolean;
}

/** Most entries that are looked at in one bundle: enough to tell what was added. */
const most = 2 * tileWidth;

/** Reads as much of a bundle as there is, and hashes its entries. The bytes come back as they were. */
export function readBundle(found: Uint8Array): Bundle {
  const bytes = Buffer.from(found.buffer, found.byteOffset, found.byteLength);
  const leaves = Buffer.allocUnsafe(most * hashBytes);
  const places = new Uint32Array(2 * most);
  let [count, at] = [0, 0];
  while (at < bytes.byteLength && count < most) {
    const end = at + 2 <= bytes.byteLength ? at + 2 + bytes.readUInt16BE(at) : Infinity;
    if (end > bytes.byteLength) break;
    writeLeafHash(bytes, at + 2, end, leaves, count * hashBytes);
    places[2 * count] = at + 2;
    places[2 * count + 1] = end;
    count += 1;
    at = end;
  }
  return { leaves: leaves.subarray(0, count * hashBytes), places, count, bytes, torn: at < bytes.byteLength };
}

/** An entry's bytes. */
export function entryAt({ bytes, places }: Bundle, place: number): Buffer {
  return bytes.subarray(places[2 * place], places[2 * place + 1]);
}
