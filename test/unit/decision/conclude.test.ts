import test from 'ava';
import { conclude, denyInstead } from '../../../src/decision/conclude.ts';
import type { ConcludeSettings, Material } from '../../../src/decision/conclude.ts';
import { catalogue } from '../../../src/decision/reasons.ts';
import type { Fault } from '../../../src/decision/types.ts';
import { reasonCodes } from '../../../src/lib/reason-code.ts';
import {
  factsTime,
  someCredential,
  someDevice,
  someFacts,
  someMaterial,
  someVerdict,
} from '../../helpers/facts.ts';

const strict: ConcludeSettings = { enforcement: { observe: [], break_glass: [] } };
const concluded = (changes: Partial<Material> = {}) => conclude(someMaterial(changes), strict);
const codes = (changes: Partial<Material>) => concluded(changes).reasons.map((reason) => reason.code);

test('policy and floor together allow, with the obligations of the policy and policy.ok', (t) => {
  t.like(concluded(), {
    outcome: 'allow',
    enforced: true,
    device_id: 'meter-1',
    assurance: 'device_proved',
    obligations: { entitlements: ['telemetry:write'], headers: { 'x-lane': 'fast' }, session_limit_s: 600 },
    valid_until: '2026-06-01T12:01:00.000Z',
    faults: [],
  });
  t.deepEqual(codes({}), ['policy.ok']);
});

test('a policy that allows cannot allow past the floor', (t) => {
  const floor: Partial<Material>[] = [
    { facts: someFacts({ findings: [{ code: 'revocation.revoked' }] }) },
    { facts: someFacts({ findings: [{ code: 'chain.untrusted_anchor' }] }) },
    { facts: someFacts({ credential: someCredential({ valid: false }) }) },
    { facts: someFacts({ device: someDevice({ status: 'lost' }) }) },
  ];
  for (const changes of floor) {
    const decision = concluded(changes);
    t.is(decision.outcome, 'deny');
    t.deepEqual(decision.obligations, { entitlements: [], headers: {}, session_limit_s: null });
    t.is(decision.valid_until, null);
    t.true(decision.enforced);
    t.false(decision.reasons.some((reason) => reason.code === 'policy.ok'));
  }
});

test('an allow that lists any denying reason is a denial, and one that lists only warnings stands', (t) => {
  for (const code of reasonCodes) {
    const verdict = someVerdict({ reasons: [{ code }] });
    const { outcome } = concluded({ verdict });
    t.is(outcome, catalogue[code].severity === 'deny' ? 'deny' : 'allow', code);
  }
});

test('a policy that refuses without a reason is policy.denied, also beside the reasons of the floor', (t) => {
  const refusal = someVerdict({ allow: false });
  t.deepEqual(codes({ verdict: refusal }), ['policy.denied']);
  t.deepEqual(codes({ verdict: { ...refusal, reasons: [{ code: 'policy.ok' }] } }), ['policy.denied']);
  const facts = someFacts({ findings: [{ code: 'revocation.crl_stale' }] });
  t.deepEqual(codes({ verdict: refusal, facts }), ['revocation.crl_stale', 'policy.denied']);
});

test('what the rooms found stands for a code that the policy repeats', (t) => {
  const facts = someFacts({ findings: [{ code: 'credential.expired', detail: { not_after: 'then' } }] });
  const verdict = someVerdict({
    allow: false,
    reasons: [{ code: 'credential.expired', detail: { days: 3 } }],
  });
  const { reasons } = concluded({ facts, verdict });
  t.deepEqual(
    reasons.map(({ code, detail }) => ({ code, detail })),
    [{ code: 'credential.expired', detail: { not_after: 'then' } }],
  );
});

test('any fault denies with its reason, also beside a verdict that allows', (t) => {
  const fault: Fault = { code: 'policy.timeout', stage: 'policy', message: 'late' };
  t.like(concluded({ faults: [fault] }), { outcome: 'deny', valid_until: null, faults: [fault] });
  t.deepEqual(codes({ faults: [fault], verdict: null, facts: null }), ['policy.timeout']);
});

