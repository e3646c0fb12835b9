import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Latency } from '../load/latency.ts';
import type { RowFigures } from '../load/report.ts';
import { root } from '../scale/figures.ts';

/** What every file of results says of how it came to be. */
export interface Circumstances {
  readonly command: string;
  readonly commit: string;
  readonly node: string;
  readonly machine: string;
  /** Of what takes part; older results lack them. */
  readonly versions?: Readonly<Record<string, string>>;
  readonly load_average?: readonly number[];
}

/** A file of results as it is. */
export type Result = Circumstances & Readonly<Record<string, unknown>>;

/** Results by their files' names, without `.json`; undefined where there is none. */
export type Results = (name: string) => Result | undefined;

/** `load.json`. */
export interface LoadResult extends Circumstances {
  readonly rounds: number;
  readonly calls: number;
  readonly failed: number;
  readonly rows: readonly RowFigures[];
  readonly latency: readonly Latency[];
}

/** Reads `bench/results/<name>.json`. */
export const readResult: Results = (name) => {
  const file = join(root, `bench/results/${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Result) : undefined;
};

/** The results of `bench/load/run.ts`; undefined where there are none. */
export function readLoad(results: Results = readResult): LoadResult | undefined {
  const read = results('load') as unknown as LoadResult | undefined;
  return read && Array.isArray(read.rows) ? read : undefined;
}

/** A number somewhere in results, by keys with dots between them. */
export function numberAt(result: unknown, path: string): number | undefined {
  const value = valueAt(result, path);
  return typeof value === 'number' ? value : undefined;
}

/** The same, or the largest of a list of numbers. */
export function mostAt(result: unknown, path: string): number | undefined {
  const value = valueAt(result, path);
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  const numbers = all.filter((one) => typeof one === 'number');
  return numbers.length > 0 && numbers.length === all.length ? Math.max(...numbers) : undefined;
}

function valueAt(result: unknown, path: string): unknown {
  let value = result;
  for (const key of path.split('.'))
    value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[key];
  return value;
}
