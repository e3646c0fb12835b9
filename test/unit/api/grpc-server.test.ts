import { connect as connectHttp2 } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createDecisionClient } from '../../../src/api/decision-service/client.ts';
import { limits } from '../../../src/context/limits.ts';
import type { DecisionPoint } from '../../../src/decision/types.ts';
import { freePort } from '../../helpers/ports.ts';
import { FakePoint, config, decision, denial } from './fixtures.ts';
import { connect, openDoors } from './grpc-fixtures.ts';

const httpRequest = {
  attributes: {
    source: { address: { socket_address: { address: '192.0.2.7' } }, certificate: 'pem' },
    request: { http: { method: 'GET', path: '/a', host: 'h', headers: { 'x-device-id': 'meter-1' } } },
  },
};

test('an HTTP check becomes a context, and its decision an answer', async (t) => {
  const { point, address } = await openDoors(t);
  const answer = await connect(t, address).check(httpRequest);
  t.like(point.last, {
    ok: true,
    context: {
      door: 'ext_authz_http',
      authenticatedBy: 'device_tls',
      claims: { device_id: 'meter-1' },
      pep: { name: 'edge', authenticated_by: 'plaintext' },
    },
  });
  t.deepEqual(answer['status'], { code: 0 });
  t.like(answer['ok_response'], {
    headers: [{ header: { key: 'x-portreeve-decision', value: decision().decision_id } }],
  });
});

test('an L4 check is answered without HTTP', async (t) => {
  const { point, address } = await openDoors(t);
  point.answer = denial(['revocation.revoked']);
  const answer = await connect(t, address).check({ attributes: { source: { certificate: 'pem' } } });
  t.like(point.last, { ok: true, context: { door: 'ext_authz_l4' } });
  t.deepEqual(Object.keys(answer).toSorted(), ['dynamic_metadata', 'status']);
  t.like(answer['status'], { code: 7 });
});

test('the native door answers the whole decision', async (t) => {
  const { point, address } = await openDoors(t);
  // A busy machine may take longer than the client's own default.
  const client = createDecisionClient(address, { timeoutMs: 30_000 });
  t.teardown(() => client.close());
  const request = {
    peer_chain: [Buffer.from([1])],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    connection_id: 'c',
  };
  t.deepEqual(await client.decide(request), decision());
  t.like(point.last, { ok: true, context: { door: 'native', connectionId: 'c' } });
  point.answer = denial(['policy.timeout'], {
    faults: [{ code: 'policy.timeout', stage: 'policy', message: 'm' }],
  });
  t.deepEqual(await client.decide(request), point.answer);
});

test('an empty native request is malformed, for its zero means deny', async (t) => {
  const { point, address } = await openDoors(t);
  await connect(t, address).decide({});
  t.like(point.last, { ok: false, field: 'authenticated_by', door: 'native' });
});

const bad: Readonly<Record<string, Buffer>> = {
  'bytes that are no protobuf': Buffer.from([0x0a, 0xff, 0xff]),
  'a message over the limit': Buffer.alloc(limits.messageBytes + 1, 0),
  'a megabyte': Buffer.concat([Buffer.from([0x52, 0x80, 0x80, 0x40]), Buffer.alloc(1024 * 1024)]),
  'an empty message': Buffer.alloc(0),
};
for (const [what, bytes] of Object.entries(bad)) {
  test(`${what} is decided as malformed at both doors, never a gRPC error`, async (t) => {
    const { point, address } = await openDoors(t);
    point.answer = denial(['system.input_invalid']);
    const client = connect(t, address);
    const check = await client.raw(
      '/envoy.service.auth.v3.Authorization/Check',
      bytes,
      'envoy.service.auth.v3.CheckResponse',
    );
    t.like(check['status'], { code: 7 });
    t.false(point.last.ok);
    const decide = await client.raw(
      '/portreeve.v1.DecisionService/Decide',
      bytes,
      'portreeve.v1.DecideResponse',
    );
    t.is(decide['outcome'], 'OUTCOME_DENY');
    t.false(point.last.ok);
  });
}

/** A length-delimited protobuf field. */
function field(number: number, content: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = content.length; ; rest >>>= 7) {
    if (rest < 128) {
      length.push(rest);
      return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), content]);
    }
    length.push((rest & 127) | 128);
  }
}

test('metadata nested beyond what can be decoded is malformed, never a gRPC error', async (t) => {
  const { point, address } = await openDoors(t);
  point.answer = denial(['system.input_invalid']);
  // Structs within Structs: fields{key, value{struct_value}}, written from the inside.
  const entry = (value: Buffer): Buffer => Buffer.concat([field(1, Buffer.from('k')), field(2, value)]);
  let struct = field(1, entry(field(3, Buffer.from('x'))));
  for (let depth = 0; depth < 5000; depth++) struct = field(1, entry(field(5, struct)));
  const bytes = field(1, field(11, field(1, entry(struct))));
  t.true(bytes.length < limits.messageBytes);
  const answer = await connect(t, address).raw(
    '/envoy.service.auth.v3.Authorization/Check',
    bytes,
    'envoy.service.auth.v3.CheckResponse',
  );
  t.like(answer['status'], { code: 7 });
  t.like(point.last, { ok: false, field: 'request' });
});

