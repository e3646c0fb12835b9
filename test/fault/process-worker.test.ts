// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { freePorts } from '../helpers/ports.ts';
import { nestedRanges, policies, policyFile, withOpa } from '../helpers/policies.ts';
import { valueOf } from '../helpers/prometheus.ts';
import { healthOf } from '../helpers/grpc-health.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import { root } from '../helpers/source-files.ts';
import type { Document } from '../helpers/world-document.ts';

async function serving(
  t: ExecutionContext,
  more?: (document: Document) => void,
): Promise<{ world: World; server: Server; ask: () => Promise<string> }> {
  const world = await makeWorld({ now: Date.now(), configure: forServer(more) });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile);
  const leaf = await world.leaf('meter/1');
  const client = server.client();
  const ask = async (): Promise<string> => {
    const decision = await client.decide({
      peer_chain: [leaf.der],
      authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
      source_ip: '10.20.0.7',
    });
    return `${decision.outcome} ${decision.reasons[0]?.code}`;
  };
  return { world, server, ask };
}

test('a server decides, counts, and ends with 0 when told to', async (t) => {
  const { server, ask } = await serving(t);
  t.is(await ask(), 'allow policy.ok');
  await until(() => server.decisions.length === 1);
  t.is(valueOf(await server.metrics(), 'portreeve_decisions_total', { outcome: 'allow' }), 1);
  t.is((await server.page('/readyz')).status, 200);
  t.is(await server.stop(), 0);
});

test('workers keep memory outside their heap together, where nothing else is said', async (t) => {
  const { server } = await serving(t);
  const { workers } = (await server.status()) as { readonly workers: readonly { readonly pid: number }[] };
  const [{ pid }] = workers as readonly [{ readonly pid: number }];
  const said = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  for (const name of ['MALLOC_ARENA_MAX=1', 'MALLOC_MMAP_THRESHOLD_=131072', 'MALLOC_TRIM_THRESHOLD_=131072'])
    t.true(said.includes(name), name);
});

test('a worker that is killed is started again, on the same port, and totals do not go back', async (t) => {
  const { world, server, ask } = await serving(t);
  await ask();
  await until(() => server.decisions.length === 1);
  const address = server.address('local');
  const [before] = (await server.status()).workers;
  process.kill(before?.pid as number, 'SIGKILL');
  await until(async () => {
    const [worker] = (await server.status()).workers;
    return worker?.ready === true && worker.pid !== before?.pid;
  });
  t.is(await ask(), 'allow policy.ok');
  await until(() => server.decisions.length === 2);
  t.is(server.address('local'), address);
  const samples = await server.metrics();
  t.is(valueOf(samples, 'portreeve_decisions_total', { outcome: 'allow' }), 2);
  t.is(valueOf(samples, 'portreeve_worker_restarts_total', { why: 'exit' }), 1);
  t.is((await server.status()).workers[0]?.restarts, 1);
  await server.stop();
  const ended = workerActsIn(world).find(({ act }) => act === 'worker_ended');
  t.like(ended, { why: 'SIGKILL', detail: { how: 'signal', may_have_been_deciding: true } });
  t.is(ended?.detail.pid, before?.pid);
});

test('with several workers the others go on deciding while a killed one comes back', async (t) => {
  const { server, ask } = await serving(t, (document) => (document.server.workers = 2));
  const { workers } = await server.status();
  t.is(workers.length, 2);
  process.kill(workers[1]?.pid as number, 'SIGKILL');
  t.is((await server.page('/readyz')).status, 200);
  await until(async () => (await ask().catch(() => '')) === 'allow policy.ok');
  await until(async () => (await server.status()).workers.every(({ ready }) => ready));
  t.is(await ask(), 'allow policy.ok');
});

