import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import test from 'ava';
import { checkGithub } from '../../../../src/workshop/check/github.ts';
import { checkRules, ruleIds } from '../../../../src/workshop/check/rules.ts';
import { checkSarif } from '../../../../src/workshop/check/sarif.ts';
import { checkText, passes } from '../../../../src/workshop/check/text.ts';
import type { CheckFinding, CheckResult } from '../../../../src/workshop/check/types.ts';

const finding: CheckFinding = {
  rule: 'unsupported-builtin',
  level: 'error',
  file: 'rego/a b.rego',
  row: 3,
  column: 7,
  message: 'the engine has no sprintf',
  advice: 'use `concat`, 100% of the time',
};
const note: CheckFinding = { ...finding, rule: 'reason-not-static', level: 'note', row: 9 };
const warning: CheckFinding = { ...finding, rule: 'iteration-not-lookup', level: 'warning', row: 8 };

const resultOf = (findings: readonly CheckFinding[], compiles = true): CheckResult => ({
  findings,
  compiles,
  modules: 2,
});

test('notes alone pass, warnings and errors do not, nor does what does not compile', (t) => {
  t.true(passes(resultOf([])));
  t.true(passes(resultOf([note])));
  t.false(passes(resultOf([note, warning])));
  t.false(passes(resultOf([finding])));
  t.false(passes(resultOf([], false)));
});

test('people are told place, level, rule, what is the case and what to do, and the counts last', (t) => {
  t.is(
    checkText(resultOf([finding, warning, note]), 'policies/'),
    [
      'policies/rego/a b.rego:3:7: error [unsupported-builtin] the engine has no sprintf',
      '    use `concat`, 100% of the time',
      'policies/rego/a b.rego:8:7: warning [iteration-not-lookup] the engine has no sprintf',
      '    use `concat`, 100% of the time',
      'policies/rego/a b.rego:9:7: note [reason-not-static] the engine has no sprintf',
      '    use `concat`, 100% of the time',
      '2 modules: 1 error, 1 warning, 1 note',
      '',
    ].join('\n'),
  );
  t.is(checkText(resultOf([])), '2 modules: nothing found\n');
  t.is(
    checkText({ ...resultOf([finding, finding], false), modules: 1 })
      .split('\n')
      .at(-2),
    '1 module: 2 errors; the policy does not compile',
  );
});

test('GitHub gets a command for each finding, escaped as its runner reads it', (t) => {
  const [first, second, third] = checkGithub(resultOf([finding, warning, note]), 'a,b/').split('\n');
  t.is(
    first,
    '::error file=a%2Cb/rego/a b.rego,line=3,col=7,title=unsupported-builtin::the engine has no sprintf%0Ause `concat`, 100%25 of the time',
  );
  t.regex(second ?? '', /^::warning file=/);
  t.regex(third ?? '', /^::notice file=/);
});

const schema: unknown = JSON.parse(
  readFileSync(new URL('./sarif-structure.schema.json', import.meta.url), 'utf8'),
);
const isSarif = new Ajv({ strict: false, allErrors: true }).compile(schema as object);

interface Sarif {
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
      readonly invocations: readonly [{ readonly executionSuccessful: boolean }];
      readonly results: readonly {
        readonly ruleId: string;
        readonly ruleIndex: number;
        readonly level: string;
        readonly locations: readonly [
          { readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } } },
        ];
        readonly partialFingerprints: object;
      }[];
    },
  ];
}

test('SARIF has what version 2.1.0 requires, with findings and without', (t) => {
  for (const found of [[], [finding, warning, note]])
    t.true(isSarif(JSON.parse(JSON.stringify(checkSarif(resultOf(found))))), JSON.stringify(isSarif.errors));
});

test('the structure that is required would find a wrong document out', (t) => {
  const right = JSON.parse(JSON.stringify(checkSarif(resultOf([finding])))) as { version: string };
  t.false(isSarif({ ...right, version: '2.0.0' }));
  const text = JSON.stringify(right);
  for (const [from, to] of [
    ['"level":"error"', '"level":"bad"'],
    ['"startLine":3', '"startLine":0'],
    ['"message":{"text"', '"message":{"words"'],
    ['"driver"', '"chauffeur"'],
  ] as const)
    t.false(isSarif(JSON.parse(text.replaceAll(from, to))), from);
});

test('a result names its rule by id and index, and its file by an address below the root', (t) => {
  const { runs } = checkSarif(resultOf([finding, note]), '../policies/') as Sarif;
  const [{ tool, results, invocations }] = runs;
  t.deepEqual(
    tool.driver.rules.map(({ id }) => id),
    ruleIds,
  );
  for (const { ruleId, ruleIndex } of results) t.is(tool.driver.rules[ruleIndex]?.id, ruleId);
  t.is(results[0]?.locations[0].physicalLocation.artifactLocation.uri, '../policies/rego/a%20b.rego');
  t.true(invocations[0].executionSuccessful);
});

test('a finding that moved within its file keeps its fingerprint', (t) => {
  const print = (one: CheckFinding) =>
    (checkSarif(resultOf([one])) as Sarif).runs[0].results[0]?.partialFingerprints;
  t.deepEqual(print(finding), print({ ...finding, row: 99, column: 1 }));
  t.notDeepEqual(print(finding), print({ ...finding, file: 'rego/b.rego' }));
});

test('every rule says what it finds and why that matters', (t) => {
  for (const { title, why } of Object.values(checkRules)) {
    t.regex(title, /^[A-Z].{10,}[^.]$/);
    t.regex(why, /^[A-Z].{20,}\.$/);
  }
});
