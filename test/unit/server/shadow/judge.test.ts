import test from 'ava';
import type { ExecutionContext } from 'ava';
import { isShadowRecord } from '../../../../src/audit/read-shadow.ts';
import type { ShadowBundle } from '../../../../src/audit/shadow-record.ts';
import type { MadeDecision } from '../../../../src/decision/types.ts';
import { PortreeveError } from '../../../../src/lib/errors.ts';
import type { PolicyEngine, Verdict } from '../../../../src/policy/types.ts';
import { judgeLate, judgeOne } from '../../../../src/server/shadow/judge.ts';
import type { Judging } from '../../../../src/server/shadow/judge.ts';
import { makeWorld } from '../../../helpers/world.ts';
import type { Asked, World } from '../../../helpers/world.ts';

const bundle: ShadowBundle = { bundle: 'a'.repeat(64), revision: 'next', share: 1 };

const allowing: Verdict = {
  ...{ allow: true, reasons: [], entitlements: [], headers: {}, session_limit_s: null, ttl_s: 60 },
};
const denying: Verdict = { ...allowing, allow: false, reasons: [{ code: 'network.source_not_allowed' }] };

/** A policy that says the same to everybody, or what the function says. */
function judging(world: World, says: Verdict | (() => Verdict)): Judging {
  const engine: PolicyEngine = {
    bundle: { digest: bundle.bundle, revision: 'next', inputVersion: 1 },
    evaluate: () => (typeof says === 'function' ? says() : says),
    pages: () => 0,
    kept: () => [],
  };
  const { config, clock } = world;
  return { engine, bundle, settings: config, document: false, clock };
}

const textOf = ({ decision, facts, verdict, input }: MadeDecision): string =>
  JSON.stringify({ decision, facts, verdict, input: input !== null });

async function answered(t: ExecutionContext, asked: (world: World) => Promise<Asked>) {
  const world = await makeWorld();
  t.teardown(world.close);
  return { world, made: await world.decide(world.connect(await asked(world))) };
}

const good = async (world: World): Promise<Asked> => ({ shows: await world.leaf('meter/1') });
const revoked = async (world: World): Promise<Asked> => ({ shows: await world.leaf('meter/disabled') });

test('what the policy on trial denies and the one in force allows is a lock-out, with its reasons in the record', async (t) => {
  const { world, made } = await answered(t, good);
  t.is(made.decision.outcome, 'allow');
  const { counts, flip, record } = judgeOne(textOf(made), judging(world, denying));
  t.like(counts, { compared: 1, lock_outs: 1, agreed: 0 });
  t.deepEqual(flip && [flip.direction, flip.reason], ['lock_out', 'network.source_not_allowed']);
  t.true(isShadowRecord(record));
  t.is(record?.decision_id, made.decision.decision_id);
  t.like(record?.shadow, { ...bundle, differs: 'outcome', direction: 'lock_out' });
  t.like(record?.shadow.would, { outcome: 'deny', valid_until: null });
  t.deepEqual(
    record?.reasons.map(({ code, detail }) => [code, detail?.['because']]),
    [['policy.shadow_would_deny', 'network.source_not_allowed']],
  );
});

test('a difference that the floor hides is none', async (t) => {
  const { world, made } = await answered(t, revoked);
  t.is(made.decision.outcome, 'deny');
  t.is(made.decision.reasons[0]?.code, 'inventory.not_active');
  const same = made.verdict as Verdict;
  const { counts, record } = judgeOne(textOf(made), judging(world, { ...allowing, reasons: same.reasons }));
  t.like(counts, { compared: 1, let_ins: 0, denied_by_both: 1 });
  t.not(record?.shadow.differs, 'outcome');
});

test('one that says the same agrees and leaves no record; another term alone is counted and not recorded', async (t) => {
  const { world, made } = await answered(t, good);
  const same = judgeOne(textOf(made), judging(world, made.verdict as Verdict));
  t.like(same.counts, { compared: 1, agreed: 1 });
  t.is(same.record, undefined);
  const shorter = judgeOne(textOf(made), judging(world, { ...(made.verdict as Verdict), ttl_s: 1 }));
  t.like(shorter.counts, { compared: 1, agreed: 0, other_obligations: 1 });
  t.is(shorter.record, undefined);
});

test('one that traps or does not answer in time would have denied', async (t) => {
  const { world, made } = await answered(t, good);
  const trap = judgeOne(
    textOf(made),
    judging(world, () => {
      throw new PortreeveError('PDP_POLICY_TRAP', 'the policy trapped');
    }),
  );
  t.is(trap.flip?.reason, 'policy.error');
  const late = judgeLate(textOf(made), judging(world, allowing), 150);
  t.is(late.flip?.reason, 'policy.timeout');
  t.true(isShadowRecord(late.record));
});

test('an answer that was given without asking the policy in force is not compared, and is counted by why', async (t) => {
  const { world, made } = await answered(t, good);
  const timeout = { code: 'policy.timeout', stage: 'policy', message: 'late' } as const;
  const late = { ...made, verdict: null, decision: { ...made.decision, faults: [timeout] } };
  t.like(judgeOne(textOf(late), judging(world, allowing)).counts, { compared: 0, undecidable: 1 });
  const before = { ...made, verdict: null, input: null };
  t.like(judgeOne(textOf(before), judging(world, allowing)).counts, { compared: 0, not_asked: 1 });
  const reads = { ...judging(world, allowing), document: true };
  t.like(judgeOne(textOf(made), reads).counts, { compared: 0, undecidable: 1 });
});

test('a record that came too late changes the answer, and not what the policies are compared by', async (t) => {
  const { world, made } = await answered(t, good);
  const fault = { code: 'system.audit_unavailable', stage: 'record', message: 'full' } as const;
  const decision = { ...made.decision, outcome: 'deny', faults: [fault] } as MadeDecision['decision'];
  const unrecorded = judgeOne(textOf({ ...made, decision }), judging(world, made.verdict as Verdict));
  t.like(unrecorded.counts, { compared: 1, agreed: 1, let_ins: 0 });
});
