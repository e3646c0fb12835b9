import test from 'ava';
import { buildRecord, recordBytes } from '../../../src/audit/record.ts';
import type { AuditRecord } from '../../../src/audit/record.ts';
import { readRecord } from '../../../src/audit/read-record.ts';
import { buildSupersedingRecord } from '../../../src/audit/superseding.ts';
import { concludeAgain } from '../../../src/decision/replay.ts';
import type { Kept, Replay } from '../../../src/decision/replay.ts';
import type { MadeDecision } from '../../../src/decision/types.ts';
import { PortreeveError } from '../../../src/lib/errors.ts';
import type { PolicyEngine } from '../../../src/policy/types.ts';
import { addHold, liftHold } from '../../../src/revocation/holds/edit.ts';
import { parseCrl } from '../../../src/revocation/parse-crl.ts';
import { deltaIndicator } from '../../helpers/crl-points.ts';
import { deviceId, hour, makeWorld } from '../../helpers/world.ts';
import type { World } from '../../helpers/world.ts';

let world: World;
let kept: Kept;
test.before(async () => {
  world = await makeWorld();
  kept = {
    engine: world.deps.policy(),
    settings: world.config,
    trust: world.deps.trust,
    crl: (digest) => {
      const der = world.crlBytes(digest);
      return der && parseCrl(der);
    },
    program: world.deps.program,
  };
});
test.after.always(() => world.close());

/** The record as it comes back from the log. */
const recorded = (made: MadeDecision): AuditRecord => readRecord(recordBytes(buildRecord(made)));

async function record(name: string): Promise<AuditRecord> {
  return recorded(await world.decide(world.connect({ shows: await world.leaf(name) })));
}

const paths = (replay: Replay) => replay.differences.map((difference) => difference.path);

function withEngine(evaluate: PolicyEngine['evaluate'], digest: string): PolicyEngine {
  return { bundle: { digest, revision: 'r', inputVersion: 1 }, evaluate, pages: () => 1, kept: () => [] };
}

test('an allow, a denial by the policy and one by the floor conclude to the same decision again', async (t) => {
  for (const name of ['meter/1', 'meter/unheard-of', 'meter/lost']) {
    const replay = concludeAgain(await record(name), kept);
    t.deepEqual(replay.differences, []);
    t.like(replay, { same: true, missing: [] });
  }
});

test("a gateway's child and a connection without anything conclude to the same decision again", async (t) => {
  const child = { pep: 'edge', claims: { device_id: deviceId('sensor/1') } };
  for (const asked of [child, {}]) {
    t.true(concludeAgain(recorded(await world.decide(world.connect(asked))), kept).same);
  }
});

test('another policy under the same digest gives differences that say where', async (t) => {
  const before = await record('meter/1');
  const other = withEngine(
    () => ({ ...before.verdict!, allow: false, reasons: [{ code: 'firmware.blocked' }] }),
    before.versions.bundle as string,
  );
  const replay = concludeAgain(before, { ...kept, engine: other });
  t.false(replay.same);
  t.is(replay.decision?.outcome, 'deny');
  t.true(['outcome', 'valid_until', 'reasons[0].code'].every((path) => paths(replay).includes(path)));
});

test('facts that were changed afterwards give differences, in the input and in the decision', async (t) => {
  const before = await record('meter/lost');
  const facts = { ...before.facts!, device: { ...before.facts!.device!, status: 'active' as const } };
  const replay = concludeAgain({ ...before, facts }, kept);
  t.false(replay.same);
  t.true(paths(replay).includes('input.device_status'));

  const allowed = await record('meter/1');
  const revoked = { ...allowed.facts!, findings: [{ code: 'revocation.revoked' as const }] };
  t.true(paths(concludeAgain({ ...allowed, facts: revoked }, kept)).includes('outcome'));
});

test('a decision that was changed afterwards differs from what it was made from', async (t) => {
  const before = await record('meter/lost');
  const changed = { ...before, outcome: 'allow' as const, device_id: 'another' };
  t.deepEqual(paths(concludeAgain(changed, kept)).sort(), ['device_id', 'outcome']);
});

