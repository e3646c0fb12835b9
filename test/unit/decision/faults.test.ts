import test from 'ava';
import { join } from 'node:path';
import type { DecisionDeps } from '../../../src/decision/deps.ts';
import type { MadeDecision } from '../../../src/decision/types.ts';
import { PortreeveError } from '../../../src/lib/errors.ts';
import type { ErrorCode } from '../../../src/lib/errors.ts';
import type { ReasonCode } from '../../../src/lib/reason-code.ts';
import type { PolicyEngine, Verdict } from '../../../src/policy/types.ts';
import { createInventoryReader } from '../../../src/inventory/reader.ts';
import { createHoldReader } from '../../../src/revocation/holds/reader.ts';
import { createRevocationReader } from '../../../src/revocation/reader.ts';
import { openStore } from '../../../src/store/open.ts';
import { makeWorld, worldTime } from '../../helpers/world.ts';
import type { World } from '../../helpers/world.ts';

let world: World;
test.before(async () => {
  world = await makeWorld();
});
test.after.always(() => world.close());

const bundle = { digest: '77'.repeat(32), revision: 'fake', inputVersion: 1 };
const allowing: Verdict = {
  allow: true,
  reasons: [],
  entitlements: [],
  headers: {},
  session_limit_s: null,
  ttl_s: 60,
};

function engine(evaluate: PolicyEngine['evaluate']): PolicyEngine {
  return { bundle, evaluate, pages: () => 5, kept: () => [] };
}

function throwing(thrown: unknown): () => never {
  return () => {
    throw thrown;
  };
}

async function decided(deps: Partial<DecisionDeps>): Promise<MadeDecision> {
  return world.decide(world.connect({ shows: await world.leaf('meter/1') }), { deps });
}

function timesRecorded({ decision }: MadeDecision): number {
  return world.records.filter((made) => made.decision.decision_id === decision.decision_id).length;
}

test('without a policy everything is denied with policy.bundle_missing, its facts and input recorded', async (t) => {
  const made = await decided({ policy: () => undefined });
  t.like(made.decision, { outcome: 'deny', enforced: true, valid_until: null, assurance: 'device_proved' });
  t.is(made.decision.reasons[0]?.code, 'policy.bundle_missing');
  t.like(made.decision.faults, [{ code: 'policy.bundle_missing', stage: 'policy' }]);
  t.is(made.decision.versions.bundle, null);
  t.truthy(made.facts);
  t.truthy(made.input);
  t.is(made.verdict, null);
});

const policyFaults: readonly (readonly [ErrorCode, ReasonCode])[] = [
  ['PDP_POLICY_UNDEFINED', 'policy.undefined'],
  ['PDP_POLICY_TRAP', 'policy.error'],
  ['PDP_INTERNAL', 'system.internal'],
];
for (const [code, reason] of policyFaults) {
  test(`a policy that throws ${code} denies with ${reason}, recorded once`, async (t) => {
    const made = await decided({ policy: () => engine(throwing(new PortreeveError(code, 'broke off'))) });
    t.is(made.decision.outcome, 'deny');
    t.deepEqual(
      made.decision.reasons.map((told) => told.code),
      [reason],
    );
    t.deepEqual(made.decision.faults, [{ code: reason, stage: 'policy', message: 'broke off' }]);
    t.is(made.decision.versions.bundle, bundle.digest);
    t.is(timesRecorded(made), 1);
  });
}

for (const thrown of ['a text', { an: 'object' }, null, undefined, new TypeError('a bug')]) {
  test(`an engine that throws ${JSON.stringify(thrown)} denies with system.internal`, async (t) => {
    const made = await decided({ policy: () => engine(throwing(thrown)) });
    t.like(made.decision, { outcome: 'deny', valid_until: null });
    t.is(made.decision.reasons[0]?.code, 'system.internal');
    t.is(made.decision.faults.length, 1);
  });
}

test('a policy that cannot even be asked for denies with system.internal', async (t) => {
  const made = await decided({ policy: throwing(new Error('swap failed')) });
  t.like(made.decision.faults, [{ code: 'system.internal', stage: 'policy', message: 'swap failed' }]);
  t.is(made.decision.outcome, 'deny');
});

test('a store that cannot be read denies with system.dependency_stale, without facts', async (t) => {
  const store = openStore({ path: join(world.folder, 'closed.db'), mode: 'read_write', now: worldTime });
  const readers = {
    revocation: createRevocationReader(store),
    inventory: createInventoryReader(store),
    holds: createHoldReader(store),
  };
  store.close();
  const made = await decided({ store, ...readers });
  t.like(made.decision, { outcome: 'deny', device_id: null, assurance: 'none' });
  t.like(made.decision.faults, [{ code: 'system.dependency_stale', stage: 'facts' }]);
  t.deepEqual(made.decision.versions.epochs, {});
  t.is(made.facts, null);
  t.is(made.input, null);
});

test('a room that breaks while facts are gathered denies with system.internal', async (t) => {
  const inventory = { device: throwing(new RangeError('a bug')), holders: () => [] };
  const made = await decided({ inventory });
  t.like(made.decision.faults, [{ code: 'system.internal', stage: 'facts', message: 'a bug' }]);
  t.is(made.decision.outcome, 'deny');
});

