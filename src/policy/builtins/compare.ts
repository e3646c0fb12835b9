import { compareNumbers, order } from './number.ts';
import { RegoNumber, RegoObject, RegoSet, isArray } from './value.ts';
import type { RegoEntry, RegoValue } from './value.ts';

/** Rego's order of all values: null, booleans, numbers, strings, arrays, objects, sets. Answers -1, 0 or 1. */
export function compareValues(a: RegoValue, b: RegoValue): number {
  const rank = order(rankOf(a), rankOf(b));
  if (rank !== 0) return rank;
  if (typeof a === 'boolean' || a === null) return order(Number(a), Number(b));
  if (typeof a === 'string') return compareTexts(a, b as string);
  if (a instanceof RegoNumber) return compareNumbers(a, b as RegoNumber);
  if (a instanceof RegoSet) return compareLists(a.members, (b as RegoSet).members);
  if (a instanceof RegoObject) return compareObjects(a, b as RegoObject);
  return compareLists(a, b as readonly RegoValue[]);
}

export function equalValues(a: RegoValue, b: RegoValue): boolean {
  return compareValues(a, b) === 0;
}

/** A set of these members, each once. */
export function setOf(members: readonly RegoValue[]): RegoSet {
  const sorted = [...members].sort(compareValues);
  return new RegoSet(
    sorted.filter((member, index) => index === 0 || !equalValues(member, sorted[index - 1] ?? null)),
  );
}

/** An object of these entries; of equal keys the last counts. */
export function objectOf(entries: readonly RegoEntry[]): RegoObject {
  const sorted = [...entries].sort(([a], [b]) => compareValues(a, b));
  return new RegoObject(
    sorted.filter(([key], index) => {
      const next = sorted[index + 1];
      return next === undefined || !equalValues(key, next[0]);
    }),
  );
}

/** Order of strings by their UTF-8 bytes, which is the order of their code points. */
export function compareTexts(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at += 1) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) return order(byBytes(left), byBytes(right));
  }
  return order(a.length, b.length);
}

/** Surrogates are code points above all other units. */
function byBytes(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function rankOf(value: RegoValue): number {
  if (value === null) return 0;
  if (typeof value === 'boolean') return 1;
  if (value instanceof RegoNumber) return 2;
  if (typeof value === 'string') return 3;
  if (isArray(value)) return 4;
  return value instanceof RegoObject ? 5 : 6;
}

function compareLists(a: readonly RegoValue[], b: readonly RegoValue[]): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at += 1) {
    const found = compareValues(a[at] ?? null, b[at] ?? null);
    if (found !== 0) return found;
  }
  return order(a.length, b.length);
}

/** Objects are compared key, value, key, value in the order of their keys. */
function compareObjects(a: RegoObject, b: RegoObject): number {
  return compareLists(a.entries.flat(), b.entries.flat());
}
