import test from 'ava';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { buildRecord, recordBytes } from '../../../src/audit/record.ts';
import type { AuditRecord } from '../../../src/audit/record.ts';
import { readRecord } from '../../../src/audit/read-record.ts';
import {
  changeAct,
  glassAct,
  lifeAct,
  loadedAct,
  logKeyAct,
  observeAct,
  refusedAct,
  workerEndedAct,
  workerStartedAct,
} from '../../../src/audit/acts.ts';
import type { ActRecord } from '../../../src/audit/acts.ts';
import type { MadeDecision } from '../../../src/decision/types.ts';
import { deviceId, hour, makeWorld, worldTime } from '../../helpers/world.ts';
import type { Asked, World } from '../../helpers/world.ts';

function compiled(name: string): ValidateFunction {
  const path = new URL(`../../../src/audit/${name}.schema.json`, import.meta.url);
  const schema = JSON.parse(readFileSync(path, 'utf8')) as object;
  return new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);
}
const validate = compiled('record');
const validateAct = compiled('act');

let world: World;
test.before(async () => {
  world = await makeWorld();
});
test.after.always(() => world.close());

async function made(asked: Asked): Promise<MadeDecision> {
  return world.decide(world.connect(asked));
}

async function meterRecord(): Promise<AuditRecord> {
  return buildRecord(await made({ shows: await world.leaf('meter/1'), also: { connectionId: 'c-7' } }));
}

test('records of allows, denials and faults are what the schema says', async (t) => {
  const leaf = await world.leaf('meter/1');
  const asked: Asked[] = [
    {
      shows: leaf,
      claims: { serial: leaf.serial, firmware_hash: 'ab', attestation: 'x.y.z' },
      gateway: 'edge',
    },
    { shows: world.cameraLeaf, door: 'ext_authz_http' },
    { shows: world.cameraLeaf, door: 'ext_authz_l4' },
    { pep: 'edge', claims: { device_id: deviceId('sensor/1') } },
    { shows: await world.leaf('meter/1', { issuer: 'foreignMeters' }) },
    { shows: await world.leaf('meter/1', { issuer: 'retired' }) },
    { shows: { der: new Uint8Array([1, 2, 3]), pem: '' } },
    {},
  ];
  const all = await Promise.all(asked.map(made));
  const raw = world.connect({ shows: leaf });
  all.push(await world.decide(raw, { deps: { policy: () => undefined } }));
  all.push(await world.decide(raw, { timing: { deadline: 0 } }));
  all.push(
    await world.decide({ ok: false, pep: world.pep('edge'), door: 'native', field: 'sni', problem: 'x' }),
  );
  for (const one of all) {
    const record: unknown = JSON.parse(recordBytes(buildRecord(one)));
    t.true(validate(record), JSON.stringify(validate.errors));
  }
});

test('a record has the names that others rely on, and what the decision is found by', async (t) => {
  const record = await meterRecord();
  t.like(record, {
    schema: 1,
    kind: 'decision',
    outcome: 'allow',
    enforced: true,
    device_id: deviceId('meter/1'),
    assurance: 'device_proved',
    tenant: 'default',
    time: '2026-06-01T12:00:00.000Z',
    valid_until: '2026-06-01T13:00:00.000Z',
    class: 'meter',
    owner: 'Grid West',
    site: 'nantes',
    tags: ['rooftop'],
    door: 'native',
    connection_id: 'c-7',
    issuer: 'O=Example,CN=Meters CA',
    issuer_key: world.pki.meters.keyDigest,
    faults: [],
  });
  t.deepEqual(record.reasons[0], {
    code: 'policy.ok',
    severity: 'info',
    message: 'Everything that the policy asks for holds.',
  });
  const { leaf, key, serial } = record;
  t.like(record.facts?.credential, { fingerprint: leaf, key_digest: key, serial });
  t.like(record.input, { certificate_fingerprint: leaf, key_digest: key, certificate_serial: serial });
  t.is(record.pep.name, 'envoy');
  t.deepEqual(record.obligations.entitlements, ['clock:read', 'telemetry:write']);
  t.deepEqual(Object.keys(record.versions.epochs), ['local']);
});

test("without a device the record's site is its PEP's", async (t) => {
  t.like(buildRecord(await made({ pep: 'edge' })), { site: 'oslo', class: null, owner: null, tags: [] });
});

test('no certificate, header or token is in a record', async (t) => {
  const leaf = await world.leaf('meter/1');
  const attestation = 'header.payload.signature';
  const text = recordBytes(
    buildRecord(await made({ door: 'ext_authz_http', shows: leaf, claims: { attestation } })),
  );
  t.false(text.includes('BEGIN'));
  t.false(text.includes(attestation));
  t.false(text.includes(Buffer.from(leaf.der).toString('base64').slice(0, 40)));
});

