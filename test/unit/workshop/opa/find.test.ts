import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { findOpa } from '../../../../src/workshop/opa/find.ts';
import { runOpa, runOpaSync } from '../../../../src/workshop/opa/run.ts';
import { projectFolder } from '../../../helpers/policy-projects.ts';
import { opa, withOpa } from '../../../helpers/policies.ts';

type Teardown = Parameters<typeof projectFolder>[0];

/** A program that says what is given, by the name of opa. */
function impostor(t: Teardown, script: string): string {
  const folder = projectFolder(t, { opa: `#!/bin/sh\n${script}\n` });
  chmodSync(join(folder, 'opa'), 0o755);
  return join(folder, 'opa');
}

const unavailable = { code: 'PDP_OPA_UNAVAILABLE' };

withOpa('the option comes before the variable, and the variable before the path', (t) => {
  const [first, second] = [impostor(t, 'echo Version: 1.30.0'), impostor(t, 'echo Version: 1.31.0')];
  const path = dirname(opa.path);
  t.deepEqual(findOpa({ path: first, env: { opa: second, path } }), { path: first, version: '1.30.0' });
  t.deepEqual(findOpa({ env: { opa: second, path } }), { path: second, version: '1.31.0' });
  t.is(findOpa({ env: { path: `/nowhere:${path}` } }).path, opa.path);
});

test('no compiler anywhere is an error that says how to come by one', (t) => {
  t.throws(() => findOpa({ env: { path: '/nowhere' } }), {
    ...unavailable,
    message: /not on the PATH: install opa 1\.22\.0 or newer .+--opa or PORTREEVE_OPA/,
  });
  t.throws(() => findOpa({ env: {} }), unavailable);
});

withOpa('one that is named and does not run is refused, not passed over', (t) => {
  const path = dirname(opa.path);
  t.throws(() => findOpa({ path: '/nowhere/opa', env: { path } }), {
    ...unavailable,
    message: /\/nowhere\/opa \(from --opa\) does not run as opa/,
  });
  t.throws(() => findOpa({ env: { opa: impostor(t, 'exit 1'), path } }), {
    ...unavailable,
    message: /\(from \$PORTREEVE_OPA\) does not run as opa/,
  });
});

for (const [version, taken] of [
  ['1.21.9', false],
  ['0.70.0', false],
  ['1.22.0', true],
  ['1.100.0', true],
  ['2.0.0', true],
] as const) {
  test(`opa ${version} is ${taken ? 'taken' : 'refused as too old'}`, (t) => {
    const path = impostor(t, `echo Version: ${version}`);
    if (taken) t.is(findOpa({ path, env: {} }).version, version);
    else t.throws(() => findOpa({ path, env: {} }), { ...unavailable, message: /older than 1\.22\.0/ });
  });
}

test('a run gives its output, its complaints and its status, with what it read', async (t) => {
  const path = impostor(t, 'cat; echo bad >&2; pwd; exit 3');
  const found = { path, version: '1.22.2' };
  const cwd = dirname(path);
  const wanted = { status: 3, stdout: `in\n${cwd}\n`, stderr: 'bad\n' };
  t.deepEqual(await runOpa(found, [], { cwd, input: 'in\n' }), wanted);
  t.deepEqual(runOpaSync(found, [], { cwd, input: 'in\n' }), wanted);
});

test('a run that cannot be started or is killed is an error, never a result', async (t) => {
  const killed = { path: impostor(t, 'kill -9 $$'), version: '1.22.2' };
  const missing = { path: '/nowhere/opa', version: '1.22.2' };
  for (const one of [killed, missing]) {
    await t.throwsAsync(runOpa(one, [], { cwd: '/' }), unavailable);
    t.throws(() => runOpaSync(one, [], { cwd: '/' }), unavailable);
  }
});