test('what is not kept is named, and nothing is concluded', async (t) => {
  const before = await record('meter/1');
  const { versions } = before;
  const nothing = concludeAgain(before, {
    ...kept,
    ...{ engine: undefined, settings: undefined, trust: undefined, crl: () => undefined },
  });
  t.like(nothing, { same: false, decision: null });
  t.deepEqual(nothing.missing, [
    `bundle ${versions.bundle}`,
    `configuration ${versions.configuration}`,
    `anchors ${versions.anchors}`,
    ...versions.crls.map(({ digest }) => `CRL ${digest}`),
  ]);
  t.is(versions.crls.length, 2);

  const otherBundle = withEngine(() => before.verdict!, '00'.repeat(32));
  t.deepEqual(concludeAgain(before, { ...kept, engine: otherBundle }).missing, [`bundle ${versions.bundle}`]);

  const catalogue = '11'.repeat(32);
  const otherWords = concludeAgain({ ...before, versions: { ...versions, catalogue } }, kept);
  t.deepEqual(otherWords.missing, [`catalogue ${catalogue} (${versions.program})`]);
});

test('a decision by a CRL and its delta names both, and is concluded again by the bytes of both', async (t) => {
  const own = await makeWorld();
  t.teardown(own.close);
  const leaf = await own.leaf('meter/1');
  const [number, at] = [0x70, own.clock.now() - hour];
  await own.importCrl('meters', {
    number,
    revoked: [{ serial: leaf.serial, at, reason: 'certificateHold' }],
  });
  const lifting = [{ serial: leaf.serial, at, reason: 'removeFromCRL' }];
  await own.importCrl('meters', { number: 0x71, revoked: lifting, extensions: [deltaIndicator(number)] });
  const made = recorded(await own.decide(own.connect({ shows: leaf })));
  t.is(made.outcome, 'allow');
  t.deepEqual(made.versions.crls.map((crl) => crl.number).slice(0, 2), ['70', '71']);
  const crl: Kept['crl'] = (digest) => {
    const der = own.crlBytes(digest);
    return der && parseCrl(der);
  };
  const keptThere = { ...kept, settings: own.config, trust: own.deps.trust, crl };
  t.deepEqual(concludeAgain(made, keptThere).differences, []);
  const delta = made.versions.crls[1]?.digest;
  const without = concludeAgain(made, {
    ...keptThere,
    crl: (digest) => (digest === delta ? undefined : crl(digest)),
  });
  t.deepEqual(without.missing, [`CRL ${delta}`]);
  const facts = {
    ...made.facts!,
    revocation: made.facts!.revocation.map((one) => ({ ...one, delta_number: null })),
  };
  t.true(paths(concludeAgain({ ...made, facts }, keptThere)).includes('facts.revocation[0].delta_number'));
});

test('circumstances of the time are taken from the record: a deadline, a shed call, a malformed request', async (t) => {
  const raw = world.connect({ shows: await world.leaf('meter/1') });
  const shed = await world.decide(raw, { timing: { arrived: 0, deadline: 0 } });
  const missing = await world.decide(raw, { deps: { policy: () => undefined } });
  const built = { ok: false, pep: world.pep('envoy'), door: 'native', field: 'sni', problem: 'x' } as const;
  const invalid = await world.decide(built);
  for (const made of [shed, missing, invalid]) {
    const replay = concludeAgain(recorded(made), kept);
    t.deepEqual(replay.differences, [], made.decision.reasons[0]?.code);
    t.true(replay.same);
  }
});

test('a record that says what was answered in the place of another concludes to that again', async (t) => {
  const raw = world.connect({ shows: await world.leaf('meter/1') });
  for (const onFailure of ['deny', 'continue'] as const) {
    const config = { ...world.config, audit: { ...world.config.audit, on_failure: onFailure } };
    const answered: MadeDecision[] = [];
    const recorder = {
      append: () => Promise.reject(new PortreeveError('PDP_AUDIT_UNAVAILABLE', 'late')),
      supersede: (made: MadeDecision) => void answered.push(made),
    };
    await world.decide(raw, { deps: { config, recorder } });
    const record = readRecord(recordBytes(buildSupersedingRecord(answered[0] as MadeDecision)));
    t.is(record.outcome, onFailure === 'deny' ? 'deny' : 'allow');
    t.deepEqual(concludeAgain(record, { ...kept, settings: config }).differences, []);
    const other = { ...config.audit, on_failure: onFailure === 'deny' ? 'continue' : 'deny' } as const;
    const replay = concludeAgain(record, { ...kept, settings: { ...config, audit: other } });
    t.true(paths(replay).includes('outcome'));
  }
});