test('the same decision gives the same bytes, one line, with keys in the order of RFC 8785', async (t) => {
  const record = await meterRecord();
  const text = recordBytes(record);
  t.is(recordBytes(JSON.parse(text) as object), text);
  t.false(text.includes('\n'));
  const keys = Object.keys(JSON.parse(text) as object);
  t.deepEqual(keys, keys.toSorted());
});

test('a record is read back as it was written', async (t) => {
  const record = await meterRecord();
  t.deepEqual(readRecord(recordBytes(record)) as unknown, JSON.parse(recordBytes(record)));
});

test('the record of a newer program is refused, naming both formats and the way back', async (t) => {
  const text = recordBytes({ ...(await meterRecord()), schema: 2 });
  const error = t.throws(() => readRecord(text), { code: 'PDP_FORMAT_NEWER' });
  t.regex(error.message, /format 2 .* up to 1: use the program/);
});

test('what is no record is refused: other JSON, an unknown key, a missing one, a wrong value', async (t) => {
  const record = await meterRecord();
  const { input, ...without } = record;
  t.truthy(input);
  const wrong: unknown[] = [
    null,
    [],
    {},
    'text',
    { ...record, extra: 1 },
    without,
    { ...record, outcome: 'maybe' },
    { ...record, schema: 0 },
    { ...record, reasons: [] },
    { ...record, facts: { ...record.facts, extra: 1 } },
    { ...record, versions: { ...record.versions, bundle: '../../etc/passwd' } },
  ];
  for (const value of wrong) {
    t.throws(() => readRecord(JSON.stringify(value)), { code: 'PDP_INPUT_MALFORMED' }, JSON.stringify(value));
  }
  t.throws(() => readRecord('{"schema":1,'), { code: 'PDP_INPUT_MALFORMED' });
});

test('reading any text answers a record or a coded refusal', (t) => {
  const factor = Number(process.env['SOAK_FACTOR'] ?? 1);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        readRecord(text);
        return false;
      } catch (thrown) {
        return ['PDP_INPUT_MALFORMED', 'PDP_FORMAT_NEWER'].includes((thrown as { code: string }).code);
      }
    }),
    { numRuns: 200 * factor },
  );
  t.pass();
});

test('acts are recorded with who, why and when, and are what their schema says', (t) => {
  const writer = { program: 'portreeve test', instance: 'here' };
  const glass = {
    reasons: ['revocation.crl_stale'],
    classes: ['meter'],
    devices: [],
    who: 'J. Martin',
    why: 'CRL host down',
    since: worldTime,
    until: worldTime + hour,
  } as const;
  const change = world.deps.store.changesSince(0, 1)[0];
  const acts: ActRecord[] = [
    lifeAct(writer, worldTime, 'start', { workers: 2 }),
    loadedAct(writer, worldTime, 'bundle', { before: null, after: 'ab' }),
    glassAct(writer, 'break_glass_opened', glass, worldTime),
    changeAct(writer, change!),
    workerStartedAct(writer, worldTime, { worker: 0, pid: 7, restarts: 0 }),
    ...(['hung', 'exit', 'signal', 'drained'] as const).map((how) =>
      workerEndedAct(writer, worldTime, {
        ...{ worker: 0, pid: 7, how, code: 1, signal: 'SIGSEGV', may_have_been_deciding: true },
      }),
    ),
    refusedAct(writer, worldTime, { what: 'bundle', selector: null, occasion: 'source a', problem: 'x' }),
    refusedAct(writer, worldTime, { what: 'configuration', selector: null, occasion: 'x', problem: 'y' }),
    observeAct(writer, 'observe_opened', { class: 'camera', until: worldTime }, worldTime),
    observeAct(writer, 'observe_ended', { pep: 'edge', until: worldTime }, worldTime),
    logKeyAct(writer, worldTime, { before: null, after: 'log+00000000+AA==' }),
  ];
  for (const act of acts)
    t.true(validateAct(JSON.parse(recordBytes(act))), JSON.stringify(validateAct.errors));
  t.like(acts[2], {
    kind: 'act',
    actor: 'J. Martin',
    why: 'CRL host down',
    time: '2026-06-01T12:00:00.000Z',
  });
  t.like(acts[3], {
    act: 'change',
    tenant: change?.tenant,
    actor: 'operator',
    epoch: { origin: 'local', number: 1 },
  });
  t.like(acts[3]?.detail, { kind: 'crl.import' });
  t.deepEqual(
    acts.slice(5, 9).map(({ act, why, selector }) => [act, why, selector]),
    ['hung', 'exit 1', 'SIGSEGV', 'drained'].map((why) => ['worker_ended', why, 'worker 0']),
  );
});

test('a decision makes its facts and input in canonical order, so that writing them need not sort', async (t) => {
  const { facts, input } = await meterRecord();
  t.deepEqual(Object.keys(facts ?? {}), Object.keys(facts ?? {}).sort());
  t.deepEqual(Object.keys(input ?? {}), Object.keys(input ?? {}).sort());
});
