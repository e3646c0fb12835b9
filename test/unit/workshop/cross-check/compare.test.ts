import test from 'ava';
import { readVerdict } from '../../../../src/policy/verdict.ts';
import type { Verdict } from '../../../../src/policy/types.ts';
import { disagreement, saidByEngine, saidByOpa } from '../../../../src/workshop/cross-check/compare.ts';
import { goodInput } from '../../../helpers/policy-input.ts';
import type { CaseResult } from '../../../../src/workshop/cases/types.ts';

const verdict: Verdict = {
  allow: false,
  entitlements: ['b', 'a'],
  headers: {},
  reasons: [{ code: 'inventory.lost_or_stolen', detail: { status: 'lost' } }, { code: 'policy.denied' }],
  session_limit_s: null,
  ttl_s: null,
};
const read = (value: unknown): Verdict => readVerdict([{ result: value }]);

function ran(more: { verdict?: Verdict | null; faults?: string[]; input?: null }): CaseResult {
  const faults = (more.faults ?? []).map((code) => ({ code, stage: 'policy', message: 'words' }));
  const given = { verdict: more.verdict ?? null, input: more.input === null ? null : goodInput };
  return { ...given, decision: { faults }, facts: null, classes: {} } as unknown as CaseResult;
}

test('answers are the same whatever the order of what Rego has as sets', (t) => {
  const ours = saidByEngine(ran({ verdict }));
  const theirs = { ...verdict, entitlements: ['a', 'b'], reasons: [...verdict.reasons].reverse() };
  t.is(ours && disagreement(ours, saidByOpa({ kind: 'value', value: theirs }, read)), undefined);
});

test('another detail, another reason and another outcome are differences, told with both answers', (t) => {
  const ours = saidByEngine(ran({ verdict }));
  t.truthy(ours);
  for (const other of [
    { ...verdict, allow: true },
    { ...verdict, reasons: [{ code: 'inventory.lost_or_stolen', detail: { status: 'quarantined' } }] },
    { ...verdict, ttl_s: 60 },
  ]) {
    const found = ours && disagreement(ours, saidByOpa({ kind: 'value', value: other }, read));
    t.is(found?.ours.said, 'verdict');
    t.is(found?.opa.said, 'verdict');
  }
});

test('undefined is undefined and an error an error, and neither is the other nor a verdict', (t) => {
  const sides = [
    [ran({ faults: ['policy.undefined'] }), { kind: 'undefined' }],
    [ran({ faults: ['policy.error'] }), { kind: 'error', message: 'conflict' }],
    [ran({ verdict }), { kind: 'value', value: verdict }],
  ] as const;
  for (const [ours] of sides) {
    for (const [other, theirs] of sides) {
      const said = saidByEngine(ours);
      t.truthy(said);
      t.is(said && disagreement(said, saidByOpa(theirs, read)) === undefined, ours === other);
    }
  }
  t.is(saidByOpa({ kind: 'value', value: { allow: true } }, read).said, 'error');
});

test('a policy that was not asked, or took too long, is not compared', (t) => {
  t.is(saidByEngine(ran({ input: null })), undefined);
  t.is(saidByEngine(ran({ faults: ['policy.timeout'] })), undefined);
});
