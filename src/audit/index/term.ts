import { lookedUpFields } from './schema.ts';
import type { FieldName } from '../query/fields.ts';

/** Bytes of the key that the terms of an index are made with. */
export const termKeyBytes = 8;
const lowBits = 16;

/**
 * Numbers of fields' values: HalfSipHash-1-3 with 64 bits (J.-P. Aumasson, D. J. Bernstein) under the index's own key, so
 * that whoever chooses values cannot make them meet. An instance holds the result of its last `hash`.
 */
export class TermHash {
  readonly #low: number;
  readonly #high: number;
  /** First 32 bits, and the 32 after them, both signed. */
  first = 0;
  second = 0;

  constructor(key: Uint8Array) {
    const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
    this.#low = bytes.readInt32LE(0);
    this.#high = bytes.readInt32LE(4);
  }

  /** Hashes a field's number and the bytes of its value. */
  hash(field: number, bytes: Uint8Array, from: number, to: number): void {
    let v0 = this.#low;
    let v1 = this.#high ^ 0xee;
    let v2 = this.#low ^ 0x6c796765;
    let v3 = this.#high ^ 0x74656462;
    const length = to - from;
    const words = length >>> 2;
    let at = from;
    // One more word before the value, and one behind it with what is left of it and the length.
    for (let word = -1; word <= words; word += 1) {
      let m = field;
      if (word === words) {
        m = length << 24;
        for (let rest = length & 3; rest > 0; rest -= 1)
          m |= (bytes[at + rest - 1] as number) << (8 * (rest - 1));
      } else if (word >= 0) {
        m =
          (bytes[at] as number) |
          ((bytes[at + 1] as number) << 8) |
          ((bytes[at + 2] as number) << 16) |
          ((bytes[at + 3] as number) << 24);
        at += 4;
      }
      v3 ^= m;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= m;
    }
    v2 ^= 0xee;
    for (let round = 0; round < 6; round += 1) {
      if (round === 3) {
        this.first = v1 ^ v3;
        v1 ^= 0xdd;
      }
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    this.second = v1 ^ v3;
  }
}

/**
 * The number of a field's value in an index: the first 48 bits of its hash, which a double holds exactly. Two values may have
 * the same; whoever finds records by a term looks at the record itself.
 */
export function termOf(key: Uint8Array, field: FieldName, value: string): number {
  const bytes = Buffer.from(value);
  const hash = new TermHash(key);
  hash.hash(lookedUpFields.indexOf(field), bytes, 0, bytes.byteLength);
  return termFrom(hash.first, hash.second);
}

/** The term of both halves of a hash. */
export function termFrom(first: number, second: number): number {
  return (first >>> 0) * 2 ** lowBits + (second >>> (32 - lowBits));
}