test('a policy that broke off is asked again, and breaking off again is the same decision', async (t) => {
  const broken = withEngine(() => {
    throw new PortreeveError('PDP_POLICY_UNDEFINED', 'nothing');
  }, '22'.repeat(32));
  const raw = world.connect({ shows: await world.leaf('meter/1') });
  const before = recorded(await world.decide(raw, { deps: { policy: () => broken } }));
  t.true(concludeAgain(before, { ...kept, engine: broken }).same);
  const mended = withEngine(() => ({ ...allowing }), '22'.repeat(32));
  t.true(paths(concludeAgain(before, { ...kept, engine: mended })).includes('outcome'));
});

const allowing = { allow: true, reasons: [], entitlements: [], headers: {}, session_limit_s: null, ttl_s: 5 };

test('an allow that failed on its own term fails again in the same way', async (t) => {
  const raw = world.connect({ shows: await world.leaf('meter/1') });
  const instant = withEngine(() => ({ ...allowing, ttl_s: 0 }), '33'.repeat(32));
  const before = recorded(await world.decide(raw, { deps: { policy: () => instant } }));
  t.is(before.reasons[0]?.code, 'system.internal');
  t.true(concludeAgain(before, { ...kept, engine: instant }).same);
});

test('the configuration of the time decides whether it was enforced', async (t) => {
  const before = await record('meter/lost');
  const settings = {
    ...world.config,
    enforcement: { observe: [{ pep: 'envoy', until: before.facts!.now + 1 }], break_glass: [] },
  };
  t.deepEqual(paths(concludeAgain(before, { ...kept, settings })), ['enforced']);
});

test('what no kept bytes can show is named, and the program only where it is another', async (t) => {
  const before = await record('meter/1');
  t.deepEqual(concludeAgain(before, kept).notShown, ['instance', 'epochs']);
  t.deepEqual(concludeAgain(before, { ...kept, program: 'portreeve 9' }).notShown[0], 'program');
  const shed = await world.decide(world.connect({}), { timing: { arrived: 0, deadline: 0 } });
  t.deepEqual(concludeAgain(recorded(shed), kept).notShown, ['instance']);
});

test('a decision by a hold is concluded again from its facts, under epochs that cover the hold', async (t) => {
  // Of nobody whom another test asks about.
  const added = {
    kind: 'device',
    value: deviceId('meter/held'),
    until: null,
    who: 'night shift',
    why: 'case 17',
  } as const;
  const { hold_id: holdId } = addHold(world.deps.store, {
    tenant: 'default',
    now: world.clock.now(),
    ...added,
  });
  const before = await record('meter/held');
  const lifted = { tenant: 'default', holdId, who: 'day shift', why: 'over', now: world.clock.now() };
  liftHold(world.deps.store, lifted);
  t.is(before.reasons[0]?.code, 'hold.device');
  t.true(concludeAgain(before, kept).same, 'although it is lifted by now');
  const { local = 0 } = before.versions.epochs;
  const earlier = { ...before.versions, epochs: { local: local - 1 } };
  t.deepEqual(paths(concludeAgain({ ...before, versions: earlier }, kept)), ['versions.epochs']);
  const facts = { ...before.facts!, holds: [] };
  t.false(concludeAgain({ ...before, facts }, kept).same);
});

test('a shared key is concluded again from its uses, of which the last is the connection itself', async (t) => {
  const own = await makeWorld();
  t.teardown(own.close);
  const leaf = await own.leaf('meter/1');
  const asked = own.connect({ shows: leaf });
  const elsewhere = { device_id: deviceId('meter/1'), gateway: 'oslo', network: null };
  const trail = [{ ...elsewhere, last_used: own.clock.now() - 1000 }];
  const observed = { ...own.deps.observed, sharedUse: () => trail };
  const before = recorded(await own.decide(asked, { deps: { observed } }));
  t.is(before.facts?.shared_use?.scope, 'gateways');
  const again = (shared_use: NonNullable<AuditRecord['facts']>['shared_use']) =>
    paths(
      concludeAgain(
        { ...before, facts: { ...before.facts!, shared_use } },
        { ...kept, settings: own.config, trust: own.deps.trust, engine: own.deps.policy(), crl: crlOf(own) },
      ),
    );
  const fact = before.facts!.shared_use!;
  t.deepEqual(again(fact), []);
  t.deepEqual(again({ ...fact, moves: 7 }), ['facts.shared_use.moves']);
  t.deepEqual(again({ ...fact, uses: fact.uses.slice(1) }), [
    'facts.shared_use.scope',
    'facts.shared_use.moves',
  ]);
  const last = { ...fact.uses[1]!, gateway: 'paris' };
  t.deepEqual(again({ ...fact, uses: [fact.uses[0]!, last] }), ['facts.shared_use.last.gateway']);
});

