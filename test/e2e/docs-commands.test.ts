import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parse, stringify } from 'yaml';
import { defaultBundlePath } from '../../src/policy/bundle.ts';
import { blocksOf, type Block } from '../helpers/markdown.ts';
import { portreeve } from '../helpers/processes.ts';
import { root } from '../helpers/source-files.ts';

/*
 * Every example of these pages is run or checked. A block's mark, a comment on the line above it, says more:
 *
 *     ```sh     unmarked: each line is run on the demo fleet; `# exit 3` at its end = the expected exit code
 *               `skip: REASON`: not run
 *     ```yaml   `config as FILE`: a whole configuration, checked, and written for later commands; unmarked: checked
 *               `fragment`: checked within a base that has what it refers to
 *     ```json   unmarked: parsed; `request as FILE`: written for later commands
 *     ```text   output; not checked
 */
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...docPages()];

let demo: string;
let shims: string;

function docPages(): readonly string[] {
  return readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`);
}

test.before('make the demo fleet once', (t) => {
  t.timeout(120_000);
  demo = mkdtempSync(join(tmpdir(), 'portreeve-docs-'));
  const made = portreeve(['demo', '--json'], { cwd: demo });
  if (made.code !== 0) t.fail(`the demo answers ${made.code}: ${made.stderr}${made.stdout}`);
  // A demo that stays up has its fleet here, which is what the pages speak of.
  renameSync(join(demo, '.portreeve/once'), join(demo, 'once'));
  rmSync(join(demo, '.portreeve'), { recursive: true });
  renameSync(join(demo, 'once'), join(demo, '.portreeve'));
  shims = join(demo, 'bin');
  mkdirSync(shims);
  const shim = `#!/bin/sh\nexec "${process.execPath}" --disable-warning=ExperimentalWarning "${join(root, 'src/main.ts')}" "$@"\n`;
  writeFileSync(join(shims, 'portreeve'), shim, { mode: 0o755 });
});

test.after.always('remove the fleet', () => {
  if (demo) rmSync(demo, { recursive: true, force: true });
});

for (const page of pages) {
  test.serial(`every example of ${page} is run or checked, or says why not`, (t) => {
    t.timeout(180_000);
    const folder = mkdtempSync(join(tmpdir(), 'portreeve-page-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(demo, folder, { recursive: true });
    for (const block of blocksOf(page)) tryBlock(t, block, folder);
    t.pass();
  });
}

function tryBlock(t: ExecutionContext, block: Block, folder: string): void {
  const skipped = /^skip: (.{10,})$/.exec(block.mark ?? '');
  if (skipped) return t.log(`${block.place} is not run: ${skipped[1]}`);
  switch (block.language) {
    case 'sh':
      t.is(block.mark, undefined, `${block.place}: a mark that is not known`);
      return commandsOf(block).forEach((command) => runCommand(t, block, command, folder));
    case 'yaml':
      return checkYaml(t, block, folder);
    case 'json':
      return checkJson(t, block, folder);
    case 'text':
      return;
    default:
      t.fail(`${block.place}: a block is sh, yaml, json or text`);
  }
}

/** Lines of a block, with continued ones joined; comments and empty lines are none. */
function commandsOf(block: Block): readonly string[] {
  return block.text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

function runCommand(t: ExecutionContext, block: Block, command: string, folder: string): void {
  const expected = Number(/#\s*exit (\d)\s*$/.exec(command)?.[1] ?? 0);
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: {
      ...process.env,
      PATH: [shims, dirname(process.execPath), process.env.PATH].join(delimiter),
      PORTREEVE_CONFIG: undefined,
    },
  });
  t.is(status, expected, `${block.place}: ${command}\n${stderr}${stdout}`);
}

function checkYaml(t: ExecutionContext, block: Block, folder: string): void {
  const value = parse(withPresentInstants(block.text)) as Tree;
  const named = /^config as (\S+)$/.exec(block.mark ?? '');
  if (block.mark === undefined || named) {
    t.is(value['version'], 1, `${block.place}: neither a whole configuration nor marked as a fragment`);
    return checkConfiguration(t, block, value, join(folder, named?.[1] ?? 'whole.yaml'));
  }
  t.is(block.mark, 'fragment', `${block.place}: a mark that is not known`);
  checkConfiguration(t, block, merge(base, value), join(folder, 'fragment.yaml'));
}

function checkConfiguration(t: ExecutionContext, block: Block, value: Tree, file: string): void {
  writeFileSync(file, stringify(value));
  makeNamedFiles(value, dirname(file));
  const checked = portreeve(['config', 'check', '--config', file, '--json']);
  t.is(checked.code, 0, `${block.place}: ${checked.stdout}${checked.stderr}`);
  const { warnings } = JSON.parse(checked.stdout) as { readonly warnings: readonly object[] };
  t.deepEqual(warnings, [], block.place);
}

function checkJson(t: ExecutionContext, block: Block, folder: string): void {
  t.notThrows(() => JSON.parse(block.text) as unknown, block.place);
  const named = /^request as (\S+)$/.exec(block.mark ?? '');
  if (named) return writeFileSync(join(folder, named[1] as string), block.text);
  t.is(block.mark, undefined, `${block.place}: a mark that is not known`);
}

interface Tree {
  [key: string]: unknown;
}

/** What fragments refer to. */
const base: Tree = {
  version: 1,
  server: { listeners: [{ name: 'envoy', address: '127.0.0.1:9191', pep: 'envoy' }] },
  peps: [{ name: 'envoy' }],
  trust: { anchors: [{ name: 'fleet-root', file: 'ca/fleet-root.pem', profile: { kind: 'cn' } }] },
  classes: { meter: { anchors: ['fleet-root'] }, camera: { anchors: ['fleet-root'] } },
};

function merge(below: Tree, above: Tree): Tree {
  const merged = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const before = merged[key];
    merged[key] = isTree(before) && isTree(value) ? merge(before, value) : value;
  }
  return merged;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Examples get old: a single instant becomes one in 30 days, several are moved so that the first one is now. */
function withPresentInstants(text: string): string {
  const pattern = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;
  const instants = [...text.matchAll(pattern)].map(([instant]) => Date.parse(instant));
  const target = Date.now() + (instants.length === 1 ? 30 * 86_400_000 : 0);
  const shift = target - Math.min(...instants);
  return text.replaceAll(pattern, (instant) => new Date(Date.parse(instant) + shift).toISOString());
}

/** Makes every file that a configuration names: it has to be there, and what it holds is not looked at by the check. */
function makeNamedFiles(value: unknown, folder: string, key = ''): void {
  if (typeof value === 'string') {
    if (['file', 'certificate', 'key'].includes(key))
      copyTo(join(folder, value), '.portreeve/pki/fleet-root.pem');
    if (key === 'bundle') copyTo(join(folder, value), defaultBundlePath);
    if (key === 'crls') mkdirSync(join(folder, value), { recursive: true });
  } else if (Array.isArray(value)) {
    for (const one of value) makeNamedFiles(one, folder, key);
  } else if (isTree(value)) {
    for (const [name, one] of Object.entries(value)) makeNamedFiles(one, folder, name);
  }
}

function copyTo(path: string, source: string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  cpSync(source.startsWith('/') ? source : join(demo, source), path);
}
