import test from 'ava';
import type { DecisionDeps } from '../../../src/decision/deps.ts';
import type { MadeDecision } from '../../../src/decision/types.ts';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { makeWorld } from '../../helpers/world.ts';
import type { Document } from '../../helpers/world-document.ts';
import type { World } from '../../helpers/world.ts';

async function worldThat(
  t: { teardown(run: () => void): void },
  configure?: (document: Document) => void,
): Promise<World> {
  const world = await makeWorld(configure ? { configure } : {});
  t.teardown(world.close);
  return world;
}

const unavailable = new PortreeveError('PDP_AUDIT_UNAVAILABLE', 'no space left');

async function allowed(world: World, deps: Partial<DecisionDeps> = {}) {
  return world.decide(world.connect({ shows: await world.leaf('meter/1') }), { deps });
}

test('every decision, allow or denial, is recorded before it is answered', async (t) => {
  const world = await worldThat(t);
  let written = false;
  const recorder = {
    append: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      written = true;
    },
  };
  await allowed(world, { recorder });
  t.true(written);
  const denied = await world.decide(world.connect({}));
  t.deepEqual(world.records, [denied]);
});

test('with on_failure deny an allow that cannot be recorded becomes a denial', async (t) => {
  const world = await worldThat(t);
  world.failRecording(unavailable);
  const { decision } = await allowed(world);
  t.like(decision, { outcome: 'deny', enforced: true, valid_until: null });
  t.deepEqual(
    decision.reasons.map((reason) => reason.code),
    ['system.audit_unavailable'],
  );
  t.deepEqual(decision.faults, [
    { code: 'system.audit_unavailable', stage: 'record', message: 'no space left' },
  ]);
  t.deepEqual(decision.obligations, { entitlements: [], headers: {}, session_limit_s: null });
  world.failRecording(undefined);
  t.is((await allowed(world)).decision.outcome, 'allow');
});

test('the recorder is told what was answered where the record failed, and only there', async (t) => {
  const world = await worldThat(t);
  const told: MadeDecision[] = [];
  const supersede = (answered: MadeDecision) => void told.push(answered);
  await allowed(world, { recorder: { append: () => Promise.resolve(), supersede } });
  t.is(told.length, 0);
  const failing = { append: () => Promise.reject(unavailable), supersede };
  const answered = await allowed(world, { recorder: failing });
  t.deepEqual(told, [answered]);
});

test('whatever the recorder throws, the answer is a denial', async (t) => {
  const world = await worldThat(t);
  for (const thrown of ['text', null, { code: 'ENOSPC' }, new TypeError('bug')]) {
    const recorder = {
      append: () => {
        throw thrown as Error;
      },
    };
    const { decision } = await allowed(world, { recorder });
    t.is(decision.outcome, 'deny');
    t.is(decision.faults[0]?.code, 'system.audit_unavailable');
  }
});

test('with on_failure deny a denial keeps its reasons', async (t) => {
  const world = await worldThat(t);
  world.failRecording(unavailable);
  const { decision } = await world.decide(world.connect({ shows: await world.leaf('meter/lost') }));
  t.deepEqual(
    decision.reasons.map((reason) => reason.code),
    ['inventory.lost_or_stolen', 'system.audit_unavailable'],
  );
});

test('with on_failure continue the decision stands, and its faults say that it was not recorded', async (t) => {
  const world = await worldThat(t, (document) => {
    Object.assign(document['audit'] as object, { on_failure: 'continue' });
  });
  world.failRecording(unavailable);
  const { decision } = await allowed(world);
  t.is(decision.outcome, 'allow');
  t.truthy(decision.valid_until);
  t.like(decision.faults, [{ code: 'system.audit_unavailable', stage: 'record' }]);
});

test('an observed denial passes with its record, and not without', async (t) => {
  const world = await worldThat(t, (document) => {
    document['enforcement'] = { observe: [{ pep: 'envoy', until: '2026-06-02T00:00:00Z' }] };
  });
  const raw = world.connect({ shows: await world.leaf('meter/lost') });
  t.like((await world.decide(raw)).decision, { outcome: 'deny', enforced: false });
  world.failRecording(unavailable);
  t.like((await world.decide(raw)).decision, { outcome: 'deny', enforced: true });
});

test('a broken glass that does not name system.audit_unavailable does not let an unrecorded decision pass', async (t) => {
  const glass = {
    reasons: ['inventory.lost_or_stolen'],
    classes: ['meter'],
    who: 'J. Martin',
    why: 'drill',
    since: '2026-06-01T11:00:00Z',
    until: '2026-06-01T13:00:00Z',
  };
  const world = await worldThat(t, (document) => {
    document['enforcement'] = { break_glass: [glass] };
  });
  const raw = world.connect({ shows: await world.leaf('meter/lost') });
  const passing = await world.decide(raw);
  t.like(passing.decision, { outcome: 'deny', enforced: false });
  t.is(passing.decision.reasons.at(-1)?.code, 'system.break_glass_used');
  world.failRecording(unavailable);
  const kept = await world.decide(raw);
  t.like(kept.decision, { outcome: 'deny', enforced: true });
  t.false(kept.decision.reasons.some((reason) => reason.code === 'system.break_glass_used'));
});

test('a broken glass that names system.audit_unavailable lets what would have been allowed pass, and says so', async (t) => {
  const glass = {
    reasons: ['system.audit_unavailable'],
    classes: ['meter'],
    who: 'J. Martin',
    why: 'disk is being replaced',
    since: '2026-06-01T11:00:00Z',
    until: '2026-06-01T13:00:00Z',
  };
  const world = await worldThat(t, (document) => {
    document['enforcement'] = { break_glass: [glass] };
  });
  world.failRecording(unavailable);
  const { decision } = await world.decide(world.connect({ shows: await world.leaf('meter/1') }));
  t.like(decision, { outcome: 'deny', enforced: false, faults: [{ code: 'system.audit_unavailable' }] });
  t.deepEqual(
    decision.reasons.map(({ code }) => code),
    ['system.audit_unavailable', 'system.break_glass_used'],
  );
  const lost = await world.decide(world.connect({ shows: await world.leaf('meter/lost') }));
  t.true(lost.decision.enforced, 'it has another reason, which is not named');
});