test('a request that no context can be built of denies with system.input_invalid, telling field and problem', async (t) => {
  const built = {
    ok: false,
    pep: world.pep('envoy'),
    door: 'native',
    field: 'claims.serial',
    problem: 'is too long',
    connectionId: 'c-1',
  } as const;
  const made = await world.decide(built);
  t.like(made, { facts: null, input: null, verdict: null, door: 'native', connection_id: 'c-1' });
  t.deepEqual(
    made.decision.reasons.map(({ code, detail }) => ({ code, detail })),
    [{ code: 'system.input_invalid', detail: { field: 'claims.serial', problem: 'is too long' } }],
  );
  t.like(made.decision.faults, [{ code: 'system.input_invalid', stage: 'context' }]);
  t.is(timesRecorded(made), 1);
});

test('a fault does not hide what speaks against the device', async (t) => {
  const lost = world.connect({ shows: await world.leaf('meter/lost') });
  const made = await world.decide(lost, { deps: { policy: () => undefined } });
  t.deepEqual(
    made.decision.reasons.map((reason) => reason.code),
    ['inventory.lost_or_stolen', 'policy.bundle_missing'],
  );
});

test('without ids there are only denials, and without a readable conclusion too', async (t) => {
  const made = await decided({ newId: throwing(new Error('no entropy')) });
  t.like(made.decision, { outcome: 'deny', decision_id: '00000000-0000-0000-0000-000000000000' });
  t.is(made.decision.reasons[0]?.code, 'system.internal');

  const broken = { ...allowing, reasons: [{ code: 'no.such' as ReasonCode }] };
  const odd = await decided({ policy: () => engine(() => broken) });
  t.like(odd.decision, { outcome: 'deny', faults: [{ code: 'system.internal', stage: 'conclude' }] });
});

test('a call whose deadline passed before its turn is shed and nothing is begun', async (t) => {
  const asked: string[] = [];
  const identity = {
    ...world.deps.identity,
    resolve: () => {
      asked.push('identity');
      throw new Error('begun');
    },
  };
  const raw = world.connect({ shows: await world.leaf('meter/1') });
  const now = world.clock.monotonic();
  for (const deadline of [now, now - 1]) {
    const made = await world.decide(raw, { timing: { arrived: now - 200, deadline }, deps: { identity } });
    t.is(made.decision.outcome, 'deny');
    t.deepEqual(
      made.decision.reasons.map((reason) => reason.code),
      ['system.overload_shed'],
    );
    t.like(made.decision.faults, [{ code: 'system.overload_shed' }]);
    t.is(made.facts, null);
    t.is(timesRecorded(made), 1);
  }
  t.deepEqual(asked, []);
});

/** Worlds whose clock moves are not shared. */
async function ownWorld(t: { teardown(run: () => void): void }): Promise<World> {
  const own = await makeWorld();
  t.teardown(own.close);
  return own;
}

test('when the deadline passes while facts are gathered the policy is not asked', async (t) => {
  const own = await ownWorld(t);
  const inventory = {
    device: (tenant: string, id: string) => {
      own.clock.advance(1000);
      return own.deps.inventory.device(tenant, id);
    },
    holders: () => [],
  };
  let asked = 0;
  const policy = engine(() => {
    asked += 1;
    return allowing;
  });
  const raw = own.connect({ shows: await own.leaf('meter/1') });
  const made = await own.decide(raw, { deps: { inventory, policy: () => policy } });
  t.is(asked, 0);
  t.like(made.decision, { outcome: 'deny', device_id: made.facts?.device_id ?? '' });
  t.like(made.decision.faults, [{ code: 'system.overload_shed', stage: 'policy' }]);
});

test('a policy that answers after the deadline denies with policy.timeout, whatever it answers', async (t) => {
  const own = await ownWorld(t);
  const raw = own.connect({ shows: await own.leaf('meter/1') });
  for (const answer of [() => allowing, throwing(new PortreeveError('PDP_POLICY_TRAP', 'trap'))]) {
    const late = engine(() => {
      own.clock.advance(own.config.server.budget);
      return answer();
    });
    const made = await own.decide(raw, { deps: { policy: () => late } });
    t.like(made.decision, { outcome: 'deny', valid_until: null });
    t.deepEqual(
      made.decision.reasons.map((reason) => reason.code),
      ['policy.timeout'],
    );
    t.is(made.verdict, null);
  }
});

test('a policy that answers just in time counts', async (t) => {
  const own = await ownWorld(t);
  const raw = own.connect({ shows: await own.leaf('meter/1') });
  const slow = engine(() => {
    own.clock.advance(own.config.server.budget - 1);
    return allowing;
  });
  const made = await own.decide(raw, { deps: { policy: () => slow } });
  t.is(made.decision.outcome, 'allow');
  t.is(made.timings.policy, (own.config.server.budget - 1) * 1000);
});

test('faults are let pass where their PEP is observed, and stay denials with their faults', async (t) => {
  const own = await makeWorld({
    configure: (document) => {
      document['enforcement'] = { observe: [{ pep: 'envoy', until: '2026-06-02T00:00:00Z' }] };
    },
  });
  t.teardown(own.close);
  const built = { ok: false, pep: own.pep('envoy'), door: 'native', field: 'sni', problem: 'x' } as const;
  t.like((await own.decide(built)).decision, { outcome: 'deny', enforced: false });
  t.like((await own.decide({ ...built, pep: own.pep('edge') })).decision, {
    outcome: 'deny',
    enforced: true,
  });
  const raw = own.connect({ shows: await own.leaf('meter/1') });
  t.like((await own.decide(raw, { deps: { policy: () => undefined } })).decision, {
    outcome: 'deny',
    enforced: false,
  });
  own.clock.advance(12 * 3_600_000);
  t.like((await own.decide(built)).decision, { enforced: true }, 'and observation has ended by itself');
});
