import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { sha256Hex } from '../../../src/lib/bytes.ts';

const script = join(import.meta.dirname, '../../../scripts/opa.sh');
const tools = [
  'sh',
  'sed',
  'grep',
  'sort',
  'head',
  'dirname',
  'uname',
  'mktemp',
  'curl',
  'sha256sum',
  'shasum',
  'cut',
  'chmod',
  'mv',
  'rm',
  'mkdir',
];

/** A tree of its own with the script, and a PATH with nothing but what the script may need: neither opa nor Go. */
function tree(t: ExecutionContext) {
  const root = mkdtempSync(join(tmpdir(), 'portreeve-opa-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  for (const folder of ['scripts', 'path', 'release']) mkdirSync(join(root, folder));
  copyFileSync(script, join(root, 'scripts/opa.sh'));
  for (const tool of tools) {
    const found = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim();
    if (found.startsWith('/')) symlinkSync(found, join(root, 'path', tool));
  }
  const run = (...args: readonly string[]) =>
    spawnSync('sh', [join(root, 'scripts/opa.sh'), ...args], {
      encoding: 'utf8',
      env: { PATH: join(root, 'path'), OPA_DOWNLOAD: `file://${root}/release` },
    });
  return { root, run };
}

const fakeOpa = (version: string) => `#!/bin/sh\necho "Version: ${version}"\n`;

function install(path: string, version: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, fakeOpa(version));
  chmodSync(path, 0o755);
  return path;
}

function release(root: string, checksum: string): void {
  for (const name of [
    'opa_linux_amd64_static',
    'opa_linux_arm64_static',
    'opa_darwin_amd64',
    'opa_darwin_arm64_static',
  ]) {
    writeFileSync(join(root, 'release', name), fakeOpa('1.22.2'));
    writeFileSync(join(root, 'release', `${name}.sha256`), `${checksum}  ${name}\n`);
  }
}

for (const [version, taken] of Object.entries({
  '1.22.2': true,
  '1.22.10': true,
  '1.30.0': true,
  '1.22.1': false,
  '1.9.9': false,
  '0.70.0': false,
  '2.0.0': false,
  x: false,
})) {
  test(`opa ${version} on the PATH is ${taken ? 'taken' : 'passed over'}`, (t) => {
    const { root, run } = tree(t);
    const opa = install(join(root, 'path/opa'), version);
    const { status, stdout } = run('--present');
    t.is(status, taken ? 0 : 2);
    t.is(stdout, taken ? `${opa}\n` : '');
  });
}

test('where the exact version is wanted a newer one is passed over for the one in the tree', (t) => {
  const { root, run } = tree(t);
  install(join(root, 'path/opa'), '1.30.0');
  const own = install(join(root, '.tools/bin/opa'), '1.22.2');
  t.is(run('--exact').stdout, `${own}\n`);
});

test('without opa and Go the release is fetched, if it has the checksum beside it', (t) => {
  const { root, run } = tree(t);
  release(root, sha256Hex(fakeOpa('1.22.2')));
  const { status, stdout, stderr } = run();
  t.is(status, 0, stderr);
  t.is(stdout, `${root}/.tools/bin/opa\n`);
  t.is(readFileSync(join(root, '.tools/bin/opa'), 'utf8'), fakeOpa('1.22.2'));
});

test('a release with another checksum is not installed', (t) => {
  const { root, run } = tree(t);
  release(root, sha256Hex('something else'));
  const { status, stdout, stderr } = run();
  t.is(status, 2);
  t.is(stdout, '');
  t.regex(stderr, /checksum/);
  t.false(existsSync(join(root, '.tools/bin/opa')));
});

test('where no way works it says what to do', (t) => {
  const { status, stdout, stderr } = tree(t).run();
  t.is(status, 2);
  t.is(stdout, '');
  t.regex(stderr, /PATH.*Go.*OPA_DOWNLOAD/);
});
