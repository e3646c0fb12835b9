import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
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
import { opa } from '../helpers/policies.ts';
import { portreeve } from '../helpers/processes.ts';
import { needing } from '../helpers/skip.ts';
import { root } from '../helpers/source-files.ts';
import { portreeveHere } from '../unit/cli/helpers/run.ts';

/*
 * Every example of these pages is run or checked. A block's mark, a comment on the line above it, says more:
 *
 *     ```sh     unmarked: each line is run on the demo fleet; `# exit 3` at its end = the expected exit code
 *               `skip: REASON`: not run
 *     ```yaml   `config as FILE`: a whole configuration, checked, and written for later commands; unmarked: checked
 *               `fragment`: checked within a base that has what it refers to
 *               `demo with this as FILE`: checked within the demo's configuration, and written beside it
 *     ```json   unmarked: parsed; `request as FILE`: written for later commands
 *     any       `file as PATH`: written for later commands
 *     ```text   `printed by the demo`, `printed`: exactly what the demo or the last command printed, but for what differs
 *               from run to run; `part of what was printed`: lines of it; unmarked: not allowed
 */
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...docPages()];

const compiler = opa.opa ? [dirname(opa.path)] : [];
const withOpaSerial = needing(opa.lack, { serial: true });

let demo: string;
let demoOutput: string;
let shims: string;

function docPages(): readonly string[] {
  return readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`);
}

test.before('make the demo fleet once', (t) => {
  t.timeout(120_000);
  demo = mkdtempSync(join(tmpdir(), 'portreeve-docs-'));
  const made = portreeve(['demo'], { cwd: demo });
  if (made.code !== 0) t.fail(`the demo answers ${made.code}: ${made.stderr}${made.stdout}`);
  demoOutput = made.stdout;
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
  // These pages compile policies.
  const serial: typeof withOpaSerial = page.startsWith('docs/policy/')
    ? withOpaSerial
    : needing(undefined, { serial: true });
  serial(`every example of ${page} is run or checked, or says why not`, async (t: ExecutionContext) => {
    t.timeout(180_000);
    const folder = mkdtempSync(join(tmpdir(), 'portreeve-page-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(demo, folder, { recursive: true });
    let printed = '';
    for (const block of blocksOf(page)) printed = (await tryBlock(t, block, folder, printed)) ?? printed;
    t.pass();
  });
}

/** Answers what the block's last command printed, where it has commands. */
async function tryBlock(
  t: ExecutionContext,
  block: Block,
  folder: string,
  printed: string,
): Promise<string | undefined> {
  const skipped = /^skip: (.{10,})$/.exec(block.mark ?? '');
  if (skipped) {
    t.log(`${block.place} is not run: ${skipped[1]}`);
    return undefined;
  }
  const file = /^file as (\S+)$/.exec(block.mark ?? '')?.[1];
  if (file !== undefined) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), block.text);
    return undefined;
  }
  switch (block.language) {
    case 'sh':
      t.is(block.mark, undefined, `${block.place}: a mark that is not known`);
      return commandsOf(block)
        .map((command) => runCommand(t, block, command, folder))
        .at(-1);
    case 'yaml':
      await checkYaml(t, block, folder);
      return undefined;
    case 'json':
      checkJson(t, block, folder);
      return undefined;
    case 'text':
      checkOutput(t, block, printed);
      return undefined;
    default:
      t.fail(`${block.place}: a block is sh, yaml, json or text`);
      return undefined;
  }
}

function checkOutput(t: ExecutionContext, block: Block, printed: string): void {
  const shown = steady(block.text);
  switch (block.mark) {
    case 'printed by the demo':
      return void t.deepEqual(shown, steady(demoOutput), block.place);
    case 'printed':
      return void t.deepEqual(shown, steady(printed), block.place);
    case 'part of what was printed': {
      const lines = new Set(steady(printed));
      return void t.deepEqual(
        shown.filter((line) => !lines.has(line)),
        [],
        `${block.place}: not in ${printed}`,
      );
    }
    default:
      return t.fail(`${block.place}: output without a mark that is known`);
  }
}

/** Lines of an output without what differs from run to run: ids, digests, times, ages, folders, widths of columns. */
function steady(text: string): readonly string[] {
  return text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\b[0-9a-f]{10,64}\b/g, 'HEX')
    .replaceAll(/\bage_s: \d+/g, 'age_s: N')
    .replaceAll(/\b\d+[dhms]( \d+[dhms])?\b/g, 'AGE')
    .replaceAll(/\b\d+\.\d(?= )/g, 'MS')
    .replaceAll(/\S*\/crls\//g, 'FOLDER/')
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
}

/** Lines of a block, with continued ones joined; comments and empty lines are none. */
function commandsOf(block: Block): readonly string[] {
  return block.text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

function runCommand(t: ExecutionContext, block: Block, command: string, folder: string): string {
  const expected = Number(/#\s*exit (\d)\s*$/.exec(command)?.[1] ?? 0);
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: {
      ...process.env,
      PATH: [shims, dirname(process.execPath), ...compiler, process.env.PATH].join(delimiter),
      PORTREEVE_CONFIG: undefined,
    },
  });
  t.is(status, expected, `${block.place}: ${command}\n${stderr}${stdout}`);
  return stdout;
}

async function checkYaml(t: ExecutionContext, block: Block, folder: string): Promise<void> {
  const value = parse(withPresentInstants(block.text)) as Tree;
  const named = /^config as (\S+)$/.exec(block.mark ?? '');
  if (block.mark === undefined || named) {
    t.is(value['version'], 1, `${block.place}: neither a whole configuration nor marked as a fragment`);
    return checkConfiguration(t, block, value, join(folder, named?.[1] ?? 'whole.yaml'));
  }
  const onDemo = /^demo with this as (\S+)$/.exec(block.mark ?? '');
  if (onDemo) {
    const whole = parse(readFileSync(join(demo, '.portreeve/portreeve.yaml'), 'utf8')) as Tree;
    return checkConfiguration(t, block, merge(whole, value), join(folder, '.portreeve', onDemo[1] as string));
  }
  t.is(block.mark, 'fragment', `${block.place}: a mark that is not known`);
  return checkConfiguration(t, block, merge(base, value), join(folder, 'fragment.yaml'));
}

/** By the command, but in this process: there are dozens of them. */
async function checkConfiguration(
  t: ExecutionContext,
  block: Block,
  value: Tree,
  file: string,
): Promise<void> {
  writeFileSync(file, stringify(value));
  makeNamedFiles(value, dirname(file));
  const checked = await portreeveHere(['config', 'check', '--config', file, '--json']);
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
    if (['file', 'certificate', 'key', 'ca', 'signed_by', 'timestamp_cas'].includes(key))
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
