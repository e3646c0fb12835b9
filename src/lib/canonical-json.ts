import canonicalize from 'canonicalize';
import { describeThrown, PortreeveError } from './errors.ts';

/**
 * RFC 8785 (JCS) text of a JSON value. Throws PDP_INTERNAL for what JSON cannot hold.
 *
 * JCS prescribes ECMAScript's own way of writing strings and numbers, so an ordinary value is put in order and written
 * by the runtime in one go, several times faster than member by member. What the runtime would not write as JCS has it
 * (names like array indices, which it enumerates first; lone surrogates; objects with a `toJSON`) is left to the library.
 */
export function canonicalJson(value: unknown): string {
  const sorted = inOrder(value);
  if (sorted !== odd) {
    const text = JSON.stringify(sorted);
    if (!text.includes(escapedSurrogate)) return text;
  }
  return byLibrary(value);
}

/** How the runtime writes a lone surrogate, which JCS forbids. Text that merely has a backslash before `ud` passes too. */
const escapedSurrogate = '\\ud';

function byLibrary(value: unknown): string {
  try {
    const text = canonicalize(value);
    if (text !== undefined) return text;
  } catch (thrown) {
    throw new PortreeveError('PDP_INTERNAL', `value has no canonical JSON form: ${describeThrown(thrown)}`, {
      cause: thrown,
    });
  }
  throw new PortreeveError('PDP_INTERNAL', 'value has no canonical JSON form');
}

/** Values that were found to be in order with all that is in them, and are never changed. */
const settled = new WeakSet<object>();

/**
 * The value with all members in canonical order, for values that live long and are never changed any more:
 * `canonicalJson` does not look into it again, wherever it is a part.
 */
export function canonicalForm<T extends object>(value: T): T {
  const form = inOrder(value);
  if (form === odd) return value;
  settled.add(form as T);
  return form as T;
}

/** Stands for a value that is not an ordinary one. */
const odd = Symbol('odd');

/** The value with all members in order of their names' UTF-16 code units, or `odd`. */
function inOrder(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : odd;
    case 'object':
      if (value === null || settled.has(value)) return value;
      return Array.isArray(value) ? arrayInOrder(value) : objectInOrder(value as Record<string, unknown>);
    default:
      return odd;
  }
}

/** Most values of any document: told apart here, because a call for each would cost more than all the rest. */
function isPlain(value: unknown): boolean {
  return value === null || typeof value === 'string' || value === true || value === false;
}

/** The same array where every element is in order already, else a copy. */
function arrayInOrder(values: readonly unknown[]): unknown {
  let copy: unknown[] | undefined;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    const member = isPlain(value) ? value : inOrder(value);
    if (member === odd) return odd;
    if (member !== value) copy ??= values.slice(0, index);
    copy?.push(member);
  }
  return copy ?? values;
}

/**
 * The same object where it and all below are in order already, as our own documents are made, else a copy. Nearly all
 * are: that is found out without a list of their names.
 */
function objectInOrder(value: Record<string, unknown>): unknown {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return odd;
  let at = begin;
  for (const name in value) {
    const next = follow(at, name);
    if (!next) return copyInOrder(value);
    at = next;
    const member = value[name];
    // A member that is undefined is none, as in JSON.
    if (isPlain(member) || member === undefined) continue;
    const ordered = inOrder(member);
    if (ordered === odd) return odd;
    if (ordered !== member) return copyInOrder(value);
  }
  return value;
}

/** The object with its members in order, or `odd`. */
function copyInOrder(value: Record<string, unknown>): unknown {
  const names = Object.keys(value);
  if (names.some(isOddName)) return odd;
  const copy: Record<string, unknown> = {};
  for (const name of names.sort(byCodeUnits)) {
    const member = value[name];
    const ordered = member === undefined ? undefined : inOrder(member);
    if (ordered === odd) return odd;
    copy[name] = ordered;
  }
  return copy;
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** A name that stands behind certain others in documents seen before, and the names that were seen behind it. */
interface Place {
  readonly name: string;
  readonly next: Place[];
  /** That of them which was met last: in documents of one kind, always the same. */
  last: Place | undefined;
}

/** Stands before the first name of every object. */
const begin: Place = { name: '', next: [], last: undefined };

/** Places that are kept, in all and behind one of them: the kinds of our own documents are few. */
const [mostPlaces, mostNext] = [4000, 64];
let places = 0;

/**
 * The place of a name behind another one; undefined where it may not stand there in canonical order. Names that came in
 * this order before are told by their identity, because comparing their texts anew costs more than writing them.
 */
function follow(at: Place, name: string): Place | undefined {
  const { last } = at;
  if (last !== undefined && last.name === name) return last;
  for (const known of at.next) if (known.name === name) return (at.last = known);
  if (isOddName(name) || !(at === begin || at.name < name)) return undefined;
  const place: Place = { name, next: [], last: undefined };
  if (places < mostPlaces && at.next.length < mostNext) {
    places += 1;
    at.next.push(place);
    at.last = place;
  }
  return place;
}

function isOddName(name: string): boolean {
  const unit = name.charCodeAt(0);
  return (unit >= 0x30 && unit <= 0x39) || name === '__proto__' || name === 'toJSON' || !name.isWellFormed();
}
