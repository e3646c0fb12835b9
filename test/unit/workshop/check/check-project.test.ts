import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { checkProject } from '../../../../src/workshop/check/check-project.ts';
import { builtinAdvice } from '../../../../src/workshop/check/builtin-advice.ts';
import { ruleIds } from '../../../../src/workshop/check/rules.ts';
import type { CheckFinding, CheckResult } from '../../../../src/workshop/check/types.ts';
import { running } from '../../../../src/workshop/evaluation/types.ts';
import type { RunOpa } from '../../../../src/workshop/evaluation/types.ts';
import type { Opa } from '../../../../src/workshop/opa/find.ts';
import { runOpaSync } from '../../../../src/workshop/opa/run.ts';
import { defaultCapabilities, openProject } from '../../../../src/workshop/project/open.ts';
import { opa, withOpa } from '../../../helpers/policies.ts';
import { root } from '../../../helpers/source-files.ts';

/**
 * Examples of each rule, good and bad: what is to be found stands behind the line, `# finding: rule rule`, or in the
 * first lines, `# at file:row: rule`; so do what goes into `policy.yaml` and the data.
 */
const folder = join(import.meta.dirname, 'examples');
const examples = readdirSync(folder).sort();

/** Asks for the decision, with the reasons of the example. */
const decision = `package portreeve

decision := {
	"allow": count(data.example.deny) == 0,
	"reasons": data.example.deny,
	"entitlements": [],
	"headers": {},
	"session_limit_s": null,
	"ttl_s": 60,
}
`;

/** The list of functions is the same in every run. */
function runner(): RunOpa {
  const run = running(opa.opa as Opa);
  let capabilities: ReturnType<RunOpa> | undefined;
  return (args, options) => {
    if (args[0] !== 'capabilities') return run(args, options);
    capabilities ??= run(args, options);
    return capabilities;
  };
}
const run = runner();

function header(text: string, name: string): string | undefined {
  return new RegExp(`^# ${name}: (.*)$`, 'm').exec(text)?.[1];
}

async function checked(files: Readonly<Record<string, string>>): Promise<CheckResult> {
  const project = mkdtempSync(join(tmpdir(), 'portreeve-check-'));
  try {
    for (const [name, text] of Object.entries({ 'policy.yaml': 'version: 1\n', ...files })) {
      mkdirSync(join(project, name, '..'), { recursive: true });
      writeFileSync(join(project, name), text);
    }
    return await checkProject(run, openProject(project));
  } finally {
    rmSync(project, { recursive: true });
  }
}

function checkedExample(text: string): Promise<CheckResult> {
  const [entrypoint, reasons, data] = ['entrypoint', 'reasons', 'data'].map((name) => header(text, name));
  const described = [
    'version: 1',
    ...(entrypoint === undefined ? [] : [`entrypoint: ${entrypoint}`]),
    ...(reasons === undefined ? [] : [`reasons: ${reasons}`]),
  ];
  return checked({
    'policy.yaml': `${described.join('\n')}\n`,
    'rego/example.rego': text,
    ...(/^deny/m.test(text) && { 'rego/decision.rego': decision }),
    ...(data !== undefined && { 'data/data.yaml': data }),
  });
}

