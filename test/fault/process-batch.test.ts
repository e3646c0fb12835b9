import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { DecideRequest } from '../../src/api/decision-service/wire.ts';
import { messageCodec } from '../../src/api/load-protos.ts';
import { limits } from '../../src/context/limits.ts';
import { batchBytes } from '../helpers/batch-bytes.ts';
import { framed, rawClient } from '../helpers/raw-grpc.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const path = '/portreeve.v1.DecisionService/DecideBatch';
const requests = messageCodec<DecideRequest>('portreeve.v1.DecideRequest');

async function serving(t: ExecutionContext): Promise<{ world: World; server: Server; one: DecideRequest }> {
  const world = await makeWorld({ now: Date.now(), configure: forServer() });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile);
  const leaf = await world.leaf('meter/1');
  const one: DecideRequest = {
    peer_chain: [leaf.der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  };
  return { world, server, one };
}

/** Ids of the decisions in the log. */
function recordedIn(world: World): readonly string[] {
  return readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; decision_id: string })
    .filter(({ kind }) => kind === 'decision')
    .map(({ decision_id: id }) => id);
}

/** The worker is the one that it was at the start, and decides. */
async function livesOn(t: ExecutionContext, server: Server, one: DecideRequest): Promise<void> {
  const { workers } = await server.status();
  t.deepEqual(
    workers.map(({ restarts }) => restarts),
    [0],
    server.log.join('\n'),
  );
  t.is((await server.client(20_000).decide(one)).outcome, 'allow');
}

test('a whole server decides batches, full ones side by side too, and records each of their decisions', async (t) => {
  const { world, server, one } = await serving(t);
  const client = server.client(30_000);
  const mixed = [one, {}, { ...one, source_ip: 'nowhere' }, { ...one, connection_id: 'last' }];
  const answers = await client.decideBatch(mixed);
  t.deepEqual(
    answers.map(({ outcome, reasons }) => `${outcome} ${reasons[0]?.code}`),
    ['allow policy.ok', 'deny system.input_invalid', 'deny system.input_invalid', 'allow policy.ok'],
  );
  const full = Array.from({ length: limits.batchItems }, () => one);
  const batches = await Promise.all(Array.from({ length: 4 }, () => client.decideBatch(full)));
  // What has no time left is shed by itself, on a machine that is busy with other things.
  const told = batches.flat().map(({ reasons }) => reasons[0]?.code);
  t.true(told.every((code) => code === 'policy.ok' || code === 'system.overload_shed'));
  t.true(told.includes('policy.ok'));
  await livesOn(t, server, one);
  await server.stop();
  const recorded = new Set(recordedIn(world));
  // Denials that are alike may stand in one record.
  const allowed = batches.flat().filter(({ outcome }) => outcome === 'allow');
  for (const { decision_id: id } of [...answers, ...allowed]) t.true(recorded.has(id), id);
});

test('batches that are none, are cut short, too many or given up end no worker', async (t) => {
  const { world, server, one } = await serving(t);
  const raw = rawClient(t, server.address('local'));
  const item = requests.encode(one);
  const many = batchBytes(Array.from({ length: limits.batchItems }, () => item));
  const bad = [
    Buffer.alloc(0),
    Buffer.from('no batch'),
    Buffer.alloc(1000, 0xff),
    batchBytes(Array.from({ length: limits.batchItems + 1 }, () => item)),
    many.subarray(0, many.byteLength - 5),
  ];
  for (const bytes of bad) t.is((await raw.call({ path, body: [framed(bytes)] })).grpcStatus, 0);
  const inTime = await raw.call({ path, body: [framed(many)], headers: { 'grpc-timeout': '1m' } });
  t.is(inTime.grpcStatus, 0, 'no time at all: each of them is shed');
  // Callers that go at any moment, with what they have asked still under way.
  const impatient = Array.from({ length: 12 }, (_, number) =>
    server.client(1 + 4 * number).decideBatch(Array.from({ length: limits.batchItems }, () => one)),
  );
  await Promise.allSettled(impatient);
  await livesOn(t, server, one);
  await until(async () => (await server.status()).audit.writable);
  t.is((await server.client(30_000).decideBatch([one, one])).length, 2, 'and batches go on');
  await server.stop();
  t.true(recordedIn(world).length > bad.length);
});
