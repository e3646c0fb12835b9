import { Ajv2020 } from 'ajv/dist/2020.js';
import test, { type ExecutionContext } from 'ava';
import { readRecord } from '../../../../src/audit/read-record.ts';
import type { AuditRecord } from '../../../../src/audit/record.ts';
import { recordBytes } from '../../../../src/audit/record.ts';
import { diffRecords } from '../../../../src/workshop/diff/diff-records.ts';
import { settingsReader } from '../../../../src/workshop/records/settings.ts';
import { readSampleHeader } from '../../../../src/workshop/sample/header.ts';
import { createPseudonym } from '../../../../src/workshop/sample/pseudonyms.ts';
import schema from '../../../../src/workshop/sample/sample.schema.json' with { type: 'json' };
import { sampleRecords } from '../../../../src/workshop/sample/sample-records.ts';
import type { Sample, SampleOptions } from '../../../../src/workshop/sample/sample-records.ts';
import { readFileSync } from 'node:fs';
import { policies, policyFile, withOpa } from '../../../helpers/policies.ts';
import { defaultBundle, givenSettings, logOf, meterRecord, recorded } from '../../../helpers/recorded.ts';
import { deviceId, makeWorld } from '../../../helpers/world.ts';
import type { World } from '../../../helpers/world.ts';

let world: World;
let records: readonly AuditRecord[];
test.before(async () => {
  world = await makeWorld();
  const [known, unknown, lost] = [
    await meterRecord(world, '1'),
    await meterRecord(world, 'unheard-of'),
    await meterRecord(world, 'lost'),
  ];
  // Many of one kind, some of another, one of a third.
  records = [...many(known, 400), ...many(unknown, 90), ...many(lost, 1)];
});
test.after.always(() => world.close());

function many(record: AuditRecord, count: number): readonly AuditRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    ...record,
    decision_id: `${record.decision_id.slice(0, -4)}${String(index).padStart(4, '0')}`,
  }));
}

interface Line {
  readonly kind: string;
  readonly weight: number;
  readonly redacted: readonly string[];
  readonly record: AuditRecord;
}

async function sampled(
  t: ExecutionContext,
  more: Partial<SampleOptions> = {},
): Promise<{ readonly sample: Sample; readonly texts: readonly string[]; readonly lines: readonly Line[] }> {
  const sample = await sampleRecords({
    ...{ files: logOf(t, records), by: ['class', 'site', 'reason'], most: 60, seed: '1' },
    ...{ since: undefined, pseudonym: undefined, settingsOf: settingsReader(givenSettings(world)) },
    ...more,
  });
  const texts: string[] = [];
  for await (const text of sample.lines()) texts.push(text);
  return { sample, texts, lines: texts.slice(1).map((text) => JSON.parse(text) as Line) };
}

test('a sample is no larger than asked for, has what is rare, and its weights add up to all decisions', async (t) => {
  const { sample, lines } = await sampled(t);
  t.true(lines.length <= 60 && lines.length > 50);
  t.like(sample.header, { decisions: 491, kept: lines.length });
  const sums = new Map<string, number>();
  for (const { weight, record } of lines) {
    const code = record.reasons[0]!.code;
    sums.set(code, (sums.get(code) ?? 0) + weight);
  }
  t.deepEqual(
    [...sums.values()].map((sum) => Math.round(sum * 1000) / 1000).sort((a, b) => a - b),
    [1, 90, 400],
  );
});

test('the same seed makes the same sample, in whatever order the records stand, and another one another', async (t) => {
  const ids = (lines: readonly Line[]) => lines.map(({ record }) => record.decision_id).sort();
  const first = ids((await sampled(t)).lines);
  t.deepEqual(ids((await sampled(t, { files: logOf(t, records.toReversed()) })).lines), first);
  t.notDeepEqual(ids((await sampled(t, { seed: '2' })).lines), first);
});

test('of fewer decisions than asked for all are in it, each for itself', async (t) => {
  const { lines } = await sampled(t, { most: 1000 });
  t.is(lines.length, 491);
  t.true(lines.every(({ weight }) => weight === 1));
});

