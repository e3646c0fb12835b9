import { createHmac } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { derivedDifferences } from '../../../src/audit/derived.ts';
import { isWholeRecord } from '../../../src/audit/read-record.ts';
import { buildRecord, recordBytes } from '../../../src/audit/record.ts';
import type { AuditRecord } from '../../../src/audit/record.ts';
import { createOpeningWriter } from '../../../src/audit/redact/opening-writer.ts';
import { eraseOpenings, readOpenings, removeOpenings } from '../../../src/audit/redact/openings.ts';
import { valueAt } from '../../../src/audit/redact/pointer.ts';
import { createRedactor } from '../../../src/audit/redact/redact-record.ts';
import type { Opening } from '../../../src/audit/redact/redact-record.ts';
import { hiddenIn, proves, restore, reveal } from '../../../src/audit/redact/restore.ts';
import { canonicalJson } from '../../../src/lib/canonical-json.ts';
import { smallVolume, withVolume } from '../../helpers/raw-volume.ts';
import { deviceId, makeWorld } from '../../helpers/world.ts';
import type { World } from '../../helpers/world.ts';

let world: World;
test.before(async () => {
  world = await makeWorld();
});
test.after.always(() => world.close());

const source = '10.20.0.77';

async function meterRecord(): Promise<AuditRecord> {
  const leaf = await world.leaf('meter/1');
  return buildRecord(await world.decide(world.connect({ shows: leaf, also: { sourceIp: source } })));
}

function hide(record: AuditRecord, fields: readonly string[], linkable = true) {
  const redactor = createRedactor({ fields, linkable, keep: null });
  if (!redactor) throw new Error('nothing is to be redacted');
  const { record: hiding, opening } = redactor(record);
  if (!opening) throw new Error('nothing was redacted');
  return { hiding, opening, text: recordBytes(hiding) };
}

test('what is named stands nowhere in the record any more, in no copy and in no message', async (t) => {
  const record = await meterRecord();
  const id = deviceId('meter/1');
  t.true(canonicalJson(record).includes(id));
  const { text, hiding } = hide(record, ['device_id', 'facts.connection.source_ip', 'owner']);
  for (const personal of [id, source, 'Grid West']) t.false(text.includes(personal), personal);
  for (const pointer of [
    '/device_id',
    '/facts/device_id',
    '/input/device_id',
    '/facts/device/owner',
    '/input/source_ip',
  ])
    t.true(hiding.redacted?.includes(pointer), pointer);
});

test('a record that hides is a record by its schema, also where a text must be hexadecimal', async (t) => {
  const { hiding, text } = hide(await meterRecord(), [
    'leaf',
    'key',
    'serial',
    'issuer',
    'facts.credential',
    'input',
    'tags',
  ]);
  t.true(isWholeRecord(JSON.parse(text)), text);
  t.regex(hiding.leaf ?? '', /^[0-9a-f]{64}$/);
  t.regex(hiding.issuer ?? '', /^redacted:[0-9a-f]{64}$/);
});

test('what decides and what finds a record stays in clear, whatever is named', async (t) => {
  const record = await meterRecord();
  const { hiding } = hide(record, ['facts', 'input', 'reasons', 'pep', 'verdict', 'obligations', 'class']);
  for (const name of ['decision_id', 'time', 'outcome', 'tenant', 'assurance'] as const)
    t.deepEqual(hiding[name], record[name]);
  // Which issuer a CRL is of tells the certificate's.
  const lists = hiding.versions.crls.map((one, place) => ({
    ...one,
    issuer_key: record.versions.crls[place]?.issuer_key,
  }));
  t.deepEqual({ ...hiding.versions, crls: lists }, record.versions);
  t.deepEqual(
    hiding.reasons.map(({ code, severity }) => [code, severity]),
    record.reasons.map(({ code, severity }) => [code, severity]),
  );
  t.is(hiding.facts?.device?.status, record.facts?.device?.status);
});

test('each field is proved by itself, by what an HMAC alone checks, and says nothing of another', async (t) => {
  const { hiding, opening } = hide(await meterRecord(), ['device_id', 'owner']);
  const revealed = reveal(opening, '/owner');
  if (!revealed) throw new Error('the owner is not revealed');
  t.is(revealed.value, 'Grid West');
  const again = createHmac('sha256', Buffer.from(revealed.salt, 'hex')).update('Grid West').digest('hex');
  t.is(hiding.owner, `redacted:${again}`);
  t.true(proves(hiding, revealed));
  t.false(proves(hiding, { ...revealed, value: 'Grid East' }), 'another value');
  t.false(proves(hiding, { ...revealed, field: '/device_id' }), 'another field');
  t.false(proves({ ...hiding, decision_id: 'other' }, revealed), 'another record');
  t.false(JSON.stringify(revealed).includes(opening.secret));
  const guess = createHmac('sha256', Buffer.from(revealed.salt, 'hex'))
    .update(deviceId('meter/1'))
    .digest('hex');
  t.false(hiding.device_id?.includes(guess), 'the salt of one text does not help with another');
});

