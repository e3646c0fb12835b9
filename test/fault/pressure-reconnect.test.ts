import test from 'ava';
import { messageCodec } from '../../src/api/load-protos.ts';
import { peakMb, watchMemory } from '../helpers/memory.ts';
import { valueOf, type Sample } from '../helpers/prometheus.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import { grpcRequest, judgeCheck, storm } from '../helpers/storm.ts';
import { deviceId, makeWorld } from '../helpers/world.ts';

const devices = 120 * Number(process.env.SOAK_FACTOR ?? 1);

test('a whole fleet that reconnects, each with a certificate never seen before, is let in; metrics show what is kept', async (t) => {
  t.timeout(60_000 + devices * 100);
  const world = await makeWorld({ now: Date.now(), configure: forServer() });
  t.teardown(world.close);
  const ids = Array.from({ length: devices }, (_, index) => `meter/fleet-${index}`);
  await world.importDevices(
    ids.map((name) => ({ device_id: deviceId(name), status: 'active', class: 'meter' })),
  );
  const codec = messageCodec<object>('envoy.service.auth.v3.CheckRequest');
  const requests = [];
  for (const name of ids) {
    const { pem } = await world.leaf(name);
    const source = {
      address: { socket_address: { address: '10.20.0.7' } },
      certificate: encodeURIComponent(pem),
    };
    const message = codec.encode({
      attributes: { source, request: { http: { method: 'GET', path: '/', host: 'h' } } },
    });
    requests.push(grpcRequest('/envoy.service.auth.v3.Authorization/Check', message, 5000));
  }
  const server = await startServer(t, world.configFile);
  const memory = await watchMemory(t, server);
  const half = Math.ceil(devices / 2);
  const result = await storm({
    address: server.address('local'),
    connections: [{ requests: requests.slice(0, half) }, { requests: requests.slice(half) }],
    ...{ perSecond: 100, seconds: devices / 100, timeoutMs: 20_000, mostPending: 10_000 },
    ...{ inOrder: true, judge: judgeCheck },
  });
  t.is(result.fates.allowed, devices, JSON.stringify([result.fates, result.reasons]));
  t.true(memory() < peakMb, `a worker had ${memory()} MB`);

  const kept = async (what: string, name: string): Promise<number> =>
    valueOf(await server.metrics(), `portreeve_kept_${what}`, { kept: name, worker: '0' }) ?? NaN;
  // The worker tells so with its next sign of life.
  await until(async () => (await kept('misses_total', 'credentials')) === devices);
  for (const name of ['credentials', 'devices', 'device_keys', 'revocations']) {
    const [entries, bound] = [await kept('entries', name), await kept('bound', name)];
    const [misses, evictions] = [await kept('misses_total', name), await kept('evictions_total', name)];
    t.true(entries > 0 && entries <= bound, `${name}: ${entries} of ${bound}`);
    t.true(misses >= devices, `${name}: ${misses} read`);
    t.is(entries + evictions, misses, name);
  }
  // Credentials are bounded by what they take: the number of their entries says little of how full that is.
  const [bytes, most] = [await kept('bytes', 'credentials'), await kept('bytes_bound', 'credentials')];
  const [entries, bound] = [await kept('entries', 'credentials'), await kept('bound', 'credentials')];
  t.is(most, 44 * 1024 * 1024);
  t.true(bytes > entries * 4096 && bytes <= most, `${bytes} of ${most}`);
  t.true(bytes / most > entries / bound, 'fuller than it looks by entries');
  t.is(await kept('entries', 'refused_credentials'), 0);
  t.is(await kept('bytes', 'devices'), NaN);
  const unused = [
    ['attestation_tokens', 10_000],
    ['attestation_results', 20_000],
    ['attestation_devices', 20_000],
  ] as const;
  for (const [name, bound] of unused)
    t.deepEqual([await kept('entries', name), await kept('bound', name)], [0, bound], name);
  const keys = (what: string, samples: readonly Sample[]): number | undefined =>
    valueOf(samples, `portreeve_kept_${what}`, { kept: 'key_uses' });
  const samples = await server.metrics();
  t.deepEqual([keys('bound', samples), keys('misses_total', samples)], [100_000, keys('entries', samples)]);
  t.true((keys('entries', samples) ?? 0) > 0);
  // All are in the same situation: one verdict serves them, and each has it as its last one.
  t.is(await kept('bound', 'verdicts'), 8192);
  t.is(await kept('misses_total', 'verdicts'), 1);
  t.is(await kept('entries', 'verdicts'), 1 + devices);
});
