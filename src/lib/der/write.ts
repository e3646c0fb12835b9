import { tags } from './tags.ts';

/** One element in DER: identifier octet, length in its shortest form, contents. */
export function derElement(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOctets(content.byteLength), content]);
}

/** An OBJECT IDENTIFIER from its dotted text. */
export function derOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return derElement(tags.oid, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** A non-negative INTEGER from hex digits without a sign; the octet that keeps it positive is added. */
export function derUnsigned(hex: string): Uint8Array {
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const start = digits.findIndex((octet) => octet !== 0);
  const shortest = start < 0 ? Buffer.from([0]) : digits.subarray(start);
  const sign = (shortest[0] as number) >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0);
  return derElement(tags.integer, sign, shortest);
}

function base128(arc: number): number[] {
  const octets = [arc & 0x7f];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
    octets.unshift((rest & 0x7f) | 0x80);
  return octets;
}

function lengthOctets(length: number): Uint8Array {
  if (length < 0x80) return Buffer.from([length]);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest & 0xff);
  return Buffer.from([0x80 | octets.length, ...octets]);
}
