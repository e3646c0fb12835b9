import test from 'ava';
import type { ExecutionContext } from 'ava';
import { derivedDifferences } from '../../src/audit/derived.ts';
import { readRecord } from '../../src/audit/read-record.ts';
import { buildRecord, recordBytes } from '../../src/audit/record.ts';
import type { Decision, MadeDecision } from '../../src/decision/types.ts';
import { askCheck, askCommandLine, askDecide } from '../helpers/case-ask.ts';
import { askAmongOthers } from '../helpers/case-batch.ts';
import { instant } from '../helpers/case-certificates.ts';
import { doorsOf } from '../helpers/case-doors.ts';
import type { WireDoor } from '../helpers/case-doors.ts';
import { askedPolicies } from '../helpers/case-cross-check.ts';
import { answerOf, comparable, expectedAnswer, expectedDecision, misshapen } from '../helpers/case-expect.ts';
import { parseCases, readCases } from '../helpers/case-files.ts';
import type { Case, CaseDoor } from '../helpers/case-types.ts';
import { closeWorlds, regoOf, worldOf } from '../helpers/case-world.ts';
import type { CaseWorld } from '../helpers/case-world.ts';
import { opa } from '../helpers/policies.ts';
import { needing } from '../helpers/skip.ts';

const cases = readCases();
const asked = askedPolicies();

test.after.always(closeWorlds);

for (const one of cases) {
  for (const door of doorsOf(one)) {
    // Clocks are set and answers taken by turns.
    const run = needing(needsOpa(one) ? opa.lack : undefined, { serial: true });
    run(`${one.title} [${door}]`, async (t) => {
      const world = await worldOf(one);
      world.setTime(instant(one.at));
      if (door === 'cli') await throughCommandLine(t, one, world);
      else await throughWire(t, one, door, world);
    });
  }
}

// Serial tests run in the order in which they stand: all cases have been decided by now.
needing(opa.lack, { serial: true })(
  'opa gives the answer of the compiled policy to every case',
  async (t) => {
    const { asked: count, different } = await asked.ask(opa);
    t.deepEqual(different, []);
    t.true(count >= cases.length / 2, `${count} were asked`);
  },
);

/** Policies of a case's own are compiled. */
function needsOpa({ state, fault }: Case): boolean {
  return state?.policy !== undefined || fault?.startsWith('policy_') === true;
}

async function throughWire(t: ExecutionContext, one: Case, door: WireDoor, world: CaseWorld): Promise<void> {
  world.answered.length = 0;
  world.recorded.length = 0;
  const made = await answeredBy(t, one, door, world);
  asked.note(`${one.title} [${door}]`, regoOf(one), world.config.classes, made);
  checkDecision(t, one, made.decision, world);
  t.is(made.facts?.subject === 'claimed', one.expect.claimed === true, 'whose word the device is');
  checkRecord(t, one, made, world);
}

/** Asks, and holds what came back against what was decided. */
async function answeredBy(
  t: ExecutionContext,
  one: Case,
  door: WireDoor,
  world: CaseWorld,
): Promise<MadeDecision> {
  if (door === 'native_batch') return answeredInBatch(t, one, world);
  if (door === 'native') {
    const decision = await askDecide(one, world);
    const made = onlyAnswer(t, world, door);
    t.deepEqual(decision, made.decision, 'the answer is the whole decision');
    return made;
  }
  const answer = await askCheck(one, door, world);
  const made = onlyAnswer(t, world, door);
  t.deepEqual(answerOf(answer, world), expectedAnswer(one, door, made.decision.decision_id));
  return made;
}

/** Each connection of the batch has a decision and a record of its own; what is left in the world is the case's. */
async function answeredInBatch(t: ExecutionContext, one: Case, world: CaseWorld): Promise<MadeDecision> {
  const { decision, connectionId, beside } = await askAmongOthers(one, world);
  const ids = [decision, ...beside.map((other) => other.decision)].map((other) => other.decision_id);
  t.deepEqual(world.answered.map((made) => made.decision.decision_id).toSorted(), ids.toSorted());
  if (one.fault !== 'audit_log_full') t.is(world.recorded.length, ids.length, 'one record for each');
  for (const list of [world.answered, world.recorded])
    list.splice(0, list.length, ...list.filter((made) => made.decision.decision_id === decision.decision_id));
  const made = onlyAnswer(t, world, 'native');
  t.is(connectionId, made.connection_id ?? undefined);
  t.deepEqual(decision, made.decision, 'the answer is the whole decision');
  const named = beside.map((other) => other.connectionId ?? '-').join(' ');
  t.regex(named, /^- -( garbage long good)? good long garbage - -$/, 'in the order of the batch');
  for (const { connectionId: id, decision: other } of beside)
    if (id !== 'good') t.is(other.outcome, 'deny', id);
  return made;
}

