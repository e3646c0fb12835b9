import test, { type ExecutionContext } from 'ava';
import type { AuditRecord } from '../../../../src/audit/record.ts';
import { buildSupersedingRecord } from '../../../../src/audit/superseding.ts';
import { readFileSync } from 'node:fs';
import { diffRecords } from '../../../../src/workshop/diff/diff-records.ts';
import type { Outcome } from '../../../../src/workshop/diff/diff-records.ts';
import type { SettingsSources } from '../../../../src/workshop/records/settings.ts';
import { policies, policyFile, withOpa } from '../../../helpers/policies.ts';
import { defaultBundle, givenSettings, logOf, meterRecord, recorded } from '../../../helpers/recorded.ts';
import { deviceId, makeWorld } from '../../../helpers/world.ts';
import type { World } from '../../../helpers/world.ts';

let world: World;
test.before(async () => {
  world = await makeWorld();
});
test.after.always(() => world.close());

const allowAll = (): Uint8Array => readFileSync(policyFile(policies.allowEverything));

const denyBySite = (): Uint8Array =>
  readFileSync(
    policyFile(`package portreeve

decision := {
	"allow": count(_reasons) == 0, "reasons": [r | some r in _reasons],
	"entitlements": [], "headers": {}, "session_limit_s": null, "ttl_s": 60,
}

_reasons contains {"code": "network.source_not_allowed"} if input.device_site == "nantes"
`),
  );

async function diff(
  t: ExecutionContext,
  lines: readonly (object | string)[],
  after: Uint8Array,
  more: { readonly before?: Uint8Array; readonly settings?: SettingsSources; readonly jobs?: number } = {},
): Promise<Outcome> {
  const { before = defaultBundle, settings = givenSettings(world), jobs = 1 } = more;
  return diffRecords({ before, after, files: logOf(t, lines), settings, jobs, mostDevices: 100 });
}

const counts = ({ tally }: Outcome) => ({
  compared: tally.compared.lines,
  same: tally.same.lines,
  lock_outs: tally.lock_outs.lines,
  let_ins: tally.let_ins.lines,
  undecidable: tally.undecidable.lines,
});

const none = { compared: 0, same: 0, lock_outs: 0, let_ins: 0, undecidable: 0 };

/** A record with a change within its input or facts. */
function changed(record: AuditRecord, part: 'input' | 'facts', change: object): object {
  return { ...record, [part]: { ...record[part], ...change } };
}

function without(record: AuditRecord, part: 'input' | 'facts', key: string): object {
  const { [key]: _, ...rest } = record[part] as unknown as Record<string, unknown>;
  return { ...record, [part]: rest };
}

const why = ({ tally }: Outcome): readonly string[] => [...tally.because.keys()];

test('a bundle against itself flips nothing', async (t) => {
  const lines = [await meterRecord(world, '1'), await meterRecord(world, 'unheard-of')];
  t.deepEqual(counts(await diff(t, lines, defaultBundle)), { ...none, compared: 2, same: 2 });
});

test('a decision is compared whatever its reasons tell, also a kind that acts have', async (t) => {
  const record = await meterRecord(world, '1');
  const reasons = record.reasons.map((reason) => ({ ...reason, detail: { kind: 'act' } }));
  const act = { act: 'start', kind: 'act', schema: 1 };
  t.deepEqual(counts(await diff(t, [{ ...record, reasons }, act], defaultBundle)), {
    ...none,
    ...{ compared: 1, same: 1 },
  });
});

withOpa('what NEW denies is a lock-out, counted by class, site and reason, with its device', async (t) => {
  const { tally, devices } = await diff(t, [await meterRecord(world, '1')], denyBySite());
  t.is(tally.lock_outs.lines, 1);
  t.deepEqual(
    [...tally.rows.values()],
    [
      {
        ...{ class: 'meter', site: 'nantes', reason: 'network.source_not_allowed', direction: 'lock_out' },
        ...{ lines: 1, scaled: 1 },
      },
    ],
  );
  t.like(devices.sorted()[0], { device_id: deviceId('meter/1'), direction: 'lock_out', lock_outs: 1 });
});

