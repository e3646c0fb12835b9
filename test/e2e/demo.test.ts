import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { portreeve } from '../helpers/processes.ts';

interface Answer {
  readonly as_expected: boolean;
  readonly rows: readonly { readonly connection: string; readonly as_expected: boolean }[];
}

test('the demo decides every connection as expected each time it runs on the fleet that it keeps', (t) => {
  t.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-demo-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const fleet of ['made', 'reusing', 'reusing']) {
    const ran = portreeve(['demo', '--folder', folder, '--json'], { cwd: folder });
    const { as_expected: asExpected, rows } = JSON.parse(ran.stdout) as Answer;
    t.deepEqual(
      rows.filter((row) => !row.as_expected),
      [],
    );
    t.true(asExpected);
    t.is(ran.code, 0, ran.stderr);
    t.true(ran.stderr.includes(`${fleet} the demo fleet`), ran.stderr);
  }
});
