import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { canPin } from './processes.ts';

const root = join(import.meta.dirname, '../..');

/** Writes `bench/results/NAME.json`: what was measured, with command, commit and machine. Says it, as JSON or by lines. */
export function writeResult(name: string, measured: object, json: boolean): void {
  const result = {
    command: `node ${process.argv
      .slice(1)
      .map((word) => word.replace(`${root}/`, ''))
      .join(' ')}`,
    commit: spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root }).stdout.toString().trim(),
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    pinned: canPin,
    ...measured,
  };
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  writeFileSync(join(root, `bench/results/${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${JSON.stringify(measured, null, 2)}\n`);
}
