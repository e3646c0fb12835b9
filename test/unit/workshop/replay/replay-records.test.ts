import test, { type ExecutionContext } from 'ava';
import type { AuditRecord } from '../../../../src/audit/record.ts';
import { buildSupersedingRecord } from '../../../../src/audit/superseding.ts';
import { parseCrl } from '../../../../src/revocation/parse-crl.ts';
import { sha256Hex } from '../../../../src/lib/bytes.ts';
import { settingsReader } from '../../../../src/workshop/records/settings.ts';
import type { SettingsSources } from '../../../../src/workshop/records/settings.ts';
import { replayRecords } from '../../../../src/workshop/replay/replay-records.ts';
import type { ReplayOptions } from '../../../../src/workshop/replay/replay-records.ts';
import type { ReplayReport } from '../../../../src/workshop/replay/types.ts';
import { createPseudonym } from '../../../../src/workshop/sample/pseudonyms.ts';
import { sampleRecords } from '../../../../src/workshop/sample/sample-records.ts';
import { defaultBundle, givenSettings, logOf, meterRecord, recorded } from '../../../helpers/recorded.ts';
import { makeWorld } from '../../../helpers/world.ts';
import type { World } from '../../../helpers/world.ts';

let world: World;
let known: AuditRecord;
let unknown: AuditRecord;
test.before(async () => {
  world = await makeWorld();
  known = await meterRecord(world, '1');
  unknown = await meterRecord(world, 'unheard-of');
});
test.after.always(() => world.close());

/** Settings that stand under the digest that records of the world name. */
function carried(): SettingsSources {
  const { given } = givenSettings(world);
  return { carried: { [known.versions.configuration]: given! }, keptFolders: [], given: null };
}

const whole: ReplayOptions['gather'] = (record) =>
  Promise.resolve({
    record,
    parts: {
      engine: world.deps.policy(),
      settings: world.config,
      trust: world.deps.trust,
      crl: (digest) => {
        const der = world.crlBytes(digest);
        return der && parseCrl(der);
      },
      program: world.deps.program,
    },
    missing: [],
    differences: [],
  });

async function replay(
  t: ExecutionContext,
  lines: readonly (object | string)[],
  more: Partial<ReplayOptions> = {},
): Promise<ReplayReport> {
  return replayRecords({
    files: logOf(t, lines),
    gather: undefined,
    bundleOf: (digest) => (digest === sha256Hex(defaultBundle) ? defaultBundle : undefined),
    settingsOf: settingsReader(carried()),
    mostFindings: 10,
    ...more,
  });
}

test('where everything is kept the same decision comes out of everything that a record names', async (t) => {
  const report = await replay(t, [known, unknown, { kind: 'act' }], { gather: whole });
  t.like(report, { records: 2, same_whole: 2, same_policy: 0, different: 0, not_replayable: 0 });
});

test('with bundle and settings alone the same decision comes out of the recorded facts', async (t) => {
  t.like(await replay(t, [known, unknown]), { records: 2, same_policy: 2, different: 0, not_replayable: 0 });
});

test('a verdict, an outcome and facts that were changed are findings with file, line and place', async (t) => {
  const flipped = { ...known, outcome: 'deny' };
  const verdict = { ...known, verdict: { ...known.verdict!, ttl_s: 1 } };
  const lost = { ...known, facts: { ...known.facts!, device: { ...known.facts!.device!, status: 'lost' } } };
  const report = await replay(t, [known, flipped, verdict, lost]);
  t.like(report, { same_policy: 1, different: 3 });
  t.deepEqual(
    report.findings.map(({ line }) => line),
    [2, 3, 4],
  );
  t.deepEqual(
    report.findings[0]?.differences.map(({ path }) => path),
    ['outcome'],
  );
  t.is(report.findings[1]?.differences[0]?.path, 'verdict.ttl_s');
  t.like(await replay(t, [lost], { gather: whole }), { different: 1, same_whole: 0 });
});

test('findings beyond the number that is told are counted', async (t) => {
  const report = await replay(
    t,
    [1, 2, 3].map(() => ({ ...known, outcome: 'deny' })),
    { mostFindings: 1 },
  );
  t.is(report.different, 3);
  t.is(report.findings.length, 1);
});

test('what is not there any more is told, and is not taken for the same', async (t) => {
  const bundle = { ...known, versions: { ...known.versions, bundle: 'ab'.repeat(32) } };
  const configuration = { ...known, versions: { ...known.versions, configuration: 'cd'.repeat(32) } };
  const report = await replay(t, [bundle, configuration, { ...known, extra: 1 }, { ...known, schema: 9 }]);
  t.like(report, { records: 4, not_replayable: 4, same_policy: 0 });
  t.deepEqual(report.missing.map(({ what }) => what).sort(), [
    'a program that reads records of format 9',
    `bundle ${'ab'.repeat(32)}`,
    `configuration ${'cd'.repeat(32)}`,
    'members of the record itself',
  ]);
});

test('a decision in which the policy had no say is counted apart, and one with a second record once', async (t) => {
  const refused = { ok: false, field: 'x', problem: 'y', pep: world.pep('envoy'), door: 'native' } as const;
  const before = recorded(await world.decide(refused));
  t.like(await replay(t, [before]), { records: 1, not_asked: 1 });
  const made = await world.decide(world.connect({ shows: await world.leaf('meter/1') }));
  t.is((await replay(t, [recorded(made), buildSupersedingRecord(made)])).records, 1);
});

test('a pseudonymised sample comes out the same by policy and recorded facts', async (t) => {
  const sample = await sampleRecords({
    ...{ files: logOf(t, [known, unknown]), by: ['reason'], most: 9, seed: '1', since: undefined },
    ...{ pseudonym: createPseudonym(Buffer.alloc(16, 1)), settingsOf: settingsReader(carried()) },
  });
  const texts: string[] = [];
  for await (const text of sample.lines()) texts.push(text);
  t.like(await replay(t, texts, { gather: whole }), { records: 2, same_policy: 2 });
});

test('what is no record is refused by file and line', async (t) => {
  await t.throwsAsync(replay(t, [known, '{']), { message: /records\.ndjson:2: / });
});