withOpa('what only OLD denies is let in, and what the floor denies is no flip', async (t) => {
  const [unknown, lost] = [await meterRecord(world, 'unheard-of'), await meterRecord(world, 'lost')];
  const outcome = await diff(t, [unknown, lost], allowAll());
  t.is(unknown.outcome, 'deny');
  t.deepEqual(counts(outcome), { ...none, compared: 2, same: 1, let_ins: 1 });
  t.is([...outcome.tally.rows.values()][0]?.reason, 'inventory.unknown_device');
  t.is(outcome.tally.denied_by_both.lines, 1);
});

withOpa(
  'a record of which NEW reads a member that is not there is undecidable, and no other is',
  async (t) => {
    const record = await meterRecord(world, '1');
    const read = await diff(t, [without(record, 'input', 'device_site')], denyBySite());
    t.deepEqual(counts(read), { ...none, undecidable: 1 });
    t.deepEqual(why(read), ['input.device_site is not there']);
    const unread = await diff(t, [without(record, 'input', 'sni')], denyBySite());
    t.is(unread.tally.lock_outs.lines, 1);
  },
);

withOpa(
  'a redacted member that is read, facts without what the floor reads, and another input are undecidable',
  async (t) => {
    const record = await meterRecord(world, '1');
    const lines = [
      changed(record, 'input', { device_site: '[REDACTED]' }),
      changed(record, 'input', { input_version: 2 }),
      without(record, 'facts', 'holds'),
      changed(record, 'facts', { findings: 'none' }),
      { ...record, facts: null },
      { ...record, schema: 99 },
    ];
    const outcome = await diff(t, lines, denyBySite());
    t.deepEqual(counts(outcome), { ...none, undecidable: 6 });
    t.deepEqual(why(outcome), [
      'input.device_site was redacted',
      'OLD reads policy input 1, the record has 2',
      'facts.holds is not there',
      'facts.findings is not as records have it',
      'facts are not there',
      'the record has format 99',
    ]);
  },
);

test('what was redacted within a list, or in a fact that decides beside the policy, makes a record undecidable', async (t) => {
  const record = await meterRecord(world, '1');
  const { device, pep } = record.facts as unknown as Record<string, object>;
  const lines = [
    changed(record, 'input', { device_entitlements: ['telemetry:write', '[REDACTED]'] }),
    changed(record, 'facts', { device: { ...device, class: '[REDACTED]' } }),
    changed(record, 'facts', { device: { ...device, status: '***' } }),
    changed(record, 'facts', { pep: { ...pep, name: '[REDACTED]' } }),
  ];
  const outcome = await diff(t, lines, defaultBundle);
  t.deepEqual(counts(outcome), { ...none, undecidable: 4 });
  t.deepEqual(why(outcome), [
    'input.device_entitlements was redacted',
    'facts.device.class was redacted',
    'facts.device.status was redacted',
    'facts.pep.name was redacted',
  ]);
});

test('without classes and enforcement a record is undecidable; those of another configuration are told', async (t) => {
  const record = await meterRecord(world, '1');
  const nothing: SettingsSources = { carried: {}, keptFolders: [], given: null };
  t.deepEqual(counts(await diff(t, [record], defaultBundle, { settings: nothing })), {
    ...none,
    undecidable: 1,
  });
  const presumed = await diff(t, [record], defaultBundle);
  t.is(presumed.tally.presumed_settings.lines, 1);
  const own = givenSettings(world).given!;
  const carried = { ...nothing, carried: { [record.versions.configuration]: own } };
  t.is((await diff(t, [record], defaultBundle, { settings: carried })).tally.presumed_settings.lines, 0);
});