test('the same text has one commitment in a record, or as many as places; never one in two records', async (t) => {
  const record = await meterRecord();
  const linked = hide(record, ['device_id']).hiding;
  t.is(linked.device_id, linked.facts?.device_id ?? '');
  const unlinked = hide(record, ['device_id'], false);
  t.not(unlinked.hiding.device_id, unlinked.hiding.facts?.device_id ?? '');
  t.deepEqual(hiddenIn(restore(unlinked.hiding, unlinked.opening)), []);
  t.not(hide(record, ['device_id']).hiding.device_id, linked.device_id);
});

test('with its opening a record is what it was, and without a part of it that part stays hidden', async (t) => {
  const record = await meterRecord();
  const { hiding, opening } = hide(record, ['device_id', 'owner', 'facts.connection.source_ip']);
  t.is(canonicalJson(restore(hiding, opening)), canonicalJson(record));
  t.deepEqual(derivedDifferences(restore(hiding, opening)), []);
  const { ['/owner']: _owner, ...values } = opening.values;
  const part = restore(hiding, { ...opening, values });
  t.deepEqual(hiddenIn(part), ['/owner']);
  t.is(part.device_id, record.device_id);
  const forged = { ...opening, values: { ...opening.values, '/owner': 'Mallory' } };
  t.deepEqual(hiddenIn(restore(hiding, forged)), ['/owner'], 'a commitment is opened by its own text alone');
});

test('a short text is hidden as a word, and does not hide what merely contains its letters', async (t) => {
  const record = { ...(await meterRecord()), owner: 'ok', facts: null, input: null };
  const { hiding } = hide(
    { ...record, reasons: [{ code: 'policy.ok', severity: 'info', message: 'book of ok.' }] },
    ['owner'],
  );
  t.deepEqual(hiding.redacted, ['/owner', '/reasons/0/message']);
});

test('a document that mentions what is named goes with its digest, by which it could be guessed', async (t) => {
  const document = { bytes: 40, cut: [], digest: 'ab'.repeat(32), text: `{"source":"${source}"}` };
  const { hiding } = hide({ ...(await meterRecord()), document }, ['facts.connection.source_ip']);
  t.true(hiding.redacted?.includes('/document/text'));
  t.true(hiding.redacted?.includes('/document/digest'));
});

test('where nothing that is named is there, the record is as it was', async (t) => {
  const record = { ...(await meterRecord()), owner: null, facts: null, input: null };
  const redactor = createRedactor({ fields: ['owner', 'facts.connection.sni'], linkable: true, keep: null });
  t.deepEqual(redactor?.(record), { record, opening: undefined });
  t.is(createRedactor({ fields: [], linkable: true, keep: null }), undefined);
});

test('whatever is named, a record stays a record, and its opening brings all of it back', async (t) => {
  const record = await meterRecord();
  const roots = Object.keys(record).filter((name) =>
    createRedactor({ fields: [name], linkable: true, keep: null }),
  );
  for (const name of roots) {
    const redactor = createRedactor({ fields: [name], linkable: false, keep: null });
    const { record: hiding, opening } = redactor?.(record) ?? {};
    if (!hiding || !opening) continue;
    t.true(isWholeRecord(JSON.parse(recordBytes(hiding))), name);
    t.is(canonicalJson(restore(hiding, opening)), canonicalJson(record), name);
    for (const pointer of hiding.redacted ?? []) t.not(valueAt(hiding, pointer), valueAt(record, pointer));
  }
});

function openingFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-openings-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return join(folder, 'reveal');
}

const opening = (id: string, time: string): Opening => ({
  ...{ decision_id: id, time, linkable: true, secret: 'ab'.repeat(32) },
  values: { '/device_id': `device of ${id}` },
});

