import test from 'ava';
import type { OutgoingHttpHeaders } from 'node:http2';
import { serveRaw } from '../helpers/raw-server.ts';
import type { RawServer } from '../helpers/raw-server.ts';

/** One server for all: nothing here changes it. */
let asked: RawServer;
const teardowns: (() => unknown)[] = [];
test.before(async () => {
  asked = await serveRaw({ teardown: (step) => teardowns.unshift(step) });
});
test.after.always(async () => {
  for (const step of teardowns) await step();
});

const request = async (): Promise<object> => ({
  peer_chain: [(await asked.world.leaf('meter/1')).der],
  authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
  source_ip: '10.20.0.7',
});
const check = async (): Promise<object> => ({
  attributes: {
    source: {
      address: { socket_address: { address: '10.20.0.7' } },
      certificate: encodeURIComponent((await asked.world.leaf('meter/1')).pem),
    },
    request: { http: { method: 'GET', path: '/', host: 'h' } },
  },
});

const over: readonly OutgoingHttpHeaders[] = [
  { 'grpc-timeout': '1n' },
  { 'grpc-timeout': '0m' },
  { 'grpc-timeout': '00000000H' },
  { 'x-envoy-expected-rq-timeout-ms': '0' },
  { 'x-envoy-expected-rq-timeout-ms': '-1' },
  { 'x-envoy-expected-rq-timeout-ms': '-999999999999999' },
  { 'grpc-timeout': '99999999H', 'x-envoy-expected-rq-timeout-ms': '1' },
];
for (const headers of over) {
  for (const pauseMs of [undefined, 50]) {
    const when = pauseMs === undefined ? 'at once' : 'after the time is over';
    test(`${JSON.stringify(headers)} with a message that comes ${when} is shed by a decision, never by gRPC`, async (t) => {
      const how = { headers, ...(pauseMs !== undefined && { pauseMs }) };
      const { decision_id: id, ...told } = await asked.decide(await request(), how);
      t.like(told, {
        outcome: 'OUTCOME_DENY',
        reasons: [{ code: 'system.overload_shed' }],
        faults: [{ code: 'system.overload_shed', stage: 'facts' }],
      });
      t.regex(told.faults?.[0]?.message ?? '', /the deadline passed before the decision was begun/);
      t.is((await asked.record(id)).outcome, 'deny');
      const { decisionId, ...wire } = await asked.check(await check(), how);
      t.deepEqual(wire, {
        code: 7,
        http: 503,
        retryAfter: true,
        class: 'retry_later',
        reason: 'system.overload_shed',
      });
      t.like(await asked.record(decisionId), { outcome: 'deny', enforced: true });
    });
  }
}

const noLimit: readonly OutgoingHttpHeaders[] = [
  { 'grpc-timeout': '99999999H' },
  { 'grpc-timeout': '71583M' },
  { 'grpc-timeout': '35792M' },
  { 'grpc-timeout': '99999999S' },
  { 'grpc-timeout': 'soon' },
  { 'grpc-timeout': '' },
  { 'x-envoy-expected-rq-timeout-ms': 'NaN' },
  { 'x-envoy-expected-rq-timeout-ms': '' },
  { 'x-envoy-expected-rq-timeout-ms': '1e400' },
  { 'x-envoy-expected-rq-timeout-ms': '99999999999999999999' },
];
for (const headers of noLimit) {
  test(`${JSON.stringify(headers)} leaves the server's own budget, and is decided`, async (t) => {
    for (const pauseMs of [0, 50]) {
      const how = { headers, pauseMs };
      t.like(await asked.decide(await request(), how), {
        outcome: 'OUTCOME_ALLOW',
        reasons: [{ code: 'policy.ok' }],
      });
      t.like(await asked.check(await check(), how), { code: 0, http: 200, reason: 'policy.ok' });
    }
  });
}