function onlyAnswer(t: ExecutionContext, world: CaseWorld, door: CaseDoor): MadeDecision {
  t.is(world.answered.length, 1, 'one request, one decision');
  const [made] = world.answered as [MadeDecision];
  t.is(made.door, door);
  return made;
}

/** Whatever was decided is what was recorded, unless recording is what failed. */
function checkRecord(t: ExecutionContext, { fault }: Case, made: MadeDecision, world: CaseWorld): void {
  const expected = fault === 'audit_log_full' ? [] : [made];
  t.deepEqual(world.recorded, expected, 'recorded as it was answered');
  const record = readRecord(recordBytes(buildRecord(made)));
  t.deepEqual(derivedDifferences(record), [], 'the record says what its facts say');
  t.like(world.replay(record), { same: true, missing: [], differences: [] }, 'concludes to the same again');
}

async function throughCommandLine(t: ExecutionContext, one: Case, world: CaseWorld): Promise<void> {
  const { exit, decision } = await askCommandLine(one, world);
  checkDecision(t, one, decision, world);
  t.is(exit, one.expect.faults ? 4 : one.expect.outcome === 'allow' ? 0 : 3);
}

function checkDecision(t: ExecutionContext, one: Case, decision: Decision, world: CaseWorld): void {
  t.deepEqual(comparable(decision, one.expect), expectedDecision(one));
  t.deepEqual(misshapen(decision, world), []);
}

test('every case runs through at least two doors, or says why it cannot', (t) => {
  for (const one of cases) {
    const doors = doorsOf(one);
    const alone = doors.length < 2 ? doors : undefined;
    t.deepEqual(one.only && [one.only.door], alone, one.title);
  }
});

test('no two cases have the same title', (t) => {
  const titles = cases.map(({ title }) => title);
  t.deepEqual([...new Set(titles)], titles);
});

test('there are at least 60 cases', (t) => {
  t.true(cases.length >= 60, `${cases.length}`);
});

test('a word in a case that nothing reads fails, wherever it stands', (t) => {
  const deny = { deny: 'identity.no_credential' };
  const expect = {
    outcome: 'deny',
    reasons: [deny],
    device_id: null,
    assurance: 'none',
    wire: '401 not_authorized',
  };
  const sound = { title: 'a sound case for this test', connection: {}, expect };
  const parse = (one: object) => parseCases({ at: '2026-06-01T12:00:00Z', cases: [one] }, 'test');
  t.is(parse(sound).length, 1);
  for (const wrong of [
    { ...sound, expects: {} },
    { ...sound, connection: { sourceip: '10.20.0.7' } },
    { ...sound, connection: { claims: { id: 'x' } } },
    { ...sound, certificate: { issuer: 'meters', name: 'x', notafter: '-1s' } },
    { ...sound, state: { device: [] } },
    { ...sound, at: 'yesterday' },
    { ...sound, fault: 'bad_luck' },
    { ...sound, expect: { ...expect, outcome: 'maybe' } },
    { ...sound, expect: { ...expect, reasons: [] } },
    { ...sound, expect: { ...expect, reasons: [{ ...deny, warn: 'policy.ok' }] } },
    { ...sound, expect: { ...expect, valid_until: '2026-06-01T13:00:00Z' } },
    { ...sound, expect: { ...expect, wire: undefined } },
    { ...sound, expect: { ...expect, enforced: false } },
    { ...sound, expect: { ...expect, outcome: 'allow', wire: undefined } },
  ]) {
    t.throws(() => parse(JSON.parse(JSON.stringify(wrong)) as object), undefined, JSON.stringify(wrong));
  }
});
