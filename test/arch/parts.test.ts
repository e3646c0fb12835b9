import { globSync } from 'node:fs';
import test from 'ava';
import { parts } from '../../scripts/testing/parts.ts';
import { root } from '../helpers/source-files.ts';

test('`make test` runs every file of tests once, in one of its parts', (t) => {
  const all = globSync('test/**/*.test.ts', { cwd: root }).toSorted();
  const run = parts.flatMap(({ files }) => files?.() ?? []).toSorted();
  t.deepEqual(run, all);
});
