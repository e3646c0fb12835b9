import { order } from './number.ts';
import { OperandError, asText, objectAt, textAt } from './operands.ts';
import { bytesOf, textOf } from './text.ts';
import { objectOf } from './compare.ts';
import type { BuiltinTable } from './types.ts';
import { RegoSet, isArray } from './value.ts';
import type { RegoValue, RegoObject } from './value.ts';

/** Encodings of strings, by their bytes. */
export const encodingBuiltins: BuiltinTable = {
  'hex.encode': (args) => bytesOf(textAt(args, 0)).toString('hex'),
  'hex.decode': (args) => {
    const text = textAt(args, 0);
    if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw new OperandError('not hexadecimal');
    return textOf(Buffer.from(text, 'hex'));
  },
  'base64url.encode_no_pad': (args) => bytesOf(textAt(args, 0)).toString('base64url'),
  'urlquery.encode': (args) => escapeQuery(textAt(args, 0)),
  'urlquery.decode': (args) => unescapeQuery(textAt(args, 0)),
  'urlquery.encode_object': (args) => {
    const pairs = objectAt(args, 0).entries.flatMap(([key, value]) =>
      valuesOf(value).map((one) => [asText(key), one] as const),
    );
    const sorted = pairs.sort(([a], [b]) =>
      order(bytesOf(a).toString('latin1'), bytesOf(b).toString('latin1')),
    );
    return sorted.map(([key, value]) => `${escapeQuery(key)}=${escapeQuery(value)}`).join('&');
  },
  'urlquery.decode_object': (args) => decodeObject(textAt(args, 0)),
};

/** Percent-encoding as in a query, a space as `+`. */
export function escapeQuery(text: string): string {
  let escaped = '';
  for (const byte of bytesOf(text)) {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9._~-]/.test(character)) escaped += character;
    else escaped += byte === 0x20 ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

/** Reads percent-encoding, `+` as a space. Throws where a `%` is not followed by two hexadecimal digits. */
export function unescapeQuery(text: string): string {
  return unescape(text.replaceAll('+', ' '));
}

/** Reads percent-encoding. Throws where a `%` is not followed by two hexadecimal digits. */
export function unescape(text: string): string {
  if (!text.includes('%')) return text;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) throw new OperandError('a percent sign without two digits');
  const bytes = bytesOf(text).toString('latin1');
  const plain = bytes.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  );
  return textOf(Buffer.from(plain, 'latin1'));
}

/** The strings that go under one key; an array or set in its order. */
function valuesOf(value: RegoValue): readonly string[] {
  if (typeof value === 'string') return [value];
  if (isArray(value)) return value.map(asText);
  if (value instanceof RegoSet) return value.members.map(asText);
  throw new OperandError('neither a string nor strings');
}

function decodeObject(query: string): RegoObject {
  const found = new Map<string, string[]>();
  for (const part of query.split('&')) {
    if (part.includes(';')) throw new OperandError('a semicolon between pairs');
    if (part === '') continue;
    const [key = '', ...rest] = part.split('=');
    const name = unescapeQuery(key);
    found.set(name, [...(found.get(name) ?? []), unescapeQuery(rest.join('='))]);
  }
  return objectOf([...found]);
}
