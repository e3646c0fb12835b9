import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { compileRego, digestFiles, findOpa } from '../../../scripts/compile-rego.ts';
import { defaultBundlePath } from '../../../src/policy/bundle.ts';
import { packBundle } from '../../../src/policy/pack-bundle.ts';
import { opaOrSkip } from '../../helpers/policies.ts';

const root = join(import.meta.dirname, '../../..');

test('the sources give the same bundle in whatever folder they are compiled', (t) => {
  const opa = findOpa('--present', '--exact');
  if (opa === undefined) {
    opaOrSkip();
    return t.pass();
  }
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-elsewhere-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  cpSync(join(root, 'rego'), join(folder, 'rego'), { recursive: true });
  const build = (at: string) =>
    packBundle(
      compileRego(opa, at, ['rego/portreeve', 'rego/data'], digestFiles(at, ['rego/capabilities.json'])),
    );
  t.deepEqual(build(folder), build(root));
});

test('the committed bundle is what its sources make', (t) => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build-bundle.ts', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  t.is(status, 0, stderr);
});

test('the default bundle lies beside the sources and beside the compiled program alike', (t) => {
  t.is(defaultBundlePath, join(root, 'rego/bundle/portreeve.tar.gz'));
  const seenFromDist = new URL('../../rego/bundle/portreeve.tar.gz', `file://${root}/dist/policy/bundle.js`);
  t.is(seenFromDist.pathname, defaultBundlePath);
  t.deepEqual([...readFileSync(defaultBundlePath).subarray(0, 2)], [0x1f, 0x8b]);
});
