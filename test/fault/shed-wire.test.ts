import test from 'ava';
import { checkPath, decidePath, framedMessage, rawClient } from '../helpers/raw-grpc.ts';
import type { RawAnswer } from '../helpers/raw-grpc.ts';
import { serveRaw } from '../helpers/raw-server.ts';

/** There is no time at all to decide in. */
const late = { 'x-envoy-expected-rq-timeout-ms': '0' };

test('a shed call of either door is UNAVAILABLE where the configuration says so, and recorded; every other denial is an answer', async (t) => {
  const asked = await serveRaw(t, (document) => (document['wire'] = { overload: 'unavailable' }));
  const client = rawClient(t, asked.server.address('local'));
  const request = {
    peer_chain: [(await asked.world.leaf('meter/1')).der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  };
  const check = { attributes: { request: { http: { method: 'GET', path: '/', host: 'h' } } } };
  const calls = {
    [decidePath]: framedMessage('portreeve.v1.DecideRequest', request),
    [checkPath]: framedMessage('envoy.service.auth.v3.CheckRequest', check),
  };
  for (const [path, message] of Object.entries(calls)) {
    const shed: RawAnswer = await client.call({ path, body: [message], headers: late });
    t.like(shed, { grpcStatus: 14, message: null, broken: null }, path);
    const told = decodeURIComponent(shed.grpcMessage);
    t.regex(told, /^system\.overload_shed: decision [0-9a-f-]{36}$/, path);
    t.like(await asked.record(told.slice(-36)), { outcome: 'deny', enforced: true }, path);
  }
  t.like(await asked.decide(request), { outcome: 'OUTCOME_ALLOW' });
  t.like(await asked.check(check), { code: 16, reason: 'identity.no_credential' });
});
