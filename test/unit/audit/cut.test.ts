import test from 'ava';
import { fitRecord, mostRecordBytes } from '../../../src/audit/cut.ts';
import type { CutPart } from '../../../src/audit/cut.ts';
import { valueAt } from '../../../src/audit/redact/pointer.ts';
import { readRecord } from '../../../src/audit/read-record.ts';
import { buildRecord, recordBytes } from '../../../src/audit/record.ts';
import type { AuditRecord } from '../../../src/audit/record.ts';
import { judgeReplay } from '../../../src/audit/replayable.ts';
import { sha256Hex } from '../../../src/lib/bytes.ts';
import { canonicalJson } from '../../../src/lib/canonical-json.ts';
import { makeWorld } from '../../helpers/world.ts';
import type { World } from '../../helpers/world.ts';

let world: World;
test.before(async () => {
  world = await makeWorld();
});
test.after.always(() => world.close());

async function whole(): Promise<AuditRecord> {
  return buildRecord(await world.decide(world.connect({ shows: await world.leaf('meter/1') })));
}

function facts(record: AuditRecord) {
  if (record.facts === null) throw new Error('the record has no facts');
  return record.facts;
}

function parsed(text: string): AuditRecord & { readonly cut?: readonly CutPart[] } {
  return JSON.parse(text) as AuditRecord;
}

const custom = (length: number) =>
  Object.fromEntries(
    Array.from({ length: 32 }, (_, index) => [
      `fact_${index}`,
      { origin: 'claimed' as const, value: 'é'.repeat(length) },
    ]),
  );

test('a record within its bytes is written whole', async (t) => {
  const record = await whole();
  t.is(recordBytes(record), canonicalJson(record));
  t.false('cut' in parsed(recordBytes(record)));
});

test('of a record that is too long the largest part goes, and is named with its length and digest', async (t) => {
  const record = await whole();
  const huge = { ...record, facts: { ...facts(record), custom: custom(1500) } } as AuditRecord;
  const text = recordBytes(huge);
  t.true(Buffer.byteLength(text) <= mostRecordBytes);
  const cut = parsed(text);
  const lost = canonicalJson(facts(huge).custom);
  t.deepEqual(cut.cut, [{ path: '/facts/custom', bytes: Buffer.byteLength(lost), sha256: sha256Hex(lost) }]);
  t.deepEqual(cut.facts?.custom, {});
  t.deepEqual(cut.facts?.device, JSON.parse(canonicalJson(facts(record).device)));
  t.notThrows(() => readRecord(text), 'the schema takes what is left');
});

test('what the policy saw of the request goes before all else', async (t) => {
  const record = await whole();
  const document = { bytes: 9, cut: [], digest: 'ab'.repeat(32), text: 'x'.repeat(40_000) };
  const limits = Array.from({ length: 1000 }, (_, index) => ({ because: `limit ${index}`, until: index }));
  const text = recordBytes({ ...record, document, facts: { ...facts(record), limits } });
  t.deepEqual(
    parsed(text).cut?.map(({ path }) => path),
    ['/document'],
  );
  t.is(parsed(text).document, undefined);
});

test('whatever is huge, the decision stays: outcome, codes, versions, who asked, and the ids that find it', async (t) => {
  const record = await whole();
  const text = 'long '.repeat(30_000);
  const many = <T>(one: T): T[] => Array.from({ length: 5000 }, () => one);
  const hold = { kind: 'device', epoch: 1, why: 'a reason '.repeat(10) };
  const huge = {
    ...record,
    tags: many('tag'),
    reasons: record.reasons.map((reason) => ({ ...reason, message: text, detail: { text } })),
    faults: [{ code: 'system.internal', stage: 'policy', message: text }],
    obligations: { ...record.obligations, entitlements: many('read'), headers: { 'x-a': text } },
    facts: { ...facts(record), custom: custom(9000), holds: many(hold), binding: { text } },
    input: { ...record.input, entitlements: many('read') },
    verdict: { ...record.verdict, headers: { 'x-a': text }, entitlements: many('read') },
  } as unknown as AuditRecord;
  const bytes = recordBytes(huge);
  t.true(Buffer.byteLength(bytes) <= mostRecordBytes);
  const cut = parsed(bytes);
  for (const name of [
    'decision_id',
    'outcome',
    'enforced',
    'versions',
    'pep',
    'time',
    'leaf',
    'key',
    'serial',
  ] as const)
    t.deepEqual(cut[name], parsed(canonicalJson(huge))[name]);
  t.deepEqual(
    cut.reasons.map(({ code, severity }) => [code, severity]),
    record.reasons.map(({ code, severity }) => [code, severity]),
  );
  t.is(cut.faults[0]?.code, 'system.internal');
  for (const { path, bytes: length, sha256 } of cut.cut ?? []) {
    const lost = canonicalJson(valueAt(huge, path));
    t.is(Buffer.byteLength(lost), length, path);
    t.is(sha256Hex(lost), sha256, path);
  }
});

