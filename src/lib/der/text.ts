import { isUtf8 } from 'node:buffer';
import { derError, type Tlv } from './reader.ts';
import { tags } from './tags.ts';

/** PrintableString (X.680 section 41.4): letters, digits, space and `'()+,-./:=?`. */
const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/;
const numeric = /^[0-9 ]*$/;

/**
 * Reads a character string by its tag: UTF8String, PrintableString, NumericString, IA5String, VisibleString,
 * BMPString, UniversalString, and TeletexString as far as it is ASCII (its further characters have no agreed
 * reading). Characters outside the type's repertoire and NUL, which other readers take for the end, are refused.
 * Throws PDP_DER_INVALID.
 */
export function readString(tlv: Tlv): string {
  const text = decode(tlv.tag, tlv.content);
  if (text.includes('\0')) throw derError('string with an embedded NUL');
  return text;
}

/** Reads the contents of an IA5String under an implicit tag, by the same rules. */
export function ia5Content(content: Uint8Array): string {
  const text = ascii(content);
  if (text.includes('\0')) throw derError('string with an embedded NUL');
  return text;
}

function decode(tag: number, content: Uint8Array): string {
  switch (tag) {
    case tags.utf8String:
      if (!isUtf8(content)) throw derError('UTF8String that is not UTF-8');
      return view(content).toString('utf8');
    case tags.printableString:
      return matching(ascii(content), printable);
    case tags.numericString:
      return matching(ascii(content), numeric);
    case tags.ia5String:
    case tags.visibleString:
    case tags.teletexString:
      return ascii(content);
    case tags.bmpString:
      return codePoints(content, 2);
    case tags.universalString:
      return codePoints(content, 4);
    default:
      throw derError(`string expected, 0x${tag.toString(16)} found`);
  }
}

function view(content: Uint8Array): Buffer {
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength);
}

function ascii(content: Uint8Array): string {
  for (const octet of content) if (octet > 0x7f) throw derError('string with octets above 7F');
  return view(content).toString('latin1');
}

function matching(text: string, repertoire: RegExp): string {
  if (!repertoire.test(text)) throw derError('string with characters outside its type');
  return text;
}

/** Big-endian characters of `width` octets; surrogates and what lies beyond Unicode are refused. */
function codePoints(content: Uint8Array, width: 2 | 4): string {
  if (content.byteLength % width !== 0) throw derError('string cut off within a character');
  const octets = view(content);
  let text = '';
  for (let at = 0; at < octets.length; at += width) {
    const point = octets.readUIntBE(at, width);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
      throw derError('string with an invalid character');
    text += String.fromCodePoint(point);
  }
  return text;
}
