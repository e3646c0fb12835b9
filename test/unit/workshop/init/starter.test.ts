import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { inputSchemaPath } from '../../../../src/policy/input-versions.ts';
import { programVersion } from '../../../../src/lib/program-version.ts';
import { recipeNames, withReasons } from '../../../../src/workshop/init/recipes.ts';
import { starterFiles } from '../../../../src/workshop/init/starter.ts';
import { writeProject } from '../../../../src/workshop/init/write.ts';
import { opa, withOpa } from '../../../helpers/policies.ts';
import { root } from '../../../helpers/source-files.ts';

const files = starterFiles([]);
const text = (name: string, from = files): string => Buffer.from(from.get(name) ?? '').toString('utf8');

test('a project has an entrypoint, a folder a rule with Rego, its test and cases, data, schemas, CI files and a page', (t) => {
  for (const name of [
    'README.md',
    'policy.yaml',
    'capabilities.json',
    'rego/decision.rego',
    'data/thresholds.yaml',
    'data/portreeve/classes.yaml',
    'fixtures/fleet.yaml',
    'schemas/input.json',
    'schemas/policy.json',
    'schemas/cases.json',
    'ci/install.sh',
    'ci/compare.sh',
    '.github/workflows/policy.yml',
    '.gitlab-ci.yml',
    '.gitignore',
  ]) {
    t.true(files.has(name), name);
  }
  const rules = [...files.keys()].flatMap((name) => /^rules\/(\w+)\//.exec(name)?.[1] ?? []);
  t.true(new Set(rules).size >= 8);
  for (const rule of rules) {
    for (const name of [`${rule}.rego`, `${rule}_test.rego`, 'cases.yaml']) {
      t.true(files.has(`rules/${rule}/${name}`), `${rule}/${name}`);
    }
    t.regex(text(`rules/${rule}/${rule}.rego`), new RegExp(`^package rules\\.${rule}$`, 'm'));
  }
});

test('every YAML file of the project and of cases names its schema to editors, by a path that is there', (t) => {
  const all = starterFiles(recipeNames());
  const named = [...all.keys()].filter((name) => /(^policy|^fixtures\/.*|\/cases)\.yaml$/.test(name));
  t.true(named.length > 20);
  for (const name of named) {
    const schema = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text(name, all))?.[1] ?? '';
    t.true(all.has(join(name, '..', schema)), `${name}: ${schema}`);
  }
});

withOpa('annotations give the entrypoint, shared words and every new rule the types of the input', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-starter-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeProject(folder, starterFiles(recipeNames()));
  const check = () =>
    spawnSync(opa.path, ['check', '--strict', '--schema', 'schemas', 'rego', 'rules'], {
      ...{ cwd: folder, encoding: 'utf8' },
    });
  const { status, stderr } = check();
  t.is(status, 0, stderr);
  mkdirSync(join(folder, 'rules/new'));
  writeFileSync(join(folder, 'rules/new/new.rego'), 'package rules.new\n\ntell if input.devise_id\n');
  for (const name of ['rego/decision.rego', 'rego/subject/subject.rego'])
    appendFileSync(join(folder, name), '\nmistake if input.devise_id\n');
  const found = check().stderr.match(/^\S+(?=:\d+: rego_type_error: undefined ref)/gm);
  t.deepEqual(found?.sort(), ['rego/decision.rego', 'rego/subject/subject.rego', 'rules/new/new.rego']);
});

test('schemas and capabilities are those of the program', (t) => {
  const same = (name: string, path: string) => t.is(text(name), readFileSync(path, 'utf8'), name);
  same('schemas/input.json', inputSchemaPath(1));
  same('capabilities.json', join(root, 'rego/capabilities.json'));
  same('schemas/cases.json', join(root, 'src/workshop/cases/case.schema.json'));
  same('schemas/policy.json', join(root, 'src/workshop/project/policy.schema.json'));
});

test('CI installs the version of the program that made the project, and the compiler that the program is tested with', (t) => {
  const { dependencies } = JSON.parse(text('ci/package.json')) as { dependencies: { portreeve: string } };
  t.is(dependencies.portreeve, programVersion);
  const pinned = /^pinned=(\S+)$/m.exec(readFileSync(join(root, 'scripts/opa.sh'), 'utf8'))?.[1];
  t.is(/^opa_version=(\S+)$/m.exec(text('ci/install.sh'))?.[1], pinned);
  t.true(text('README.md').includes(`/opa/v${pinned}/`));
  for (const [name, bytes] of files) {
    t.false(Buffer.from(bytes).includes('@portreeve-version@'), name);
  }
});

test('the addresses in a project are those where releases are published, and no other', (t) => {
  const addresses = [...files]
    .filter(([name]) => !/^(schemas|fixtures|rules)\/|^capabilities/.test(name))
    .flatMap(
      ([, bytes]) =>
        Buffer.from(bytes)
          .toString('utf8')
          .match(/\b[a-z]+:\/\/[^\s'"`]+/g) ?? [],
    );
  t.deepEqual(addresses, ['https://github.com/open-policy-agent/opa/releases/download']);
});

test('a recipe adds its rule, its data and its reasons, and takes nothing away', (t) => {
  for (const recipe of recipeNames()) {
    const made = starterFiles([recipe]);
    for (const name of files.keys()) t.true(made.has(name), `${recipe}: ${name}`);
    const added = [...made.keys()].filter((name) => !files.has(name));
    t.is(added.filter((name) => /^rules\/\w+\/cases\.yaml$/.test(name)).length, 1, recipe);
    t.deepEqual(
      added.filter((name) => !/^(rules|data)\//.test(name)),
      [],
    );
    const reasons = (from: ReadonlyMap<string, Uint8Array>) =>
      Object.keys((parse(text('policy.yaml', from)) as { reasons: object }).reasons);
    t.true(reasons(made).length > reasons(files).length, recipe);
  }
});

test('there are the twelve recipes that the cookbook has', (t) => {
  t.is(recipeNames().length, 12);
});

test('a recipe that there is not is refused by name', (t) => {
  t.throws(() => starterFiles(['teapots']), { code: 'PDP_NOT_FOUND', message: /"teapots".*business-hours/ });
});

test('reasons are declared without a word of the project being lost', (t) => {
  const project =
    '# of the harbour\nversion: 1\ndata: [data] # numbers\nreasons:\n  custom.a:\n    severity: info\n';
  const made = withReasons(project, 'custom.b:\n  severity: deny\n');
  t.is(made, `${project}  custom.b:\n    severity: deny\n`);
  t.deepEqual(parse(withReasons('version: 1\n', 'custom.b: { severity: deny }\n')), {
    version: 1,
    reasons: { 'custom.b': { severity: 'deny' } },
  });
});

test('GitHub Actions hand on every variable that the scripts of CI read, and upload reports of what failed', (t) => {
  const scripts = [...files.keys()].filter((name) => /^ci\/\w+\.sh$/.test(name)).map((name) => text(name));
  const read = scripts.flatMap((script) => [...script.matchAll(/\$\{([A-Z_]+):-/g)].map(([, name]) => name));
  const workflow = text('.github/workflows/policy.yml');
  t.deepEqual([...new Set(read)].sort(), ['POLICY_KEY_ID', 'POLICY_SIGNING_KEY', 'TOOLS_MIRROR']);
  for (const name of read) t.regex(workflow, new RegExp(`${name}: \\$\\{\\{`), name);
  t.regex(workflow, /upload-artifact@v\d+\n[^-]*if: always\(\)/);
});