test('decisions from before are left out; more combinations than records are refused', async (t) => {
  const { sample } = await sampled(t, { since: '2027-01-01T00:00:00.000Z' });
  t.is(sample.header.decisions, 0);
  await t.throwsAsync(sampled(t, { most: 2 }), { code: 'PDP_LIMIT_EXCEEDED' });
});

test('header and lines are as the schema says, and are read back', async (t) => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
  const { texts, sample } = await sampled(t);
  for (const text of texts) t.true(validate(JSON.parse(text)), text.slice(0, 200));
  const found = await readSampleHeader(logOf(t, texts)[0]!);
  t.deepEqual(Object.keys(found?.settings ?? {}), Object.keys(sample.header.settings));
  t.is(await readSampleHeader(logOf(t, records.slice(0, 2))[0]!), undefined);
});

withOpa('what policy diff counts by a sample is scaled back to all decisions', async (t) => {
  const after = readFileSync(policyFile(policies.allowEverything));
  const compare = async (lines: readonly (object | string)[]) => {
    const settings = givenSettings(world);
    const { tally } = await diffRecords({
      before: defaultBundle,
      after,
      files: logOf(t, lines),
      settings,
      jobs: 1,
      mostDevices: 9,
    });
    return [tally.compared, tally.let_ins].map(({ scaled }) => Math.round(scaled));
  };
  t.deepEqual(await compare((await sampled(t)).texts), await compare(records));
});

const pseudonym = createPseudonym(Buffer.alloc(32, 7));

test('pseudonymised records are whole, and name no device, certificate, owner, address or person', async (t) => {
  const child = recorded(
    await world.decide(world.connect({ pep: 'edge', claims: { device_id: deviceId('sensor/1') } })),
  );
  const camera = recorded(await world.decide(world.connect({ shows: world.cameraLeaf })));
  const files = logOf(t, [...records, child, camera]);
  const { lines, texts } = await sampled(t, { files, pseudonym, most: 400 });
  for (const { record } of lines) t.notThrows(() => readRecord(recordBytes(record)));
  const [known] = records as [AuditRecord];
  const hidden = [
    ...[deviceId('meter/1'), deviceId('meter/lost'), deviceId('sensor/1'), deviceId('camera/1')],
    ...[known.leaf, known.key, known.serial, known.decision_id, 'Grid West', 'SN-0001', 'SN-9001'],
    ...[known.facts!.connection.source_ip, world.cameraLeaf.fingerprint],
  ];
  for (const one of hidden)
    t.false(
      texts
        .slice(1)
        .join('\n')
        .includes(one as string),
      one as string,
    );
});

test('equal values have equal pseudonyms in facts, input and record, with the same key and no other', async (t) => {
  const { lines } = await sampled(t, { pseudonym });
  const [one, other] = lines
    .filter(({ record }) => record.outcome === 'allow')
    .map(({ record }) => record) as [AuditRecord, AuditRecord];
  t.is(one.device_id, one.input!.device_id);
  t.is(one.device_id, one.facts!.device!.device_id);
  t.is(one.device_id, other.device_id);
  t.is(one.leaf, one.facts!.credential!.path[0] as string);
  t.not(createPseudonym(Buffer.alloc(32, 8))('a'), pseudonym('a'));
  t.is(createPseudonym(Buffer.alloc(32, 7))('a'), pseudonym('a'));
});

withOpa('a policy that reads an address which was left out is not asked about such records', async (t) => {
  const after = readFileSync(
    policyFile(`package portreeve

decision := {"allow": startswith(input.source_ip, "10."), "reasons": [], "entitlements": [], "headers": {}, "session_limit_s": null, "ttl_s": 60}
`),
  );
  const { texts } = await sampled(t, { pseudonym });
  const { tally } = await diffRecords({
    ...{
      before: defaultBundle,
      after,
      files: logOf(t, texts),
      settings: givenSettings(world),
      jobs: 1,
      mostDevices: 9,
    },
  });
  t.is(tally.compared.lines, 0);
  t.deepEqual([...tally.because.keys()], ['input.source_ip was left out of the sample']);
});
