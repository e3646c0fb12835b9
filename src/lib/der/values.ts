import { toHex } from '../bytes.ts';
import { derError, type Tlv } from './reader.ts';
import { tags } from './tags.ts';

export { readOid } from './oid.ts';
export { readString } from './text.ts';
export { readTime } from './time.ts';

function expectTag(tlv: Tlv, tag: number, name: string): Uint8Array {
  if (tlv.tag !== tag) throw derError(`${name} expected, 0x${tlv.tag.toString(16)} found`);
  return tlv.content;
}

/** Contents of an INTEGER or ENUMERATED in the shortest form (X.690 section 8.3.2). */
function integerContent(tlv: Tlv): Uint8Array {
  if (tlv.tag !== tags.enumerated) expectTag(tlv, tags.integer, 'INTEGER');
  return shortestInteger(tlv.content);
}

function shortestInteger(content: Uint8Array): Uint8Array {
  const [first, second] = content;
  if (first === undefined) throw derError('INTEGER without contents');
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw derError('INTEGER not in its shortest form');
  }
  return content;
}

/**
 * Reads an INTEGER of any length: lower-case hex of its big-endian magnitude without leading zero octets (`00` for
 * zero), and whether it is negative (then `hex` is the two's complement as encoded). Throws PDP_DER_INVALID.
 */
export function readUnsignedHex(tlv: Tlv): { readonly hex: string; readonly negative: boolean } {
  const content = integerContent(tlv);
  const first = content[0] as number;
  const padded = first === 0 && content.byteLength > 1;
  return { hex: toHex(padded ? content.subarray(1) : content), negative: first >= 0x80 };
}

/** Reads a non-negative INTEGER or ENUMERATED below 2^31. Throws PDP_DER_INVALID for any other. */
export function readSmallInteger(tlv: Tlv): number {
  return smallIntegerContent(integerContent(tlv));
}

/** As `readSmallInteger`, of the contents alone: for INTEGERs under an implicit tag. */
export function smallIntegerContent(content: Uint8Array): number {
  const shortest = shortestInteger(content);
  if ((shortest[0] as number) >= 0x80) throw derError('INTEGER is negative');
  if (shortest.byteLength > 4) throw derError('INTEGER too large');
  let value = 0;
  for (const octet of shortest) value = value * 256 + octet;
  return value;
}

/** Reads a BOOLEAN, 00 or FF (X.690 section 11.1). Throws PDP_DER_INVALID. */
export function readBoolean(tlv: Tlv): boolean {
  const content = expectTag(tlv, tags.boolean, 'BOOLEAN');
  if (content.byteLength !== 1) throw derError('BOOLEAN of more or less than one octet');
  if (content[0] !== 0 && content[0] !== 0xff) throw derError('BOOLEAN neither 00 nor FF');
  return content[0] === 0xff;
}

/** Reads a BIT STRING whose unused bits are zero (X.690 section 11.2.1); `bytes` is a view. Throws PDP_DER_INVALID. */
export function readBitString(tlv: Tlv): { readonly unused: number; readonly bytes: Uint8Array } {
  return bitStringContent(expectTag(tlv, tags.bitString, 'BIT STRING'));
}

/** As `readBitString`, of the contents alone: for BIT STRINGs under an implicit tag. */
export function bitStringContent(content: Uint8Array): {
  readonly unused: number;
  readonly bytes: Uint8Array;
} {
  const unused = content[0];
  if (unused === undefined || unused > 7) throw derError('BIT STRING without a valid count of unused bits');
  const bytes = content.subarray(1);
  if (bytes.byteLength === 0 && unused !== 0) throw derError('empty BIT STRING with unused bits');
  if (unused > 0 && ((bytes.at(-1) as number) & ((1 << unused) - 1)) !== 0) {
    throw derError('BIT STRING with unused bits set');
  }
  return { unused, bytes };
}

/** Reads a BIT STRING of whole octets, as keys and signatures are. Throws PDP_DER_INVALID. */
export function readOctetAlignedBits(tlv: Tlv): Uint8Array {
  const { unused, bytes } = readBitString(tlv);
  if (unused !== 0) throw derError('BIT STRING is not whole octets');
  return bytes;
}

/**
 * Reads a named bit list as the indexes of its set bits. Trailing zero bits, which X.690 section 11.2.2 removes, are
 * let through: the embedded CA software of many device fleets writes them, and they change no meaning.
 */
export function namedBits(bits: { readonly bytes: Uint8Array }): number[] {
  const set: number[] = [];
  for (const [index, octet] of bits.bytes.entries()) {
    for (let bit = 0; bit < 8; bit++) if (octet & (0x80 >> bit)) set.push(index * 8 + bit);
  }
  return set;
}

/** Reads an OCTET STRING; the answer is a view. Throws PDP_DER_INVALID. */
export function readOctets(tlv: Tlv): Uint8Array {
  return expectTag(tlv, tags.octetString, 'OCTET STRING');
}

/** Reads a NULL. Throws PDP_DER_INVALID. */
export function readNull(tlv: Tlv): void {
  if (expectTag(tlv, tags.null, 'NULL').byteLength !== 0) throw derError('NULL with contents');
}

/** Throws PDP_DER_INVALID unless the elements of a SET OF stand in ascending order (X.690 section 11.6). */
export function checkSetOrder(elements: readonly Tlv[]): void {
  for (let i = 1; i < elements.length; i++) {
    const [before, after] = [elements[i - 1] as Tlv, elements[i] as Tlv];
    if (Buffer.compare(before.whole, after.whole) > 0) throw derError('SET OF not in ascending order');
  }
}
