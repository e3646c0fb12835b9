import type { Words } from './words.ts';

/** Whether it is a mapping. */
export function isWords(value: unknown): value is Words {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Lays `over` over `under`: mappings member by member, anything else takes the place of what was there. A mapping over a
 * name is laid over what has the name (`base`).
 */
export function laidOver(under: unknown, over: unknown): unknown {
  if (!isWords(over)) return over;
  if (typeof under === 'string') return { base: under, ...over };
  if (!isWords(under)) return over;
  const result: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) result[key] = laidOver(result[key], value);
  return result;
}

/** As `laidOver`, but null takes a member away, and a mapping over a list of named entries changes them by their names. */
export function patched(target: unknown, patch: unknown): unknown {
  if (!isWords(patch)) return patch;
  if (Array.isArray(target)) return patchedList(target as readonly Words[], patch);
  const result: Record<string, unknown> = isWords(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = patched(result[key], value);
  }
  return result;
}

function patchedList(target: readonly Words[], patch: Words): Words[] {
  const left = new Map(target.map((entry) => [String(entry['name']), entry]));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) left.delete(name);
    else left.set(name, { name, ...(patched(left.get(name), value) as Words) });
  }
  return [...left.values()];
}

/** `value` with what stands at the place `path` (keys, dots between) set. A name on the way is laid over. */
export function withValueAt(value: unknown, path: readonly string[], what: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return what;
  const under = typeof value === 'string' ? { base: value } : isWords(value) ? value : {};
  return { ...under, [key]: withValueAt(under[key], rest, what) };
}

/** Members whose keys are anybody's. */
const notOurs: ReadonlySet<string> = new Set(['attributes', 'claims', 'header', 'headers', 'labels']);

/** `value` with the texts at every key `file` made absolute. */
export function withFilesFrom<Value>(value: Value, absolute: (path: string) => string): Value {
  if (Array.isArray(value)) return value.map((one: unknown) => withFilesFrom(one, absolute)) as Value;
  if (!isWords(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      key === 'file' && typeof one === 'string'
        ? absolute(one)
        : notOurs.has(key)
          ? one
          : withFilesFrom(one, absolute),
    ]),
  ) as Value;
}
