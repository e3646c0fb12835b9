import { quote } from './quote.ts';
import { RegoNumber, RegoObject, RegoSet, isArray } from './value.ts';
import type { RegoValue } from './value.ts';

/** A value as OPA prints it: `{"a": [1, "b"]}`, sets as `{1, 2}` and `set()`, strings in quotes. */
export function regoText(value: RegoValue): string {
  if (typeof value === 'string') return quote(value);
  if (value instanceof RegoNumber) return value.text;
  if (isArray(value)) return `[${value.map(regoText).join(', ')}]`;
  if (value instanceof RegoSet) {
    return value.members.length === 0 ? 'set()' : `{${value.members.map(regoText).join(', ')}}`;
  }
  if (value instanceof RegoObject) {
    return `{${value.entries.map(([key, member]) => `${regoText(key)}: ${regoText(member)}`).join(', ')}}`;
  }
  return String(value);
}
