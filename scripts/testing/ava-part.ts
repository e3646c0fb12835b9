import { globSync } from 'node:fs';
import { execute, root } from './execute.ts';
import { noCount } from './part.ts';
import type { Count, Manner, Part } from './part.ts';

export interface AvaOptions {
  readonly manner: Manner;
  /** What these of the folder's tests are. */
  readonly of?: string;
  /** Names of files (without `.test.ts`, with wildcards) that alone are meant. */
  readonly only?: readonly string[];
  /** Names of files that are not meant. */
  readonly without?: readonly string[];
  readonly args?: readonly string[];
}

/** All ava tests below test/<folder>, or some, counted from their TAP; failures are shown with their diagnostics. */
export function ava(folder: string, { manner, of, only, without = [], args = [] }: AvaOptions): Part {
  const file = (name: string): string => `test/${folder}/${name}.test.ts`;
  const [meant, not] = [(only ?? ['**/*']).map(file), without.map(file)];
  const files = (): readonly string[] => globSync(meant, { cwd: root, exclude: not });
  return {
    name: folder,
    of,
    manner,
    files,
    run: async ({ say, yields }) => {
      if (files().length === 0) return noCount();
      const patterns = [...meant, ...not.map((pattern) => `!${pattern}`)];
      const tap = createTapReader(say);
      const options = { onLine: tap.read, yields };
      const one = yields ? ['--concurrency', '1'] : [];
      const { code, output } = await execute('ava', ['--tap', ...args, ...one, ...patterns], options);
      // A crash or an unhandled rejection outside any test must not look green.
      if (code !== 0 && tap.count.failed === 0) {
        say(output.split('\n').slice(-60).join('\n'));
        tap.count.failed += 1;
      }
      return tap.count;
    },
  };
}

interface TapReader {
  readonly count: Count;
  readonly read: (line: string) => void;
}

function createTapReader(say: (lines: string) => void): TapReader {
  const count = noCount();
  let failing = false;
  return {
    count,
    read: (line) => {
      if (/^\s*not ok /.test(line) && !/# TODO/.test(line)) count.failed += 1;
      else if (/^\s*ok .*# SKIP/.test(line)) {
        count.skipped += 1;
        say(`  SKIPPED ${line.trim().replace(/^ok \d+ - (.*?) # SKIP.*$/, '$1')}`);
      } else if (/^\s*ok /.test(line)) count.passed += 1;
      if (/^\s*(not ok |ok |1\.\.|# )/.test(line)) failing = /^\s*not ok /.test(line);
      if (failing) say(`  ${line}`);
    },
  };
}
