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

/** The same object where it and all below are in order already, as our own documents are made, else a copy. */
function objectInOrder(value: Record<string, unknown>): unknown {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return odd;
  const names = Object.keys(value);
  const order = orderOf(names);
  if (order === 'odd') return odd;
  const members: unknown[] = Object.values(value);
  let changed = order === 'unsorted';
  for (let index = 0; index < members.length; index++) {
    const member = members[index];
    // A member that is undefined is none, as in JSON.
    if (isPlain(member) || member === undefined) continue;
    const ordered = inOrder(member);
    if (ordered === odd) return odd;
    if (ordered === member) continue;
    members[index] = ordered;
    changed = true;
  }
  return changed ? copyInOrder(names, members, order) : value;
}

function copyInOrder(names: readonly string[], members: readonly unknown[], order: Order): object {
  const copy: Record<string, unknown> = {};
  const places = [...names.keys()];
  if (order === 'unsorted') places.sort((a, b) => ((names[a] as string) < (names[b] as string) ? -1 : 1));
  for (const place of places) copy[names[place] as string] = members[place];
  return copy;
}

type Order = 'sorted' | 'unsorted' | 'odd';

/** Lists of names that were found to be sorted and ordinary, by their first name: documents of one kind share theirs. */
const knownOrders = new Map<string, (readonly string[])[]>();
const mostKnown = { first: 500, lists: 20 };

/** Whether names are sorted by their UTF-16 code units, and whether there is one that the runtime treats otherwise. */
function orderOf(names: readonly string[]): Order {
  const [first] = names;
  if (first === undefined) return 'sorted';
  const known = knownOrders.get(first);
  if (known?.some((list) => isSame(list, names))) return 'sorted';
  let [sorted, before] = [true, ''];
  for (const name of names) {
    if (isOddName(name)) return 'odd';
    if (name < before) sorted = false;
    before = name;
  }
  if (!sorted) return 'unsorted';
  if (known && known.length < mostKnown.lists) known.push(names);
  else if (!known && knownOrders.size < mostKnown.first) knownOrders.set(first, [names]);
  return 'sorted';
}

function isSame(list: readonly string[], names: readonly string[]): boolean {
  if (list.length !== names.length) return false;
  for (let index = 0; index < names.length; index++) if (list[index] !== names[index]) return false;
  return true;
}

function isOddName(name: string): boolean {
  const first = name.charCodeAt(0);
  return (
    (first >= 0x30 && first <= 0x39) || name === '__proto__' || name === 'toJSON' || !name.isWellFormed()
  );
}
