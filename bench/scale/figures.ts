import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value that `percent` of all are at most, by the nearest rank; NaN of none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** p50, p99 and most of times in milliseconds, and how many there were. */
export function spread(values: readonly number[]): Record<'tries' | 'p50' | 'p99' | 'most', number> {
  return {
    tries: values.length,
    p50: rounded(median(values)),
    p99: rounded(percentile(values, 99)),
    most: rounded(percentile(values, 100)),
  };
}

/** On what and from which commit figures were made. */
export function circumstances(): object {
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return {
    commit: git.stdout.trim(),
    node: process.version,
    versions: versions(),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    // Of the last minutes; what is above that of the benchmark itself (two or three) is other work on the machine.
    load_average: loadavg().map((load) => rounded(load, 1)),
  };
}

/** The command that this process was started by, from the project's folder. */
export function commandLine(): string {
  return ['node', ...process.argv.slice(1).map((word) => word.replace(`${root}/`, ''))].join(' ');
}

/** Of what takes part in most benchmarks; Go's is absent where there is none. */
function versions(): object {
  const { openssl, sqlite, v8 } = process.versions;
  const grpc = JSON.parse(readFileSync(join(root, 'node_modules/@grpc/grpc-js/package.json'), 'utf8')) as {
    readonly version: string;
  };
  const [, , go] = spawnSync('go', ['version'], { encoding: 'utf8' }).stdout?.split(' ') ?? [];
  return { v8, openssl, sqlite, grpc_js: grpc.version, ...(go !== undefined && { go }) };
}

/**
 * Writes `bench/results/<name>.json` and prints it as one line; `missed` names the goals that were not met, and ends the
 * process with 1 where there are any.
 */
export function publish(name: string, command: string, figures: object, missed: readonly string[]): void {
  const result = { command, ...circumstances(), ...figures, missed };
  save(name, result);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  if (missed.length > 0) process.exitCode = 1;
}

/** Writes `bench/results/<name>.json`. */
export function save(name: string, result: object): void {
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  writeFileSync(join(root, `bench/results/${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

/** Milliseconds of the machine's monotonic clock, which all of its processes share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A positive whole number from the command line. */
export function count(value: string): number {
  const read = Number(value);
  if (!Number.isSafeInteger(read) || read < 1) throw new Error(`${value} is no positive whole number`);
  return read;
}
