import { compareValues, equalValues, objectOf, setOf } from './compare.ts';
import { builtinLimits, within } from './limits.ts';
import { OperandError, arrayAt, asInt, asText } from './operands.ts';
import { RegoNumber, RegoObject, RegoSet, isArray } from './value.ts';
import type { RegoValue } from './value.ts';

type Path = readonly RegoValue[];

/** `json.patch`: JSON Patch (RFC 6902), also of sets, a member of which is its own key. */
export function patchJson(args: readonly RegoValue[]): RegoValue | undefined {
  const operations = arrayAt(args, 1);
  within(operations.length, builtinLimits.members, 'operations of a patch');
  let document: RegoValue | undefined = args[0];
  for (const operation of operations) {
    if (!(operation instanceof RegoObject)) throw new OperandError('an operation that is no object');
    document = apply(document, operation);
  }
  return document;
}

function apply(document: RegoValue | undefined, operation: RegoObject): RegoValue | undefined {
  const path = readPath(operation.get('path'));
  switch (asText(operation.get('op'))) {
    case 'add':
      return insert(document, path, needed(operation, 'value'));
    case 'remove':
      return remove(document, path);
    case 'replace':
      return insert(remove(document, path), path, needed(operation, 'value'));
    case 'move': {
      const from = readPath(operation.get('from'));
      return insert(remove(document, from), path, find(document, from));
    }
    case 'copy':
      return insert(document, path, find(document, readPath(operation.get('from'))));
    case 'test':
      if (equalValues(find(document, path), needed(operation, 'value'))) return document;
      throw new OperandError('a test that fails');
    default:
      throw new OperandError('no operation of JSON Patch');
  }
}

function needed(operation: RegoObject, name: string): RegoValue {
  const value = operation.get(name);
  if (value === undefined) throw new OperandError(`no ${name}`);
  return value;
}

/** A JSON pointer, its first slash optional, or an array of keys. */
function readPath(path: RegoValue | undefined): Path {
  if (isArray(path)) return path;
  const text = asText(path);
  if (text === '') return [];
  const parts = text.replace(/^\/+/, '').split('/');
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function find(value: RegoValue | undefined, path: Path): RegoValue {
  const found = path.reduce<RegoValue | undefined>(
    (at, key) => (at === undefined ? undefined : child(at, key)),
    value,
  );
  if (found === undefined) throw missing();
  return found;
}

/** Inserts at a path whose way there exists; the root is replaced. */
function insert(value: RegoValue | undefined, path: Path, inserted: RegoValue): RegoValue {
  const [key, ...rest] = path;
  if (key === undefined) return inserted;
  if (value === undefined) throw missing();
  if (rest.length > 0) return exchange(value, key, insert(child(value, key), rest, inserted));
  if (value instanceof RegoObject) return objectOf([...value.entries, [key, inserted]]);
  if (value instanceof RegoSet) {
    if (!equalValues(key, inserted)) throw new OperandError('a key of a set that is not the member');
    return setOf([...value.members, inserted]);
  }
  if (!isArray(value)) throw missing();
  return value.toSpliced(indexIn(key, value.length, value.length), 0, inserted);
}

function remove(value: RegoValue | undefined, path: Path): RegoValue | undefined {
  const [key, ...rest] = path;
  if (value === undefined) throw missing();
  if (key === undefined) return undefined;
  const found = child(value, key);
  if (found === undefined) throw missing();
  if (rest.length > 0) return exchange(value, key, remove(found, rest) ?? null);
  if (value instanceof RegoObject) {
    return objectOf(value.entries.filter(([name]) => !equalValues(name, key)));
  }
  if (value instanceof RegoSet) return setOf(value.members.filter((member) => !equalValues(member, key)));
  return isArray(value) ? value.toSpliced(indexIn(key, value.length, value.length - 1), 1) : value;
}

/** The same collection with another value under a key that it has. */
function exchange(value: RegoValue, key: RegoValue, changed: RegoValue): RegoValue {
  if (value instanceof RegoObject) return objectOf([...value.entries, [key, changed]]);
  if (value instanceof RegoSet) {
    return setOf([...value.members.filter((member) => compareValues(member, key) !== 0), changed]);
  }
  if (!isArray(value)) throw missing();
  return value.with(indexIn(key, value.length, value.length - 1), changed);
}

function child(value: RegoValue, key: RegoValue): RegoValue | undefined {
  if (value instanceof RegoObject) return value.entries.find(([name]) => equalValues(name, key))?.[1];
  if (value instanceof RegoSet) return value.members.find((member) => equalValues(member, key));
  return isArray(value) ? value[indexIn(key, value.length, value.length - 1)] : undefined;
}

/** An index from a number or its digits, `-` for behind the last. */
function indexIn(key: RegoValue, length: number, last: number): number {
  const index = key === '-' ? BigInt(length) : wholeIndex(key);
  if (index === undefined || index < 0n || index > BigInt(last)) throw missing();
  return Number(index);
}

function wholeIndex(key: RegoValue): bigint | undefined {
  if (key instanceof RegoNumber) return asInt(key);
  if (typeof key !== 'string' || (key !== '0' && key.startsWith('0'))) return undefined;
  return asInt(new RegoNumber(key));
}

function missing(): OperandError {
  return new OperandError('a path that is not there');
}
