import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ocsfEvent, ocsfTable, ocsfVersion } from '../../../src/audit/ocsf.ts';
import { root } from '../../helpers/source-files.ts';

type Json = Readonly<Record<string, unknown>>;

/** What OCSF 1.8.0 requires of every event, and of each class that the table names; in words of our own. */
const required = {
  event: ['activity_id', 'category_uid', 'class_uid', 'type_uid', 'time', 'severity_id', 'metadata'],
  metadata: ['version', 'product'],
  certificate: ['issuer', 'serial_number'],
  fingerprint: ['algorithm_id', 'value'],
} as const;

const classes: Readonly<
  Record<number, { category: number; activities: readonly number[]; required: readonly string[] }>
> = {
  0: { category: 0, activities: [0, 99], required: [] },
  3002: { category: 3, activities: [0, 1, 2, 3, 4, 5, 6, 7, 99], required: ['user'] },
  3004: { category: 3, activities: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 99], required: ['entity'] },
  6002: { category: 6, activities: [0, 1, 2, 3, 4, 5, 6, 7, 8, 99], required: ['app'] },
};

const place = { log: 'pdp.example.org/lyon', index: 41, hash: 'c'.repeat(64), text: '{"kind":"decision"}' };
const time = '2026-11-01T00:00:05.250Z';

const decision: Json = {
  ...{
    kind: 'decision',
    decision_id: 'd-1',
    tenant: 'default',
    time,
    outcome: 'deny',
    enforced: true,
    faults: [],
  },
  reasons: [{ code: 'credential.expired', severity: 'deny', message: 'the certificate has expired' }],
  ...{
    device_id: 'MTR-0001',
    issuer: 'CN=Meters',
    serial: '0a1b',
    leaf: 'd'.repeat(64),
    trace_id: 'a'.repeat(32),
  },
  ...{ pep: { name: 'envoy' }, facts: { connection: { source_ip: '10.1.2.3' } } },
};

const act = (name: string, more: Json = {}): Json => ({
  ...{ kind: 'act', act: name, time, program: 'portreeve 0.1.0', instance: 'i-1', tenant: null, actor: null },
  ...{ why: null, selector: null, epoch: null, detail: {} },
  ...more,
});

function at(value: unknown, key: string): unknown {
  return (value as Json | undefined)?.[key];
}

/** Holds an event against what its class requires. */
function assertEvent(t: ExecutionContext, event: Json): void {
  const rules = classes[event['class_uid'] as number];
  if (rules === undefined) return t.fail(`class ${String(event['class_uid'])}`);
  for (const key of [...required.event, ...rules.required]) t.not(event[key], undefined, key);
  for (const key of required.metadata) t.not(at(event['metadata'], key), undefined, key);
  t.is(event['category_uid'], rules.category);
  t.true(
    rules.activities.includes(event['activity_id'] as number),
    `activity ${String(event['activity_id'])}`,
  );
  t.is(event['type_uid'], (event['class_uid'] as number) * 100 + (event['activity_id'] as number));
  t.true(Number.isSafeInteger(event['time']));
  t.true([0, 1, 2, 3, 4, 5, 6, 99].includes(event['severity_id'] as number));
  if (event['activity_id'] === 99) t.is(typeof event['activity_name'], 'string');
  if (event['status_id'] !== undefined) t.true([0, 1, 2, 99].includes(event['status_id'] as number));
  if (event['status_id'] === 99) t.is(typeof event['status'], 'string');
  // Constraints: at least one of these.
  if (event['class_uid'] === 3002) {
    t.truthy(at(event['service'], 'name') ?? event['dst_endpoint']);
    t.truthy(at(event['user'], 'name') ?? at(event['user'], 'uid'));
  }
  if (event['class_uid'] === 3004) t.truthy(at(event['entity'], 'name') ?? at(event['entity'], 'uid'));
  const { certificate } = event;
  if (certificate !== undefined) {
    for (const key of required.certificate) t.is(typeof at(certificate, key), 'string', key);
    for (const one of (at(certificate, 'fingerprints') as Json[] | undefined) ?? [])
      for (const key of required.fingerprint) t.not(one[key], undefined, key);
  }
}

