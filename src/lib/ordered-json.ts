import { isRawNumber, type ExactJson } from './exact-json.ts';

/**
 * A JSON value's text without blanks, with names in the order of their UTF-8 bytes: equal values have equal texts. Numbers
 * keep the digits that they were written with, strings are written as Go's encoder does without HTML escapes. It is what
 * OPA hashes of a bundle's documents; RFC 8785, which `canonicalJson` writes, has other rules for order and numbers.
 */
export function orderedJson(value: ExactJson): string {
  if (value === null || typeof value !== 'object') return primitive(value);
  if (isRawNumber(value)) return value.rawJSON;
  if (isList(value)) return `[${value.map(orderedJson).join(',')}]`;
  const names = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${names.map((name) => `${primitive(name)}:${orderedJson(value[name] as ExactJson)}`).join(',')}}`;
}

/** As Go's encoder writes it: as ECMAScript does, but for the two line separators. */
function primitive(value: null | boolean | number | string): string {
  const text = JSON.stringify(typeof value === 'string' ? value.toWellFormed() : value);
  return text.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function isList(value: object): value is readonly ExactJson[] {
  return Array.isArray(value);
}