/** `file:row rule`, sorted. */
function expectedOf(text: string): readonly string[] {
  const lines = text.split('\n').flatMap((line, index) => {
    const rules = / # finding: (.*)$/.exec(line)?.[1]?.split(' ') ?? [];
    return rules.map((rule) => `rego/example.rego:${index + 1} ${rule}`);
  });
  const others = [...text.matchAll(/^# at (\S+?)(:\d+)?: (\S+)$/gm)].map(
    ([, file, row = '', rule]) => `${file}${row} ${rule}`,
  );
  return [...lines, ...others].sort();
}

function told({ file, row, rule }: CheckFinding): string {
  return `${file}${file === 'policy.yaml' ? '' : `:${row}`} ${rule}`;
}

for (const name of examples) {
  const text = readFileSync(join(folder, name), 'utf8');
  const expected = expectedOf(text);
  const what = expected.length > 0 ? 'is found out where it is wrong' : 'is found to be right';
  withOpa(`the example ${name.replace('.rego', '')} ${what}`, async (t) => {
    const { findings, compiles } = await checkedExample(text);
    t.deepEqual(findings.map(told).sort(), expected, JSON.stringify(findings, null, 1));
    t.true(compiles);
    for (const { message, advice } of findings) t.true(message.length > 10 && advice.length > 10);
  });
}

test('every rule has a good and a bad example', (t) => {
  for (const rule of ruleIds) {
    const own = examples.filter((name) => name.startsWith(`${rule}-`));
    t.true(
      own.some((name) => name.startsWith(`${rule}-good`)),
      rule,
    );
    const bad = own.filter((name) => name.startsWith(`${rule}-bad`));
    const found = bad.flatMap((name) => expectedOf(readFileSync(join(folder, name), 'utf8')));
    t.true(
      found.some((one) => one.endsWith(` ${rule}`)),
      rule,
    );
  }
});

withOpa('the policy that ships passes without a finding', async (t) => {
  const result = await checkProject(run, openProject(join(root, 'rego')));
  t.deepEqual(result.findings, []);
  t.true(result.compiles);
});

withOpa('no function of opa that the capabilities lack is without advice, and no other has any', (t) => {
  const { stdout } = runOpaSync(opa.opa as Opa, ['capabilities', '--current'], { cwd: root });
  const names = (text: string) =>
    (JSON.parse(text) as { builtins: { name: string }[] }).builtins.map(({ name }) => name);
  const allowed = new Set(names(readFileSync(defaultCapabilities, 'utf8')));
  const lacking = names(stdout).filter((name) => !allowed.has(name));
  t.true(lacking.length > 100);
  t.deepEqual(Object.keys(builtinAdvice).sort(), lacking.sort());
});

withOpa('advice names no function that the engine lacks itself', (t) => {
  const lacking = new Set(Object.keys(builtinAdvice));
  for (const [name, advice] of Object.entries(builtinAdvice)) {
    const named = [...advice.matchAll(/`([a-z_]+(?:\.[a-z_0-9]+)*)[(`]/g)].map(([, one]) => one ?? '');
    t.deepEqual(
      named.filter((one) => lacking.has(one)),
      [],
      name,
    );
  }
});

withOpa('what is not Rego does not compile', async (t) => {
  const { findings, compiles } = await checked({ 'rego/a.rego': 'package portreeve\n\ndecision := {' });
  t.false(compiles);
  t.like(findings[0], { rule: 'opa', file: 'rego/a.rego', level: 'error' });
});

withOpa('what opa compiles but not in strict mode is a finding, and compiles', async (t) => {
  const rego = 'package portreeve\n\nimport data.a\n\ndecision := {}\n';
  const { findings, compiles } = await checked({ 'rego/a.rego': rego });
  t.true(compiles);
  t.deepEqual(findings.map(told), ['rego/a.rego:3 opa']);
});

withOpa('a function that does not exist anywhere does not compile', async (t) => {
  const rego = 'package portreeve\n\ndecision := nonsense.function(1)\n';
  const { findings, compiles } = await checked({ 'rego/a.rego': rego });
  t.false(compiles);
  t.deepEqual(
    findings.map(({ rule }) => rule),
    ['opa'],
  );
});

withOpa('a field of the input that is misspelt is told with the one that was probably meant', async (t) => {
  const rego = 'package portreeve\n\ndecision := input.devise_id\n';
  const { findings } = await checked({ 'rego/a.rego': rego });
  t.regex(findings[0]?.advice ?? '', /did you mean input\.device_id\?$/);
});