test('an unknown PEP is denied and recorded, not refused by gRPC', async (t) => {
  const { point, address } = await openDoors(t, {
    listener: { name: 'main', address: '127.0.0.1:0', pep: 'nobody', tls: null, insecure: false },
  });
  point.answer = denial(['system.input_invalid']);
  const answer = await connect(t, address).check(httpRequest);
  t.like(point.last, { ok: false, field: 'pep', door: 'ext_authz_http', pep: { name: 'unknown' } });
  t.like(answer['status'], { code: 7 });
});

test('a decision that cannot be encoded is still an explicit denial with its id', async (t) => {
  const { point, address } = await openDoors(t);
  point.answer = decision({ obligations: null as never });
  const client = connect(t, address);
  const check = await client.check(httpRequest);
  t.like(check, { status: { code: 7 }, denied_response: { status: { code: 'ServiceUnavailable' } } });
  t.regex((check['denied_response'] as { body: string }).body, new RegExp(decision().decision_id));
  t.like(await client.decide({}), { outcome: 'OUTCOME_DENY', decision_id: decision().decision_id });
});

test('a decision point that breaks its promise is still an explicit denial', async (t) => {
  const point = { decide: () => Promise.reject(new Error('broken')) };
  const { address } = await openDoors(t, { point });
  const client = connect(t, address);
  t.like(await client.check(httpRequest), { status: { code: 7 } });
  t.like(await client.decide({}), { outcome: 'OUTCOME_DENY' });
});

test('the deadline is the least of what the caller says and the budget', async (t) => {
  // So long that no machine is too busy for any of it: what is late is shed, and has another deadline.
  const { point, address } = await openDoors(t, {
    config: { ...config(), server: { ...config().server, budget: 60_000 } },
  });
  const client = connect(t, address);
  const left = (): number => {
    const { timing } = point.asked.at(-1) as (typeof point.asked)[number];
    // To the nanosecond: the difference of two large doubles has an error below that.
    return Number((timing.deadline - timing.arrived).toFixed(6));
  };
  await client.check(httpRequest);
  t.is(left(), 59_990);
  await client.check(httpRequest, { metadata: { 'x-envoy-expected-rq-timeout-ms': '30000' } });
  t.is(left(), 29_990);
  await client.check(httpRequest, { options: { deadline: Date.now() + 20_000 } });
  t.true(left() > 0 && left() <= 19_990);
});

test("a caller's deadline is counted by the machine's clock, whatever the time is that decisions go by", async (t) => {
  for (const ahead of [30_000, -30_000, 3_600_000]) {
    const kept = { now: () => Date.now() + ahead, monotonic: () => performance.now() };
    const usual = config();
    const patient = { ...usual, server: { ...usual.server, budget: 60_000 } };
    const { point, address } = await openDoors(t, { clock: kept, config: patient });
    await connect(t, address).check(httpRequest, { options: { deadline: Date.now() + 20_000 } });
    const { timing } = point.asked.at(-1) as (typeof point.asked)[number];
    const left = timing.deadline - timing.arrived;
    t.true(left > 0 && left < 20_000, `${ahead}: ${left}`);
  }
});

/** Calls Check over bare HTTP/2, since clients write `grpc-timeout` as they see fit; answers the gRPC status. */
async function statusOfBareCheck(t: ExecutionContext, address: string, timeout: string): Promise<string> {
  const session = connectHttp2(`http://${address}`);
  t.teardown(() => session.close());
  const stream = session.request({
    ':method': 'POST',
    ':path': '/envoy.service.auth.v3.Authorization/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': timeout,
  });
  stream.end(Buffer.alloc(5));
  stream.resume();
  const status = new Promise<string>((resolve) => {
    stream.on('response', (headers) => resolveStatus(headers, resolve));
    stream.on('trailers', (headers) => resolveStatus(headers, resolve));
  });
  return await status;
}

function resolveStatus(headers: IncomingHttpHeaders, resolve: (status: string) => void): void {
  if (typeof headers['grpc-status'] === 'string') resolve(headers['grpc-status']);
}

test('a timeout beyond grpc-js’s timer, or none at all, is decided and not cut off', async (t) => {
  const point = new FakePoint();
  const slow: DecisionPoint = {
    decide: async (built, timing) => {
      await sleep(40);
      return await point.decide(built, timing);
    },
  };
  const { address } = await openDoors(t, { point: slow });
  // 71,583 minutes overflow 32 bits of milliseconds.
  for (const timeout of ['71583M', '99999999H', '0m', '1m']) {
    t.is(await statusOfBareCheck(t, address, timeout), '0', timeout);
  }
  const left = point.asked.map(({ timing }) => timing.deadline - timing.arrived);
  t.true((left[2] as number) <= -10 && (left[3] as number) <= -9, 'what has passed is told as passed');
});

test('the call’s traceparent is the parent, not the device’s', async (t) => {
  const { point, address } = await openDoors(t);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await connect(t, address).check(httpRequest, { metadata: { traceparent } });
  t.like(point.last, { ok: true, context: { traceparent } });
});

test('a decision that does not come says from where, and why', async (t) => {
  const address = `127.0.0.1:${await freePort()}`;
  const client = createDecisionClient(address, { timeoutMs: 30_000 });
  t.teardown(() => client.close());
  const { message } = await t.throwsAsync(client.decide({}), { code: 'PDP_INTERNAL' });
  t.regex(message, new RegExp(`^no decision from ${address}: 14 UNAVAILABLE: .*ECONNREFUSED`));
});
