/**
 * Runs the benchmarks of scale one after the other, at sizes that take some minutes, or with `--full` at the sizes that
 * their goals are about: more than an hour on two cores, and 15 GB in the temporary folder (TMPDIR). Exit 1 where any
 * missed a goal; the others run all the same.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { say } from './figures.ts';

const small: readonly (readonly string[])[] = [
  ['device-import.ts', '200000'],
  ['crl-import.ts', '100000', '1'],
  ['state.ts'],
  ['start.ts'],
  ['enforce.ts'],
  ['during.ts'],
  ['during.ts', '--work', 'import'],
  ['swap.ts'],
];
const full: readonly (readonly string[])[] = [
  ['device-import.ts', '10000000'],
  ['crl-import.ts', '1000000', '3'],
  'state.ts --devices 10000000 --revoked 10000000 --distinct 100000 --rounds 10'.split(' '),
  'start.ts --devices 10000000 --revoked 10000000 --starts 10'.split(' '),
  'enforce.ts --tries 200 --commands 20 --import 10000000 --entries 1000000'.split(' '),
  'during.ts --entries 1000000 --rounds 5 --seconds 20'.split(' '),
  'during.ts --work import --entries 1000000 --rounds 5 --seconds 20'.split(' '),
  'swap.ts --rounds 5 --seconds 20 --swaps 10'.split(' '),
];

for (const [file, ...sizes] of process.argv.includes('--full') ? full : small) {
  say(`bench/scale/${[file, ...sizes].join(' ')}`);
  const line = [join(import.meta.dirname, file as string), ...sizes];
  const { status } = spawnSync(process.execPath, line, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
