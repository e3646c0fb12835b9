import { canonicalJson } from '../lib/canonical-json.ts';

/** One place where a record is not what comes out again. */
export interface Difference {
  /** Where in the record, e.g. `reasons[0].code`. */
  readonly path: string;
  readonly recorded: unknown;
  readonly replayed: unknown;
}

/** Every place where two JSON values differ, by its path below `path`. */
export function differencesOf(path: string, recorded: unknown, replayed: unknown): readonly Difference[] {
  if (isTree(recorded) && isTree(replayed) && Array.isArray(recorded) === Array.isArray(replayed)) {
    const keys = [...new Set([...Object.keys(recorded), ...Object.keys(replayed)])];
    return keys.flatMap((key) => {
      const place = Array.isArray(recorded) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
      return differencesOf(place, recorded[key], replayed[key]);
    });
  }
  return same(recorded, replayed) ? [] : [{ path, recorded: recorded ?? null, replayed: replayed ?? null }];
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function same(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonicalJson(a) === canonicalJson(b);
}