const crlOf = (of: World) => (digest: string) => {
  const der = of.crlBytes(digest);
  return der && parseCrl(der);
};

test('versions that were changed afterwards differ from what the facts were read from', async (t) => {
  const before = await record('meter/1');
  const changed = (versions: Partial<AuditRecord['versions']>) =>
    concludeAgain({ ...before, versions: { ...before.versions, ...versions } }, kept);
  const [first, second] = before.versions.crls as [CrlVersion, CrlVersion];
  t.true(paths(changed({ crls: [] })).includes('facts.revocation[0].status'));
  t.deepEqual(paths(changed({ crls: [{ ...first, number: '7f' }, second] })), ['versions.crls[0].number']);
  t.false(changed({ crls: [second, first] }).same);
  t.false(
    changed({ crls: [{ ...first, digest: second.digest }, second] }).same,
    'the list of another issuer',
  );
  t.false(changed({ crls: [first, second, { ...second, issuer_key: '00'.repeat(32) }] }).same);
  const digest = '00'.repeat(32);
  t.deepEqual(changed({ crls: [{ ...first, digest }, second] }).missing, [`CRL ${digest}`]);
  t.deepEqual(paths(changed({ epochs: {} })), ['versions.epochs']);
  t.deepEqual(paths(changed({ epochs: { local: 1 } })), ['versions.epochs'], 'before the row that was read');
  t.deepEqual(paths(changed({ site: 'elsewhere' })), ['versions.site']);
  t.deepEqual(paths(changed({ classes: digest })), ['versions.classes']);
});

type CrlVersion = AuditRecord['versions']['crls'][number];

test('facts that the kept anchors and CRLs do not give are different', async (t) => {
  const before = await record('meter/1');
  const facts = before.facts as NonNullable<AuditRecord['facts']>;
  const changed = (changes: Partial<typeof facts>) =>
    paths(concludeAgain({ ...before, facts: { ...facts, ...changes } }, kept));
  const [leaf, ...rest] = facts.revocation;
  t.true(
    changed({ revocation: [{ ...leaf!, next_update: 0 }, ...rest] }).includes(
      'facts.revocation[0].next_update',
    ),
  );
  t.true(changed({ revocation: [] }).includes('facts.revocation[0]'));
  t.true(
    changed({ credential: { ...facts.credential!, anchor: 'vendor' } }).includes('facts.credential.anchor'),
  );
  t.true(
    changed({ credential: { ...facts.credential!, issuer: 'cameras' } }).includes('facts.credential.issuer'),
  );
  t.true(changed({ limits: [] }).includes('facts.limits[0]'));
});

test('a revoked certificate, a stale list and one from the future conclude again from the kept list', async (t) => {
  const own = await makeWorld();
  t.teardown(() => own.close());
  const leaf = await own.leaf('meter/1');
  await own.importCrl('meters', {
    revoked: [{ serial: leaf.serial, at: own.clock.now(), reason: 'keyCompromise' }],
  });
  const again = {
    ...kept,
    ...{ settings: own.config, trust: own.deps.trust, engine: own.deps.policy() },
    crl: (digest: string) => {
      const der = own.crlBytes(digest);
      return der && parseCrl(der);
    },
  };
  const decided = async () => recorded(await own.decide(own.connect({ shows: leaf })));
  const revoked = await decided();
  t.is(revoked.reasons[0]?.code, 'revocation.revoked');
  t.deepEqual(concludeAgain(revoked, again).differences, []);
  const good = {
    ...revoked.facts!,
    revocation: [{ ...revoked.facts!.revocation[0]!, status: 'good' as const }],
  };
  t.false(concludeAgain({ ...revoked, facts: good }, again).same);
  own.clock.advance(-2 * hour);
  const early = await decided();
  t.true(early.reasons.some(({ code }) => code === 'system.clock_untrusted'));
  t.deepEqual(concludeAgain(early, again).differences, []);
  own.clock.advance(40 * hour);
  const stale = await decided();
  t.true(stale.reasons.some(({ code }) => code.startsWith('revocation.')));
  t.deepEqual(concludeAgain(stale, again).differences, []);
});
