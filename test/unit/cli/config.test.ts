import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { makeInstallation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

function fileWith(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'portreeve-cli-')), 'portreeve.yaml');
  writeFileSync(file, text);
  return file;
}

test('a right configuration: 0 and its digest', async (t) => {
  const { config } = await makeInstallation();
  const run = await portreeve(['config', 'check', '--config', config, '--json']);
  t.is(run.code, 0);
  t.like(onlyObject(run), { ok: true, file: config, problems: [], warnings: [] });
});

test('a configuration with problems: 1, each with line, column and path', async (t) => {
  const file = fileWith('version: 1\nserver: {}\npeps: [{ name: a }]\ntrust: { anchors: [] }\n');
  const run = await portreeve(['config', 'check', '--config', file, '--json']);
  t.is(run.code, 1);
  t.like(onlyObject(run), {
    ok: false,
    problems: [
      { line: 2, column: 9, path: 'server.listeners', message: 'is missing' },
      { line: 4, column: 19, path: 'trust.anchors', message: 'must not be empty' },
    ],
  });
  const text = await portreeve(['config', 'check', '--config', file]);
  t.true(text.stdout.includes(`${file}:2:9: server.listeners: is missing`));
});

test('what is not YAML, not there, or of a newer format: 2', async (t) => {
  t.is((await portreeve(['config', 'check', '--config', fileWith('a: [')])).code, 2);
  const gone = await portreeve(['config', 'check', '--config', '/nowhere.yaml', '--json']);
  t.is(gone.code, 2);
  t.like(onlyObject(gone), { error: { code: 'PDP_CONFIG_INVALID' } });
  const newer = await portreeve(['config', 'check', '--config', fileWith('version: 9\n'), '--json']);
  t.is(newer.code, 2);
  t.like(onlyObject(newer), { error: { code: 'PDP_FORMAT_NEWER' } });
});

test('another command with a wrong configuration: 2, with every problem in the error', async (t) => {
  const file = fileWith('version: 1\n');
  const run = await portreeve(['device', 'list', '--config', file, '--json']);
  t.is(run.code, 2);
  const { error } = onlyObject(run) as { error: { code: string; problems: object[] } };
  t.is(error.code, 'PDP_CONFIG_INVALID');
  t.is(error.problems.length, 3);
  const text = await portreeve(['device', 'list', '--config', file]);
  t.regex(text.stderr, /3 problems\n.*:1:1: server: is missing/);
});

test('the configuration is found by option, environment and folder', async (t) => {
  const { config, folder } = await makeInstallation();
  const check = ['config', 'check', '--json'];
  t.is((await portreeve(check, { cwd: folder })).code, 0);
  t.is((await portreeve(check, { env: { PORTREEVE_CONFIG: config } })).code, 0);
  t.is((await portreeve([...check, '--config', '/nowhere'], { cwd: folder })).code, 2);
});

test('the schema is one JSON object', async (t) => {
  const run = await portreeve(['config', 'schema']);
  t.is(run.code, 0);
  t.is(onlyObject(run).$schema, 'https://json-schema.org/draft/2020-12/schema');
});
