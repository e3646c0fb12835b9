import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ocsfEvent, ocsfStub, ocsfTable, ocsfVersion } from '../../../src/audit/ocsf.ts';
import { ocsfProblems } from '../../helpers/ocsf.ts';
import { root } from '../../helpers/source-files.ts';

type Json = Readonly<Record<string, unknown>>;

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

/** Holds an event against the schema that OCSF publishes. */
function assertEvent(t: ExecutionContext, event: Json): void {
  t.deepEqual(ocsfProblems(event), []);
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

const shadow: Json = {
  ...{ kind: 'shadow', time, decision_id: 'd-1', decision_time: time, tenant: 'default' },
  ...{ device_id: 'MTR-0001', class: 'meter', site: null },
  answered: { bundle: 'e'.repeat(64), outcome: 'allow', enforced: true, reasons: ['policy.ok'] },
  reasons: [{ code: 'policy.shadow_would_deny', severity: 'warn', message: 'would be denied' }],
  shadow: {
    ...{ bundle: 'f'.repeat(64), revision: 'r2', share: 0.5, differs: 'outcome', direction: 'lock_out' },
    would: {
      ...{ outcome: 'deny', enforced: true, valid_until: null, faults: [] },
      reasons: decision['reasons'],
    },
  },
};

test('what a policy on trial would have decided is of the class of decisions, and neither a logon nor a failed one', (t) => {
  const event = ocsfEvent(place, shadow);
  assertEvent(t, event);
  t.like(event, {
    ...{ class_uid: 3002, type_uid: 300299, activity_name: 'Policy on trial', severity_id: 2 },
    ...{ status_id: 99, status: 'Would deny', status_code: 'credential.expired' },
    ...{ user: { uid: 'MTR-0001' }, metadata: { event_code: 'shadow', original_event_uid: 'd-1' } },
    message: 'MTR-0001: allow, and the policy on trial would deny, credential.expired',
  });
  t.deepEqual(event['unmapped'], {
    answered: shadow['answered'],
    shadow: {
      ...{ bundle: 'f'.repeat(64), revision: 'r2', share: 0.5, differs: 'outcome', direction: 'lock_out' },
      ...{ enforced: true, reasons: ['credential.expired'] },
    },
  });
  assertEvent(t, ocsfEvent(place, { kind: 'shadow', time }));
});

test('every act and every kind of the schemas has its row, and becomes a whole event', (t) => {
  const schema = JSON.parse(readFileSync(join(root, 'src/audit/act.schema.json'), 'utf8')) as {
    properties: { act: { enum: string[] } };
  };
  const acts = schema.properties.act.enum;
  t.deepEqual(
    Object.keys(ocsfTable).sort(),
    ['decision', 'heartbeat', 'merged', 'shadow', ...acts.map((name) => `act:${name}`)].sort(),
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
  for (const record of [
    { kind: 'shadow_summary', time },
    {},
    { kind: 'constructor' },
    { kind: 'act', act: 'no' },
  ]) {
    const event = ocsfEvent(place, record);
    assertEvent(t, event);
    t.is(event['class_uid'], 0);
  }
});

test('an event without its record says that it is cut, and how long the record is', (t) => {
  const { text, ...where } = place;
  const stub = ocsfStub(where, decision, 65_535);
  assertEvent(t, stub);
  t.is(stub['raw_data'], undefined);
  t.like(stub, {
    ...{ class_uid: 3002, status_code: 'credential.expired' },
    metadata: { uid: place.hash, sequence: 41, is_truncated: true, untruncated_size: 65_535 },
  });
  t.truthy(text);
});