test('a denial is a failed logon of the device at its enforcement point', (t) => {
  const event = ocsfEvent(place, decision);
  assertEvent(t, event);
  t.like(event, {
    ...{ class_uid: 3002, type_uid: 300201, status_id: 2, status_code: 'credential.expired', severity_id: 3 },
    ...{ time: Date.parse(time), user: { uid: 'MTR-0001', name: 'MTR-0001' }, service: { name: 'envoy' } },
    src_endpoint: { ip: '10.1.2.3' },
    certificate: { issuer: 'CN=Meters', serial_number: '0a1b' },
  });
});

test('an event says where its record stands, and holds its text', (t) => {
  const { metadata, raw_data: text } = ocsfEvent(place, decision);
  t.like(metadata, {
    ...{ version: ocsfVersion, uid: place.hash, sequence: 41, log_name: place.log, original_time: time },
    ...{ original_event_uid: 'd-1', correlation_uid: 'a'.repeat(32), tenant_uid: 'default' },
  });
  t.is(text, place.text);
});

test('an allow succeeds, and what was denied and let pass does neither', (t) => {
  t.like(ocsfEvent(place, { ...decision, outcome: 'allow' }), { status_id: 1, severity_id: 1 });
  t.like(ocsfEvent(place, { ...decision, enforced: false }), { status_id: 99, status: 'Let pass' });
});

test('what is not known, or redacted, is left out where OCSF wants a value of its own kind', (t) => {
  const bare = { ...decision, device_id: null, issuer: null, facts: null, pep: null, trace_id: null };
  const event = ocsfEvent(place, bare);
  assertEvent(t, event);
  t.is(event['certificate'], undefined);
  t.deepEqual(event['user'], { name: 'unidentified', type_id: 99, type: 'Device' });
  const hidden = { connection: { source_ip: `redacted:${'0'.repeat(64)}` } };
  t.is(ocsfEvent(place, { ...decision, facts: hidden })['src_endpoint'], undefined);
});

test('merged denials are one event with their count and first and last time', (t) => {
  const first = '2026-11-01T00:00:04.000Z';
  const groups = [{ pep: 'envoy' }, { pep: 'broker' }, { pep: 'envoy' }];
  const event = ocsfEvent(place, { kind: 'merged', time, first, last: time, count: 7000, groups });
  assertEvent(t, event);
  t.like(event, {
    count: 7000,
    start_time: Date.parse(first),
    end_time: Date.parse(time),
    time: Date.parse(first),
  });
  t.deepEqual(event['service'], { name: 'envoy, broker' });
});

test('every act and every kind of the schemas has its row, and becomes a whole event', (t) => {
  const schema = JSON.parse(readFileSync(join(root, 'src/audit/act.schema.json'), 'utf8')) as {
    properties: { act: { enum: string[] } };
  };
  const acts = schema.properties.act.enum;
  t.deepEqual(
    Object.keys(ocsfTable).sort(),
    ['decision', 'heartbeat', 'merged', ...acts.map((name) => `act:${name}`)].sort(),
  );
  for (const name of acts) assertEvent(t, ocsfEvent(place, act(name)));
  assertEvent(t, ocsfEvent(place, { kind: 'heartbeat', time, program: 'portreeve 0.1.0', instance: 'i-1' }));
});

test('a change says what it changed, why, and who did it', (t) => {
  const change = act('change', {
    selector: 'MTR-0001',
    actor: 'ana',
    why: 'stolen',
    detail: { kind: 'hold' },
  });
  const event = ocsfEvent(place, change);
  t.like(event, { class_uid: 3004, comment: 'stolen', message: 'change hold: stolen' });
  t.deepEqual(event['actor'], { user: { name: 'ana' } });
  t.deepEqual(event['entity'], { name: 'MTR-0001', type: 'change hold' });
});

test('a refused bundle failed, and broken glass is of high severity', (t) => {
  t.like(ocsfEvent(place, act('bundle_refused')), { status_id: 2, severity_id: 3 });
  t.like(ocsfEvent(place, act('break_glass_opened')), { severity_id: 4 });
});

test('what the table does not know, or is no record, becomes a base event', (t) => {
  for (const record of [{ kind: 'shadow', time }, {}, { kind: 'constructor' }, { kind: 'act', act: 'no' }]) {
    const event = ocsfEvent(place, record);
    assertEvent(t, event);
    t.is(event['class_uid'], 0);
  }
});
