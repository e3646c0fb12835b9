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
  readonly load_average?: readonly number[];
}

/** `load.json`. */
export interface LoadResult extends Circumstances {
  readonly rounds: number;
  readonly calls: number;
  readonly failed: number;
  readonly rows: readonly RowFigures[];
  readonly latency: readonly Latency[];
}

/** A file of results as it is; undefined where there is none. */
export function readResult(name: string): (Circumstances & Readonly<Record<string, unknown>>) | undefined {
  const file = join(root, `bench/results/${name}.json`);
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as Circumstances & Readonly<Record<string, unknown>>;
}

/** The results of `bench/load/run.ts`; undefined where there are none. */
export function readLoad(): LoadResult | undefined {
  const read = readResult('load') as unknown as LoadResult | undefined;
  return read && Array.isArray(read.rows) ? read : undefined;
}

/** A number somewhere in results, by keys with dots between them. */
export function numberAt(result: unknown, path: string): number | undefined {
  let value = result;
  for (const key of path.split('.'))
    value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[key];
  return typeof value === 'number' ? value : undefined;
}

/** A whole number that an option of the command had, such as `--entries`. */
export function optionOf(command: string, option: string): number {
  return Number(new RegExp(`--${option} (\\d+)`).exec(command)?.[1] ?? 0);
}
