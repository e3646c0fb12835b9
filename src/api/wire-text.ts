/*
 * Protobuf messages as texts in which each character is a byte. A message's length is then known as soon as it is put
 * together, so that messages are written from the inside out, and become bytes once, at the end (`toBytes`).
 */

/** A field of wire type 2: text in UTF-8 (surrogates without their other half become U+FFFD). */
export function textField(number: number, text: string): string {
  return part(number, notAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text);
}

/** A field of wire type 2: a message that was put together of fields. */
export function part(number: number, fields: string): string {
  return opening(number, fields.length) + fields;
}

/** What comes before the content of a field of wire type 2, which is so many bytes long. */
export function opening(number: number, length: number): string {
  return varint(number * 8 + 2) + varint(length);
}

/** A field of wire type 0: a whole number from 0 to 2^31 - 1. */
export function numberField(number: number, value: number): string {
  return varint(number * 8) + varint(value);
}

/** The bytes of a message that was put together of fields. */
export function toBytes(fields: string): Buffer {
  return Buffer.from(fields, 'latin1');
}

const notAscii = /[^\x00-\x7f]/;

function varint(value: number): string {
  if (value < 128) return String.fromCharCode(value);
  return String.fromCharCode((value & 127) | 128) + varint(value >>> 7);
}