test('openings are found by id and day, in whichever process wrote them, and only their owner may read them', (t) => {
  const folder = openingFolder(t);
  const [one, other] = [createOpeningWriter(folder), createOpeningWriter(folder)];
  one.add(opening('1', '2026-11-22T10:00:00.000Z'));
  one.add(opening('2', '2026-11-23T00:00:00.000Z'));
  other.add(opening('3', '2026-11-22T11:00:00.000Z'));
  for (const writer of [one, other]) writer.flush();
  t.is(readdirSync(folder).length, 3);
  for (const file of readdirSync(folder)) t.is(statSync(join(folder, file)).mode & 0o777, 0o600);
  const openings = readOpenings(folder);
  t.is(openings.of('1', '2026-11-22T10:00:00.000Z')?.values['/device_id'], 'device of 1');
  t.is(openings.of('3', '2026-11-22T11:00:00.000Z')?.decision_id, '3');
  t.is(openings.of('2', '2026-11-23T00:00:00.000Z')?.decision_id, '2');
  t.is(openings.of('2', '2026-11-22T10:00:00.000Z'), undefined);
  for (const writer of [one, other]) writer.close();
});

test('what is erased is gone from the file, also while it is written to; all else stays', (t) => {
  const folder = openingFolder(t);
  const writer = createOpeningWriter(folder);
  for (const id of ['1', '2', '3']) writer.add(opening(id, '2026-11-22T10:00:00.000Z'));
  writer.flush();
  t.is(
    eraseOpenings(folder, ({ values }) => values['/device_id'] === 'device of 2'),
    1,
  );
  writer.add(opening('4', '2026-11-22T10:00:00.000Z'));
  writer.flush();
  writer.close();
  const text = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('');
  t.false(text.includes('device of 2'));
  const openings = readOpenings(folder);
  const left = ['1', '2', '3', '4'].filter((id) => openings.of(id, '2026-11-22T10:00:00.000Z'));
  t.deepEqual(left, ['1', '3', '4']);
});

test('days that are over are removed, and a line that a crash cut off is none', (t) => {
  const folder = openingFolder(t);
  const writer = createOpeningWriter(folder);
  writer.add(opening('1', '2026-11-20T10:00:00.000Z'));
  writer.add(opening('2', '2026-11-22T10:00:00.000Z'));
  writer.flush();
  writer.close();
  t.is(removeOpenings(folder, '2026-11-22'), 1);
  const [file = ''] = readdirSync(folder);
  appendFileSync(join(folder, file), '{"decision_id":"3","time":"2026-11-22');
  t.is(readOpenings(folder).of('3', '2026-11-22T10:00:00.000Z'), undefined);
  t.is(readOpenings(folder).of('2', '2026-11-22T10:00:00.000Z')?.decision_id, '2');
});

test('erasing takes what a full disk or a crash left of openings as well', (t) => {
  const folder = openingFolder(t);
  const writer = createOpeningWriter(folder);
  writer.add(opening('1', '2026-11-22T10:00:00.000Z'));
  writer.flush();
  writer.close();
  const path = join(folder, readdirSync(folder)[0] ?? '');
  const torn = '{"decision_id":"2","values":{"/device_id":"device of 2"';
  appendFileSync(path, `${torn}${JSON.stringify(opening('3', '2026-11-22T10:00:00.000Z'))}\n${torn}`);
  t.is(
    eraseOpenings(folder, () => false),
    0,
  );
  t.false(readFileSync(path, 'utf8').includes('device of 2'));
  t.is(readOpenings(folder).of('1', '2026-11-22T10:00:00.000Z')?.decision_id, '1');
  const erased = readFileSync(path, 'utf8');
  t.is(
    eraseOpenings(folder, () => false),
    0,
  );
  t.is(readFileSync(path, 'utf8'), erased);
});

withVolume('what a full volume keeps of an opening is taken back, and the next one is found', (t) => {
  const volume = smallVolume(t, '64k');
  const folder = join(volume.folder, 'reveal');
  const writer = createOpeningWriter(folder);
  const long = (id: string): Opening => {
    const one = opening(id, '2026-11-22T10:00:00.000Z');
    return { ...one, values: { ...one.values, '/x': 'x'.repeat(8192) } };
  };
  writer.add(long('1'));
  writer.flush();
  volume.fill();
  writer.add(long('2'));
  t.throws(() => writer.flush(), {
    code: 'PDP_AUDIT_UNAVAILABLE',
    message: /^what records hide cannot be kept: /,
  });
  volume.empty();
  for (const id of ['3', '4']) {
    writer.add(long(id));
    writer.flush();
  }
  writer.close();
  const openings = readOpenings(folder);
  const left = ['1', '2', '3', '4'].filter((id) => openings.of(id, '2026-11-22T10:00:00.000Z'));
  t.deepEqual(left, ['1', '3', '4']);
  const text = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  t.false(text.join('').includes('device of 2'), 'nothing of it is left in clear');
});
