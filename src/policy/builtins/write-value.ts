import { shownText } from './text.ts';
import { RegoNumber, RegoObject, RegoSet, isArray } from './value.ts';
import type { RegoValue } from './value.ts';

/** Writes a value as the module reads it (`opa_value_parse`). Bytes that are no UTF-8 are U+FFFD, as in JSON. */
export function writeValue(value: RegoValue): string {
  if (typeof value === 'string') return JSON.stringify(shownText(value));
  if (value instanceof RegoNumber) return value.text;
  if (isArray(value)) return `[${value.map(writeValue).join(',')}]`;
  if (value instanceof RegoSet) {
    return value.members.length === 0 ? 'set()' : `{${value.members.map(writeValue).join(',')}}`;
  }
  if (value instanceof RegoObject) {
    return `{${value.entries.map(([key, member]) => `${writeValue(key)}:${writeValue(member)}`).join(',')}}`;
  }
  return String(value);
}