/** The record of a decision that consulted so many CRLs, asked for by an enforcement point with so many networks. */
function longLists(record: AuditRecord, counts: { crls: number; networks: number }): AuditRecord {
  const crls = Array.from({ length: counts.crls }, (_, index) => ({
    ...{ digest: String(index).padStart(64, 'a'), issuer_key: 'b'.repeat(64), number: '01' },
  }));
  const networks = Array.from({ length: counts.networks }, (_, index) => `2001:db8:1234:${index}::/64`);
  return {
    ...record,
    pep: { ...record.pep, networks },
    versions: { ...record.versions, crls },
  };
}

test('a record fits however many CRLs it names: where nothing else makes room, they go, and all else stays', async (t) => {
  const record = longLists(await whole(), { crls: 1024, networks: 2 });
  const hidden = ['/device_id', '/versions/crls/7/issuer_key'];
  const text = recordBytes({ ...record, redacted: hidden });
  t.true(Buffer.byteLength(text) <= mostRecordBytes);
  const lost = canonicalJson(record.versions.crls);
  const cut = [{ path: '/versions/crls', bytes: Buffer.byteLength(lost), sha256: sha256Hex(lost) }];
  const versions = { ...record.versions, crls: [] };
  t.deepEqual(
    parsed(text),
    parsed(canonicalJson({ ...record, versions, cut, redacted: ['/device_id'] })),
    'facts, input and verdict are not cut in vain',
  );
  t.notThrows(() => readRecord(text), 'the schema takes what is left');
  const judged = judgeReplay(parsed(text), { differences: [], missing: [] });
  t.deepEqual(judged.missing, ['/versions/crls, which was cut']);
});

test('CRLs and the networks of an enforcement point go as far as they must, the longer list first', async (t) => {
  const record = await whole();
  const of = (counts: { crls: number; networks: number }): readonly string[] | undefined => {
    const text = recordBytes(longLists(record, counts));
    t.true(Buffer.byteLength(text) <= mostRecordBytes);
    return parsed(text).cut?.map(({ path }) => path);
  };
  t.deepEqual(of({ crls: 330, networks: 1000 }), ['/versions/crls']);
  t.deepEqual(of({ crls: 200, networks: 2400 }), ['/pep/networks']);
  t.deepEqual(of({ crls: 1024, networks: 3000 }), ['/versions/crls', '/pep/networks']);
});

test('where other parts make room, a record names its CRLs', async (t) => {
  const document = { bytes: 9, cut: [], digest: 'ab'.repeat(32), text: 'x'.repeat(40_000) };
  const record = longLists(await whole(), { crls: 200, networks: 0 });
  const cut = parsed(recordBytes({ ...record, document }));
  t.deepEqual(
    cut.cut?.map(({ path }) => path),
    ['/document'],
  );
  t.is(cut.versions.crls.length, 200);
});

test('a change that consisted of much keeps who, why and what kind it was', (t) => {
  const act = {
    ...{ schema: 1, kind: 'act', act: 'change', actor: 'cli', why: 'import', selector: 'devices' },
    detail: { kind: 'device.import', added: Array.from({ length: 20_000 }, (_, index) => `device-${index}`) },
  };
  const text = fitRecord(act);
  t.true(Buffer.byteLength(text) <= mostRecordBytes);
  const cut = JSON.parse(text) as typeof act & { cut: readonly CutPart[] };
  t.deepEqual(cut.detail, { kind: 'device.import', added: [] });
  t.deepEqual(
    cut.cut.map(({ path }) => path),
    ['/detail/added'],
  );
});

test('names of commitments go with what they were in', (t) => {
  const value = 'redacted:'.padEnd(73, 'a');
  const record = {
    facts: { custom: Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`n${n}`, { value }])) },
    device_id: value,
    redacted: ['/device_id', ...Array.from({ length: 900 }, (_, n) => `/facts/custom/n${n}/value`)],
  };
  const cut = JSON.parse(fitRecord(record)) as { redacted: string[]; cut: CutPart[] };
  t.deepEqual(cut.redacted, ['/device_id']);
  t.is(cut.cut[0]?.path, '/facts/custom');
});
