import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { readBundleFile } from '../../src/policy/bundle.ts';
import { endlessModule, replaced } from '../helpers/bundles.ts';
import { until } from '../helpers/server.ts';
import { root } from '../helpers/source-files.ts';
import { temporaryFolder } from '../helpers/temporary-store.ts';

/** A parent that has a bundle tried, and tells the process that tries it once that is in its loop. */
const parent = `
const { fork } = require('node:child_process');
const { readFileSync } = require('node:fs');
const child = fork(process.argv[1], [], { serialization: 'advanced' });
const config = { classes: {}, policy: { compat: null, path: '' } };
child.on('message', () => {
  child.send({ config, bytes: readFileSync(process.argv[2]) });
  setTimeout(() => console.log(child.pid), 1000);
});
`;

test('a trial without end ends with its parent, also where that is killed', async (t) => {
  const bundle = join(temporaryFolder(t), 'endless.tar.gz');
  writeFileSync(bundle, replaced(readBundleFile(null), { 'policy.wasm': endlessModule }));
  const entry = join(root, 'src/server/bundles/trial-main.ts');
  const process_ = spawn(process.execPath, ['-e', parent, entry, bundle], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => process_.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: process_.stdout }), 'line')) as [string];
  const trial = Number(line);
  t.teardown(() => isThere(trial) && process.kill(trial, 'SIGKILL'));
  t.true(isThere(trial));
  process_.kill('SIGKILL');
  await until(() => !isThere(trial));
  t.pass();
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