test('neither facts nor a verdict is never an allow, nor a denial without a reason', (t) => {
  t.deepEqual(codes({ verdict: null }), ['system.internal']);
  t.is(concluded({ facts: null }).outcome, 'deny');
  t.is(concluded({ verdict: null }).outcome, 'deny');
  t.like(concluded({ facts: null }), { device_id: null, assurance: 'none' });
});

test('an allow ends with the first of what it relies on, and with the term of the policy', (t) => {
  const ends = (untils: readonly number[], ttl_s: number | null) =>
    concluded({
      facts: someFacts({ limits: untils.map((until) => ({ until, because: 'x' })) }),
      verdict: someVerdict({ ttl_s }),
    }).valid_until;
  t.is(ends([factsTime + 5000, factsTime + 3000], 60), '2026-06-01T12:00:03.000Z');
  t.is(ends([factsTime + 5000], 2), '2026-06-01T12:00:02.000Z');
  t.is(ends([factsTime + 5000], null), '2026-06-01T12:00:05.000Z');
  t.is(ends([], null), '2026-06-01T12:05:00.000Z', 'no allow is without an end');
});

test('an allow that would end before it begins is a fault of ours', (t) => {
  for (const until of [factsTime, factsTime - 1]) {
    const decision = concluded({ facts: someFacts({ limits: [{ until, because: 'x' }] }) });
    t.is(decision.outcome, 'deny');
    t.deepEqual(
      decision.reasons.map((reason) => reason.code),
      ['system.internal'],
    );
    t.like(decision.faults[0], { code: 'system.internal', stage: 'conclude' });
  }
});

test('a decision turned down later keeps what it said and says what went wrong', (t) => {
  const facts = someFacts({ findings: [{ code: 'revocation.stale_within_grace' }] });
  const made = concluded({ facts });
  t.is(made.outcome, 'allow');
  const fault: Fault = { code: 'system.audit_unavailable', stage: 'record', message: 'full' };
  const denied = denyInstead(made, fault, { facts, pep: facts.pep, now: factsTime }, strict);
  t.like(denied, { outcome: 'deny', enforced: true, valid_until: null, faults: [fault], decision_id: 'id' });
  t.deepEqual(
    denied.reasons.map((reason) => reason.code),
    ['system.audit_unavailable', 'revocation.stale_within_grace'],
  );
  t.deepEqual(denied.obligations.entitlements, []);
});

const sunday = {
  code: 'custom.sunday',
  declared: { class: 'retry_later', remediation: 'Wait.', severity: 'deny', text: 'It is Sunday.' },
  detail: { weekday: 0 },
} as const;

test("a denial of an author's own denies although the policy says allow, and says nothing but itself", (t) => {
  const decision = concluded({ verdict: someVerdict({ reasons: [sunday] }) });
  t.is(decision.outcome, 'deny');
  t.deepEqual(decision.reasons, [
    {
      class: 'retry_later',
      code: 'custom.sunday',
      detail: { weekday: 0 },
      message: 'It is Sunday.',
      remediation: 'Wait.',
      severity: 'deny',
    },
  ]);
});

test("a policy that refuses with a warning of its author's own alone is told as policy.denied", (t) => {
  const warning = { ...sunday, declared: { ...sunday.declared, severity: 'warn' } } as const;
  const decision = concluded({ verdict: someVerdict({ allow: false, reasons: [warning] }) });
  t.deepEqual(
    decision.reasons.map(({ code, severity }) => `${severity} ${code}`),
    ['deny policy.denied', 'warn custom.sunday'],
  );
});

test("a decision turned down later keeps its author's own reasons whole", (t) => {
  const facts = someFacts();
  const made = concluded({ facts, verdict: someVerdict({ reasons: [sunday] }) });
  const fault: Fault = { code: 'system.audit_unavailable', stage: 'record', message: 'full' };
  const denied = denyInstead(made, fault, { facts, pep: facts.pep, now: factsTime }, strict);
  t.deepEqual(denied.reasons[0], made.reasons[0]);
});