const typed = (schema: string, ...body: readonly string[]): string =>
  [`# METADATA`, `# schemas:`, `#   - ${schema}`, 'package portreeve', '', ...body, ''].join('\n');

withOpa('annotations that give the input its types are taken, beside modules without any', async (t) => {
  const { findings } = await checked({
    'rego/a.rego': typed('input: schema.input', 'decision := data.other.is', '', 'id := input.devise_id'),
    'rego/b.rego': 'package other\n\nis := input.devise_id\n',
  });
  t.deepEqual(findings.map(told), ['rego/a.rego:8 opa', 'rego/b.rego:3 opa']);
  const { findings: none } = await checked({
    'rego/a.rego': typed('input: schema.input', 'decision := input.device_id'),
  });
  t.deepEqual(none, []);
});

withOpa('annotations may name schemas of the project, and the input is the one of the program', async (t) => {
  const limits = (properties: object) =>
    JSON.stringify({ type: 'object', additionalProperties: false, properties });
  const files = {
    'rego/a.rego': typed('data.limits: schema.limits', 'decision := data.limits.mots'),
    'rego/b.rego': typed('input: schema.input', 'id := input.device_id').replace('portreeve', 'other'),
    'data/limits.json': '{"limits": {"most": 1}}',
    'schemas/limits.json': limits({ most: { type: 'integer' } }),
    'schemas/input.json': limits({}),
    'schemas/README.md': 'What the schemas are of.',
  };
  t.deepEqual((await checked(files)).findings.map(told), ['rego/a.rego:6 opa']);
});

withOpa('an annotation that names a schema that is not there is a finding', async (t) => {
  const rego = typed('input: schema.inptu', 'decision := input.device_id');
  const { findings, compiles } = await checked({ 'rego/a.rego': rego });
  t.true(compiles);
  t.deepEqual(findings.map(told), ['rego/a.rego:6 opa']);
  t.regex(findings[0]?.message ?? '', /undefined schema: schema\.inptu/);
  t.regex(findings[0]?.advice ?? '', /schema\.input/);
});

withOpa('a version of the input that the program does not have is told', async (t) => {
  const rego = 'package portreeve\n\ndecision := {}\n';
  const { findings } = await checked({
    'policy.yaml': 'version: 1\ninput_version: 7\n',
    'rego/a.rego': rego,
  });
  t.deepEqual(findings.map(told), ['policy.yaml opa']);
  t.regex(findings[0]?.message ?? '', /version 7/);
});

withOpa("rules for another program's input are not held against ours", async (t) => {
  const rego =
    'package envoy.authz\n\ndefault allow := false\n\nallow if input.attributes.request.http.method == "GET"\n';
  const { findings } = await checked({
    'policy.yaml': 'version: 1\nentrypoint: envoy/authz/allow\ncompat: opa-envoy\n',
    'rego/a.rego': rego,
  });
  t.deepEqual(findings, []);
});

withOpa('tests may call what policies may not', async (t) => {
  const { findings } = await checked({
    'rego/a.rego': 'package portreeve\n\ndecision := {}\n',
    'rego/a_test.rego': 'package portreeve_test\n\ntest_it if sprintf("%d", [1]) == "1"\n',
  });
  t.deepEqual(findings, []);
});

withOpa(
  'denials that are gathered from packages by a variable are rules and no data that is absent',
  async (t) => {
    const gather = (from: string) =>
      `package portreeve\n\ndecision := _denials\n\n_denials contains reason if some reason in data.${from}[_].deny\n`;
    const rule =
      'package rules.one\n\ndeny contains {"code": "inventory.unknown_device"} if not input.inventory_known\n';
    const found = async (from: string) => {
      const { findings } = await checked({ 'rego/a.rego': gather(from), 'rego/one.rego': rule });
      return findings.map((one) => one.rule);
    };
    t.deepEqual(await found('rules'), []);
    t.deepEqual(await found('rulez'), ['undefined-swallows-deny']);
  },
);