test('what was denied before the policy was asked is counted apart', async (t) => {
  const refused = { ok: false, field: 'x', problem: 'y', pep: world.pep('envoy'), door: 'native' } as const;
  const record = recorded(await world.decide(refused));
  const { tally } = await diff(t, [record], defaultBundle);
  t.is(tally.not_asked.lines, 1);
  t.is(tally.compared.lines, 0);
});

withOpa('a policy that failed at the time is asked again', async (t) => {
  const made = await world.decide(world.connect({ shows: await world.leaf('meter/1') }), {
    deps: { policy: () => undefined },
  });
  const record = recorded(made);
  t.is(record.reasons[0]?.code, 'policy.bundle_missing');
  t.deepEqual(counts(await diff(t, [record], denyBySite())), { ...none, compared: 1, lock_outs: 1 });
});

test('a decision with a second record counts once', async (t) => {
  const made = await world.decide(world.connect({ shows: await world.leaf('meter/1') }));
  const outcome = await diff(t, [recorded(made), buildSupersedingRecord(made)], defaultBundle);
  t.is(outcome.tally.compared.lines, 1);
});

withOpa('a policy that says nothing, or traps, denies', async (t) => {
  const record = await meterRecord(world, '1');
  for (const [rego, code] of [
    [policies.undefined, 'policy.undefined'],
    [policies.trap, 'policy.error'],
  ] as const) {
    const { tally } = await diff(t, [record], readFileSync(policyFile(rego)));
    t.is([...tally.rows.values()][0]?.reason, code);
  }
});

test('what is no record is refused by file and line; acts are passed over', async (t) => {
  const record = await meterRecord(world, '1');
  for (const [line, problem] of [
    ['{"kind":"decision","schema":1', 'not JSON'],
    ['[]', 'not a JSON object'],
    ['{"kind":"other"}', 'neither the record'],
    ['{"kind":"sampled","weight":0,"record":{"kind":"decision"}}', 'weight'],
  ] as const) {
    await t.throwsAsync(diff(t, [{ kind: 'act' }, record, line], defaultBundle), {
      code: 'PDP_INPUT_MALFORMED',
      message: new RegExp(`records\\.ndjson:3: .*${problem}`),
    });
  }
});

test('damaged lines are undecidable where they are to be passed over', async (t) => {
  const lines = [await meterRecord(world, '1'), '{', '{"kind":"other"}'];
  const settings = givenSettings(world);
  const { tally } = await diffRecords({
    ...{ before: defaultBundle, after: defaultBundle, files: logOf(t, lines), settings, jobs: 1 },
    ...{ mostDevices: 1, skipDamaged: true },
  });
  t.is(tally.compared.lines, 1);
  t.deepEqual([...tally.because], [['the line is damaged', { lines: 2, scaled: 2 }]]);
});

withOpa('threads count what one process counts, and tell what is wrong as it does', async (t) => {
  const templates = [
    await meterRecord(world, '1'),
    await meterRecord(world, 'unheard-of'),
    await meterRecord(world, 'lost'),
  ];
  const lines = Array.from({ length: 1200 }, (_, index) => {
    const one = templates[index % 3] as AuditRecord;
    return { ...one, decision_id: `${one.decision_id.slice(0, -4)}${String(index).padStart(4, '0')}` };
  });
  const [alone, together] = [await diff(t, lines, allowAll()), await diff(t, lines, allowAll(), { jobs: 2 })];
  t.deepEqual(counts(together), counts(alone));
  t.is(alone.tally.let_ins.lines, 400);
  t.deepEqual(
    together.devices.sorted().map(({ device_id, let_ins }) => [device_id, let_ins]),
    alone.devices.sorted().map(({ device_id, let_ins }) => [device_id, let_ins]),
  );
  await t.throwsAsync(diff(t, [...lines, '{'], allowAll(), { jobs: 2 }), {
    code: 'PDP_INPUT_MALFORMED',
    message: /records\.ndjson:1201: /,
  });
});