test('workers with ports of their own say for themselves how they are, and come back where they were', async (t) => {
  const [first, second] = await freePorts(2);
  const { server, ask } = await serving(t, (document) => {
    document.server.workers = 2;
    document.server.listeners[0].address = `127.0.0.1:${first}-${second}`;
  });
  const each = [`127.0.0.1:${first}`, `127.0.0.1:${second}`] as const;
  const { workers, listeners } = await server.status();
  t.deepEqual(
    workers.map(({ addresses }) => addresses),
    each.map((address) => [address]),
  );
  t.deepEqual(
    listeners.map(({ address }) => address),
    each,
  );
  t.deepEqual(await Promise.all(each.map(healthOf)), ['SERVING', 'SERVING']);
  const stopped = workers[1]?.pid as number;
  process.kill(stopped, 'SIGKILL');
  await until(async () => (await readyWorkers(server)).includes(false));
  t.is((await server.page('/readyz')).status, 200, 'the other one decides');
  t.is(await healthOf(each[0]), 'SERVING');
  t.is(await ask(), 'allow policy.ok');
  await until(async () => (await healthOf(each[1])) === 'SERVING');
  await until(async () => (await readyWorkers(server)).every(Boolean));
});

/** What `/readyz` says of each worker. */
async function readyWorkers(server: Server): Promise<boolean[]> {
  const { workers } = JSON.parse((await server.page('/readyz')).body) as { workers: { ready: boolean }[] };
  return workers.map(({ ready }) => ready);
}

test('every answered decision is in the log, although its worker was killed right after', async (t) => {
  const { world, server, ask } = await serving(t);
  const answers = await Promise.all(Array.from({ length: 50 }, ask));
  const [worker] = (await server.status()).workers;
  process.kill(worker?.pid as number, 'SIGKILL');
  await server.stop();
  t.is(decisionsIn(world).length, answers.length);
});

withOpa('a worker whose policy does not come back is killed before it does, and started again', async (t) => {
  const bundle = policyFile(policies.hangs);
  const { world, server, ask } = await serving(t, (document) => (document.policy = { bundle }));
  await t.throwsAsync(ask());
  // The caller learns of the end before the parent has counted it.
  await until(async () => {
    const [worker] = (await server.status()).workers;
    return worker?.ready === true && worker.restarts === 1;
  });
  t.is(valueOf(await server.metrics(), 'portreeve_worker_restarts_total', { why: 'hung' }), 1);
  t.true(server.log.some((line) => line.includes('hung and was killed')));
  await server.stop();
  const [started, hung, again, drained] = workerActsIn(world);
  t.like(started, { act: 'worker_started', detail: { worker: 0, restarts: 0 } });
  t.like(hung, {
    act: 'worker_ended',
    why: 'hung',
    selector: 'worker 0',
    detail: { worker: 0, how: 'hung', code: null, signal: 'SIGKILL', may_have_been_deciding: true },
  });
  t.like(again, { act: 'worker_started', detail: { worker: 0, restarts: 1 } });
  t.like(drained, { act: 'worker_ended', why: 'drained', detail: { may_have_been_deciding: false } });
  t.is(hung?.detail.pid, started?.detail.pid);
});

withOpa('an evaluation that returns late is a denial, and the worker lives on', async (t) => {
  const bundle = policyFile(nestedRanges(100));
  const { server, ask } = await serving(t, (document) => {
    document.policy = { bundle };
    document.server.budget = '60ms';
  });
  // Before its first decision a worker on a busy machine may be late for other reasons.
  await until(async () => (await ask()) === 'deny policy.timeout');
  t.is((await server.status()).workers[0]?.restarts, 0);
});

test('workers end at once when the parent is killed', async (t) => {
  const { server, ask } = await serving(t, (document) => (document.server.workers = 2));
  const { workers } = await server.status();
  server.signal('SIGKILL');
  await server.ended;
  await until(() => workers.every(({ pid }) => !alive(pid)));
  await t.throwsAsync(ask());
});

