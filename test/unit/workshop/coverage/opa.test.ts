import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { gatherCoverage } from '../../../../src/workshop/coverage/gather.ts';
import { lcovText } from '../../../../src/workshop/coverage/lcov.ts';
import { shortfall } from '../../../../src/workshop/coverage/formats.ts';
import { coverageText } from '../../../../src/workshop/coverage/text.ts';
import { evaluateMany } from '../../../../src/workshop/evaluation/evaluate-many.ts';
import { running } from '../../../../src/workshop/evaluation/types.ts';
import type { RegoSources } from '../../../../src/workshop/evaluation/types.ts';
import { explainCase } from '../../../../src/workshop/explain/explain-case.ts';
import { coverRegoTests, runRegoTests } from '../../../../src/workshop/rego-tests/run-tests.ts';
import { readModules } from '../../../../src/workshop/rego-tree/read-modules.ts';
import type { CaseResult } from '../../../../src/workshop/cases/types.ts';
import { caseOutcome } from '../../../helpers/case-outcome.ts';
import { opa, withOpa } from '../../../helpers/policies.ts';

const run = running({ path: opa.path, version: '' });
const folder = mkdtempSync(join(tmpdir(), 'pr-rego-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const policy = `package demo

decision := {"allow": count(reasons) == 0, "reasons": reasons}

reasons contains {"code": "inventory.lost_or_stolen"} if input.status == "lost"

reasons contains {"code": code} if {
	code := _table[input.status]
}

reasons contains {"code": "custom.never"} if {
	input.status == "never"
	_deep
}

_table := {"held": "hold.device"}

_deep if input.more

decision := "conflict" if input.status == "broken"
`;
const tests = `package demo_test

import data.demo

test_lost if demo.decision.allow == false with input as {"status": "lost"}

test_wrong if demo.decision.allow == true with input as {"status": "held"}

todo_test_later if false
`;
writeFileSync(join(folder, 'demo.rego'), policy);
writeFileSync(join(folder, 'demo_test.rego'), tests);
const sources: RegoSources = {
  ...{ folder, modules: ['demo.rego'], tests: ['demo_test.rego'], data: [] },
  ...{ document: '{}', entrypoint: 'demo/decision', regoVersion: 1 },
};
const question = (id: string, status: string) => ({ id, input: JSON.stringify({ status }), classes: {} });

withOpa('many inputs are evaluated together, and one that fails takes no other along', async (t) => {
  const asked = ['active', 'broken', 'lost', 'held', 'broken'].map((status, index) =>
    question(`${index}`, status),
  );
  const { answers } = await evaluateMany(run, sources, asked);
  t.deepEqual(answers.get('0'), { kind: 'value', value: { allow: true, reasons: [] } });
  t.is(answers.get('1')?.kind, 'error');
  t.deepEqual(answers.get('2'), {
    kind: 'value',
    value: { allow: false, reasons: [{ code: 'inventory.lost_or_stolen' }] },
  });
  t.like(answers.get('3'), { kind: 'value', value: { allow: false } });
  t.is(answers.get('4')?.kind, 'error');
});

withOpa('what does not compile is told in the words of opa', async (t) => {
  writeFileSync(join(folder, 'broken.rego'), 'package broken\n\nx := unknown_function(1)\n');
  const wrong = { ...sources, modules: ['broken.rego'] };
  await t.throwsAsync(evaluateMany(run, wrong, [question('0', 'lost')]), {
    code: 'PDP_POLICY_INVALID',
    message: /unknown_function/,
  });
});

withOpa(
  'a module tells which reasons its rules give, by members, by tables and not by comparison',
  async (t) => {
    const [module] = await readModules(run, folder, ['demo.rego'], 1);
    const given = module?.rules
      .filter(({ gives }) => gives.length > 0)
      .map(({ row, gives }) => [row, ...gives]);
    t.deepEqual(given, [
      [5, 'inventory.lost_or_stolen'],
      [11, 'custom.never'],
      [16, 'hold.device'],
    ]);
  },
);

withOpa('Rego tests are told one by one, those that fail with what made them fail', async (t) => {
  const ran = await runRegoTests(run, sources);
  t.deepEqual(
    ran.map(({ name, status, line }) => [name, status, line]),
    [
      ['test_lost', 'passed', 5],
      ['test_wrong', 'failed', 7],
      ['todo_test_later', 'skipped', 9],
    ],
  );
  t.regex(ran[1]?.explanation ?? '', /demo_test.rego:7/);
});

withOpa(
  'coverage tells rules that never fired and reasons that no case expects, and adds up both kinds of tests',
  async (t) => {
    const modules = await readModules(run, folder, ['demo.rego'], 1);
    const ran = await runRegoTests(run, sources);
    const byTests = await coverRegoTests(run, sources, ran);
    const { coverage: byCases } = await evaluateMany(run, sources, [question('0', 'held')], {
      coverage: true,
    });
    const coverage = gatherCoverage({
      ...{ modules, byTests, byCases, tests: new Map([['demo_test.rego', tests]]) },
      outcomes: [caseOutcome({ expected: { outcome: 'deny', contains: [{ code: 'hold.device' }] } })],
      declared: ['custom.never', 'custom.unused'],
    });
    const by = Object.fromEntries(coverage.rules.map((rule) => [rule.row, rule.by]));
    t.deepEqual(by, {
      3: ['case', 'rego'],
      5: ['rego'],
      7: ['case'],
      11: [],
      16: ['case', 'rego'],
      18: [],
      20: [],
    });
    const lines = coverage.files[0]?.lines;
    t.deepEqual(
      [5, 7, 18].map((line) => lines?.get(line)),
      [true, true, false],
    );
    t.deepEqual(
      coverage.reasons.map(({ code, expectedBy, givenAt }) => [code, expectedBy, ...givenAt]),
      [
        ['custom.never', 0, 'demo.rego:11'],
        ['custom.unused', 0],
        ['hold.device', 1, 'demo.rego:16'],
        ['inventory.lost_or_stolen', 0, 'demo.rego:5'],
      ],
    );
    const text = coverageText(coverage);
    t.regex(text, /never fired:\n {2}demo.reasons \(demo.rego:11\)\n {2}demo._deep \(demo.rego:18\)/);
    t.regex(text, /custom.unused: declared, but given by no rule/);
    t.regex(
      lcovText(coverage),
      /SF:demo.rego\n(.|\n)*FNDA:0,demo.reasons:11\n(.|\n)*DA:18,0\n(.|\n)*end_of_record\n/,
    );
    t.regex(shortfall(coverage, 100) ?? '', /% of lines and .* % of rules, and 100 % are wanted/);
    t.is(shortfall(coverage, 10), undefined);
  },
);

withOpa(
  'an explanation shows where the rule that should have fired stopped, with the value that it read',
  async (t) => {
    const modules = await readModules(run, folder, ['demo.rego'], 1);
    const failed = caseOutcome({
      status: 'failed',
      expected: { outcome: 'deny', reasons: [{ code: 'inventory.lost_or_stolen' }] },
      got: { decision: { reasons: [{ code: 'policy.ok' }] } } as unknown as CaseResult,
    });
    const [section] = await explainCase(run, sources, modules, failed, question('0', 'active'));
    t.is(section?.title, 'trace: inventory.lost_or_stolen was expected and did not come');
    t.regex(
      section?.lines.join('\n') ?? '',
      /demo.rego:5 .*Fail input.status = "lost" +where input.status is "active"/,
    );
  },
);
