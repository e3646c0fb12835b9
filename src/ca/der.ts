import { toDate, type EpochMs } from '../lib/clock.ts';

/** One DER element (X.690 section 8.1): identifier octet, definite length, the contents one after another. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const length = contents.reduce((sum, part) => sum + part.byteLength, 0);
  return Buffer.concat([Buffer.from([tag]), lengthOctets(length), ...contents]);
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(length);
  const shortest = octets.subarray(octets.findIndex((octet) => octet !== 0));
  return Buffer.concat([Buffer.from([0x80 | shortest.byteLength]), shortest]);
}

export function sequence(...contents: readonly Uint8Array[]): Buffer {
  return tlv(0x30, ...contents);
}

export function octetString(content: Uint8Array): Buffer {
  return tlv(0x04, content);
}

export function bitString(content: Uint8Array): Buffer {
  return tlv(0x03, Buffer.from([0]), content);
}

export function enumerated(value: number): Buffer {
  return tlv(0x0a, Buffer.from([value]));
}

/** OBJECT IDENTIFIER from dotted text. */
export function objectIdentifier(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      groups.unshift((left % 128) | 0x80);
    }
    octets.push(...groups);
  }
  return tlv(0x06, Buffer.from(octets));
}

/** Shortest two's complement INTEGER from hex of any length; a leading `-` makes it negative. */
export function integer(hex: string): Buffer {
  let value = BigInt(`0x${hex.replace(/^-/, '') || '0'}`);
  let octets = 1n;
  if (hex.startsWith('-')) {
    while (value > 1n << (8n * octets - 1n)) octets += 1n;
    value = value === 0n ? 0n : (1n << (8n * octets)) - value;
  } else {
    while (value >= 1n << (8n * octets - 1n)) octets += 1n;
  }
  return tlv(0x02, Buffer.from(value.toString(16).padStart(Number(octets) * 2, '0'), 'hex'));
}

/** Time as RFC 5280 section 4.1.2.5 has it: UTCTime to the end of 2049, GeneralizedTime from 2050; whole seconds. */
export function time(at: EpochMs): Buffer {
  const digits = toDate(at).toISOString().slice(0, 19).replace(/[-:T]/g, '');
  const early = digits >= '1950' && digits < '2050';
  return early ? tlv(0x17, Buffer.from(`${digits.slice(2)}Z`)) : tlv(0x18, Buffer.from(`${digits}Z`));
}

/** One Extension (RFC 5280 section 4.1); `critical` is left out where false, as DER asks. */
export function extension(oid: string, critical: boolean, value: Uint8Array): Buffer {
  const flag = critical ? [tlv(0x01, Buffer.from([0xff]))] : [];
  return sequence(objectIdentifier(oid), ...flag, octetString(value));
}

/** Where the content of the DER element at `start` begins and ends; of bytes that are DER of a known form. */
export function contentOf(der: Uint8Array, start: number): { readonly start: number; readonly end: number } {
  const first = der[start + 1] ?? 0;
  const count = first < 0x80 ? 0 : first & 0x7f;
  let length = count === 0 ? first : 0;
  for (const octet of der.subarray(start + 2, start + 2 + count)) length = length * 256 + octet;
  const content = start + 2 + count;
  return { start: content, end: content + length };
}