withOpa('a drain lets calls end that are in flight, and takes no further ones', async (t) => {
  const bundle = policyFile(nestedRanges(60));
  const { world, server, ask } = await serving(t, (document) => {
    document.policy = { bundle };
  });
  const inFlight = [ask(), ask(), ask()];
  // All three are with the worker once the first is decided: evaluation is one after the other.
  await until(() => server.decisions.length >= 1);
  t.is(await server.stop(), 0);
  t.deepEqual(await Promise.all(inFlight), Array(3).fill('allow policy.ok'));
  t.is(decisionsIn(world).length, 3);
  await t.throwsAsync(ask());
});

test('with a notice health says NOT_SERVING while calls are still taken, then the server ends', async (t) => {
  const { server, ask } = await serving(t, (document) => (document.server.drain_notice = '6s'));
  t.is(await healthOf(server.address('local')), 'SERVING');
  server.signal('SIGTERM');
  await until(async () => (await healthOf(server.address('local'))) === 'NOT_SERVING');
  t.is(await ask(), 'allow policy.ok');
  t.is(await server.ended, 0);
  await t.throwsAsync(ask());
});

test('while a notice lasts the server is watched and follows its files as before, but says that it drains', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-notice-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const bundle = join(folder, 'bundle.tar.gz');
  copyFileSync(join(root, 'rego/bundle/portreeve.tar.gz'), bundle);
  const { server, ask } = await serving(t, (document) => {
    document.server.drain_notice = '5m';
    document.policy = { bundle };
  });
  await ask();
  server.signal('SIGTERM');
  await until(async () => (await healthOf(server.address('local'))) === 'NOT_SERVING');
  await ask();
  const { status, body } = await server.page('/readyz');
  t.is(status, 503);
  t.like(JSON.parse(body), { missing: ['draining'], workers: [{ index: 0, ready: false }] });
  const allowed = async () =>
    valueOf(await server.metrics(), 'portreeve_decisions_total', { outcome: 'allow' });
  await until(async () => (await allowed()) === 2);
  const inForce = async () => (await server.status()).workers[0]?.bundle;
  const before = await inForce();
  // The same policy in other bytes.
  writeFileSync(`${bundle}.new`, gzipSync(gunzipSync(readFileSync(bundle)), { level: 1 }));
  renameSync(`${bundle}.new`, bundle);
  await until(async () => (await inForce()) !== before);
  t.is(await ask(), 'allow policy.ok');
  server.signal('SIGTERM');
  t.is(await server.ended, 1);
});

test('signals that reach a whole process group drain once; the workers leave them to the parent', async (t) => {
  const { server, ask } = await serving(t);
  await ask();
  const [worker] = (await server.status()).workers;
  process.kill(worker?.pid as number, 'SIGINT');
  server.signal('SIGINT');
  t.is(await server.ended, 0);
});

test('a second signal ends the parent at once', async (t) => {
  // Longer than this test may take: the drain has something to wait for.
  const { server } = await serving(t, (document) => (document.server.drain_notice = '5m'));
  server.signal('SIGTERM');
  await until(() => server.log.some((line) => line.includes('draining')));
  server.signal('SIGTERM');
  t.is(await server.ended, 1);
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface WorkerAct {
  readonly act: string;
  readonly why: string | null;
  readonly selector: string;
  readonly detail: {
    readonly worker: number;
    readonly pid: number;
    readonly restarts?: number;
    readonly how?: string;
    readonly code?: number | null;
    readonly signal?: string | null;
    readonly may_have_been_deciding?: boolean;
  };
}

/** Starts and ends of workers in the log. */
function workerActsIn(world: World): WorkerAct[] {
  return readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"act":"worker_'))
    .map((line) => JSON.parse(line) as WorkerAct);
}

/** Ids of the decisions in the log. */
function decisionsIn(world: World): string[] {
  return readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; decision_id: string })
    .filter(({ kind }) => kind === 'decision')
    .map(({ decision_id: id }) => id);
}
