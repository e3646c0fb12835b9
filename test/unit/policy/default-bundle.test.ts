import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { defaultBundlePath } from '../../../src/policy/bundle.ts';
import { buildBundle } from '../../../src/workshop/build/build-bundle.ts';
import type { Opa } from '../../../src/workshop/opa/find.ts';
import { openProject } from '../../../src/workshop/project/open.ts';
import { findCompiler } from '../../helpers/policies.ts';
import { needing } from '../../helpers/skip.ts';

const root = join(import.meta.dirname, '../../..');

/** The bundle is committed as this one compiles it. */
const pinned = findCompiler(true);
const withPinned = needing(pinned.lack);

/** A copy of what the bundle is built from, in a folder of its own. */
function elsewhere(t: ExecutionContext, ...parts: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-elsewhere-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const part of parts) cpSync(join(root, part), join(folder, part), { recursive: true });
  return folder;
}

withPinned('the sources give the same bundle in whatever folder they are compiled', (t) => {
  const build = (at: string) => buildBundle(pinned.opa as Opa, openProject(join(at, 'rego')));
  t.deepEqual(build(elsewhere(t, 'rego')), build(root));
});

withPinned('the check passes for the committed bundle, and names the source that was changed since', (t) => {
  const folder = elsewhere(t, 'rego', 'scripts', 'src', 'package.json');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const check = () =>
    spawnSync(process.execPath, ['scripts/build-bundle.ts', '--check'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${dirname(pinned.path)}:${process.env.PATH}` },
    });
  const unchanged = check();
  t.is(unchanged.status, 0, unchanged.stderr);
  appendFileSync(join(folder, 'rego/portreeve/network/network.rego'), '\n_unused := 1\n');
  const changed = check();
  t.is(changed.status, 1);
  t.regex(changed.stderr, /portreeve\/network\/network\.rego: changed since the bundle was built/);
});

test('the default bundle lies beside the sources and beside the compiled program alike', (t) => {
  t.is(defaultBundlePath, join(root, 'rego/bundle/portreeve.tar.gz'));
  const seenFromDist = new URL('../../rego/bundle/portreeve.tar.gz', `file://${root}/dist/policy/bundle.js`);
  t.is(seenFromDist.pathname, defaultBundlePath);
  t.deepEqual([...readFileSync(defaultBundlePath).subarray(0, 2)], [0x1f, 0x8b]);
});
