import { isRawNumber, parseExactJson } from '../../lib/exact-json.ts';
import type { ExactJson } from '../../lib/exact-json.ts';
import { objectOf } from './compare.ts';
import { numberOf } from './number.ts';
import { RegoNumber } from './value.ts';
import type { RegoEntry, RegoValue } from './value.ts';

/** Reads JSON into values of Rego, numbers as they are written. Throws where the text is none. */
export function readJson(text: string): RegoValue {
  return valueOf(parseExactJson(text));
}

/** A value that was read from JSON as one of Rego. */
export function valueOf(value: ExactJson): RegoValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return numberOf(value);
  if (isRawNumber(value)) return new RegoNumber(value.rawJSON);
  if (Array.isArray(value)) return (value as readonly ExactJson[]).map(valueOf);
  return objectOf(Object.entries(value).map(([key, member]): RegoEntry => [key, valueOf(member)]));
}
