import { isRawNumber } from '../../lib/exact-json.ts';
import { isObject } from '../is-object.ts';
import { framing } from '../verdict.ts';
import type { NamedValue } from './types.ts';
import { checkedLine, entriesByName, most, wrong } from './checks.ts';

/** RFC 9110 section 5.6.2 token, in lower case. A pseudo-header's colon is none of it. */
const token = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/;

/**
 * Headers in each shape that opa-envoy-plugin takes: an object of texts or lists of texts by name, or a list of such
 * objects. Names are told lower-case. Throws PDP_POLICY_TRAP for other shapes, for names that are no tokens, that frame
 * or route the message or are this program's own, and for values with control characters.
 */
export function readHeaders(value: unknown, where: string): readonly NamedValue[] {
  const objects: readonly unknown[] = Array.isArray(value) ? value : [value];
  const headers = objects.flatMap((one) => headersOf(one, where));
  if (headers.length > most.headers) throw wrong(where, `at most ${most.headers}`);
  return headers;
}

function headersOf(value: unknown, where: string): readonly NamedValue[] {
  if (!isObject(value) || isRawNumber(value)) throw wrong(where, 'an object, or a list of objects');
  return entriesByName(value).flatMap(([given, text]) => {
    const name = readHeaderName(given, where);
    const values: readonly unknown[] = Array.isArray(text) ? text : [text];
    return values.map((one) => ({ name, value: checkedLine(one, `${where} ${name}`, most.text) }));
  });
}

/** A header's name in lower case. Throws PDP_POLICY_TRAP for one that a policy may not touch. */
export function readHeaderName(given: string, where: string): string {
  const name = given.toLowerCase();
  if (!token.test(name)) throw wrong(`${JSON.stringify(given.slice(0, 80))} in ${where}`, 'a header name');
  if (framing.has(name) || name.startsWith('x-portreeve-')) {
    throw wrong(`${name} in ${where}`, 'a header that a policy may touch');
  }
  return name;
}
