import { spawnSync } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { makeInstallation } from './helpers/installation.ts';

const launcher = fileURLToPath(new URL('../../../bin/portreeve', import.meta.url));
// A folder with an older Node.js first, or none at all, must not matter.
const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: process.env.HOME };

test('the launcher finds its checkout through a link, keeps the working folder and leaves stdout to the command', async (t) => {
  const { folder } = await makeInstallation();
  const link = join(mkdtempSync(join(tmpdir(), 'portreeve-bin-')), 'portreeve');
  symlinkSync(launcher, link);
  const run = spawnSync(link, ['config', 'check', '--json'], { cwd: folder, env, encoding: 'utf8' });
  t.is(run.status, 0, run.stderr);
  t.is((JSON.parse(run.stdout) as { file: string }).file, join(folder, 'portreeve.yaml'));
  t.notRegex(run.stderr, /warning/i);
});

test('the launcher hands on exit codes and arguments with spaces', (t) => {
  const run = spawnSync(launcher, ['no such command', '--json'], { env, encoding: 'utf8' });
  t.is(run.status, 2);
  t.true(run.stdout.includes("unknown command 'no such command'"));
});
