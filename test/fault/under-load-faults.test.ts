// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { issueCrl } from '../../src/ca/index.ts';
import { loadServer, type DecideLoad } from '../helpers/decide-load.ts';
import { lackOfHangingResolver, makeHangingResolver } from '../helpers/hanging-resolver.ts';
import { valueOf } from '../helpers/prometheus.ts';
import { smallVolume, withVolume } from '../helpers/raw-volume.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { needing } from '../helpers/skip.ts';
import { root } from '../helpers/source-files.ts';
import { hour, makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import type { Document } from '../helpers/world-document.ts';

type ServerOptions = Parameters<typeof startServer>[2];

async function loaded(
  t: ExecutionContext,
  more?: (document: Document) => void,
  options: ServerOptions = {},
): Promise<{ readonly world: World; readonly server: Server; readonly load: DecideLoad }> {
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer(more),
    files: (folder) => mkdirSync(join(folder, 'crls')),
  });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile, options);
  return { world, server, load: await loadServer(t, world, server) };
}

const allowed = ['allow policy.ok'];

test('under load, decisions go on while another process sits on the write lock, and what was to be written is written later', async (t) => {
  const { world, server, load } = await loaded(t, (document) => {
    document.revocation = { crls: ['crls'] };
    document.server.budget = '2s';
  });
  await load.more(1);
  const [worker] = (await server.status()).workers;
  for (const lock of ['BEGIN IMMEDIATE', 'BEGIN EXCLUSIVE']) {
    // The server may be writing just then: whoever wants the lock waits for it.
    const other = new DatabaseSync(world.config.state.path, { timeout: 20_000 });
    other.exec(lock);
    const { der } = await issueCrl(world.pki.meters, {
      ...{
        number: lock === 'BEGIN IMMEDIATE' ? 60 : 61,
        thisUpdate: Date.now() - 1000,
        nextUpdate: Date.now() + hour,
      },
      revoked: [],
    });
    writeFileSync(join(world.folder, 'crls/meters.crl'), der);
    load.take();
    const began = performance.now();
    // Longer than a record may be waited for, so that whoever stands still for the lock is found out.
    while (performance.now() - began < 2500) await load.more(10);
    t.is((await server.page('/readyz')).status, 200);
    t.deepEqual(Object.keys(load.take()), allowed, lock);
    other.exec('ROLLBACK');
    other.close();
    const number = lock === 'BEGIN IMMEDIATE' ? '3c' : '3d';
    await until(async () => (await server.status()).crls.some((crl) => crl.number === number));
    await load.more(10);
  }
  t.deepEqual(Object.keys(load.take()), allowed);
  t.like((await server.status()).workers[0], { pid: worker?.pid, restarts: 0 });
});

withVolume(
  'under load, a volume that runs full under log and state denies with its reason, and room alone heals it',
  async (t) => {
    const volume = smallVolume(t, '8m');
    const { server, load } = await loaded(t, (document) => {
      document.state = { path: join(volume.folder, 'state.db') };
      document.audit = { path: join(volume.folder, 'decisions.ndjson') };
    });
    await load.more(20);
    t.deepEqual(Object.keys(load.take()), allowed);
    volume.fill();
    await until(async () => !(await server.status()).audit.writable);
    load.take();
    await load.more(40);
    const full = Object.keys(load.take());
    t.true(full.includes('deny system.audit_unavailable'), String(full));
    // A record for which there is still a little room is written: then the answer stands.
    for (const told of full) t.true([...allowed, 'deny system.audit_unavailable'].includes(told), told);
    volume.empty();
    await until(async () => (await server.status()).audit.writable);
    await load.more(40);
    load.take();
    await load.more(40);
    t.deepEqual(Object.keys(load.take()), allowed);
    t.is((await server.status()).workers[0]?.restarts, 0);
  },
);

/** A receiver that takes every connection: one never says a word, the other drips a byte now and then for ever. */
async function hungReceiver(t: ExecutionContext): Promise<{ url: string; taken: () => number }> {
  const sockets = new Set<Socket>();
  let taken = 0;
  const server = createServer((socket) => {
    taken += 1;
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
    socket.resume();
    if (taken % 2 === 0) return;
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
    const drip = setInterval(() => socket.write('.'), 50);
    socket.once('close', () => clearInterval(drip));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, taken: () => taken };
}

/** Sends often and in small parts, so that a queue that nobody takes from is soon full. */
const otelEnv = (url: string): Record<string, string> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_BSP_SCHEDULE_DELAY: '50',
  OTEL_BSP_MAX_QUEUE_SIZE: '32',
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '8',
  OTEL_METRIC_EXPORT_INTERVAL: '300',
  OTEL_METRIC_EXPORT_TIMEOUT: '250',
});

test('under load, an OTLP receiver that never answers, or drips, holds up no decision and no end, and what it does not take is counted', async (t) => {
  const receiver = await hungReceiver(t);
  const { world, server, load } = await loaded(t, undefined, { env: otelEnv(receiver.url) });
  await until(() => receiver.taken() >= 2);
  await load.more(100);
  t.deepEqual(Object.keys(load.take()), allowed);
  // Each decision has its span, and some forty may wait or be on their way.
  await until(async () => {
    const full = { worker: '0', why: 'queue_full' };
    return (valueOf(await server.metrics(), 'portreeve_spans_dropped_total', full) ?? 0) >= 50;
  });
  await load.stop();
  t.is(await server.stop(), 0);
  const log = readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8').trimEnd().split('\n');
  const ended = log.filter((line) => line.includes('"act":"worker_ended"'));
  t.deepEqual(
    ended.map((line) => {
      const { why, detail } = JSON.parse(line) as { why: string; detail: { code: unknown; signal: unknown } };
      return [why, detail.code, detail.signal];
    }),
    [['drained', 0, null]],
    'the worker came to its end by itself, and had not to be killed',
  );
});

/** Lists and policies are to be had under names that end so, and spans go to one. */
const sourcesAt =
  (end: string) =>
  (document: Document): void => {
    document.revocation = {
      sources: Array.from({ length: 6 }, (_, index) => ({
        ...{ name: `crl-${index}`, url: `http://crl-${index}${end}/list.crl`, interval: '1s' },
      })),
    };
    document.policy = {
      bundle: join(root, 'rego/bundle/portreeve.tar.gz'),
      sources: [{ name: 'shipped', url: `https://bundles${end}/policy.tar.gz`, interval: '1s' }],
    };
  };

async function allSourcesFail(server: Server): Promise<boolean> {
  return (await server.status()).sources.filter(({ failures }) => failures > 0).length >= 7;
}

test('under load, names that nobody resolves are told of their sources, and decisions go on', async (t) => {
  const env = otelEnv('http://collector.invalid:4318');
  const { server, load } = await loaded(t, sourcesAt('.invalid'), { env });
  await until(() => allSourcesFail(server));
  load.take();
  server.signal('SIGHUP');
  await load.more(100);
  t.deepEqual(Object.keys(load.take()), allowed);
  t.is((await server.page('/readyz')).status, 200);
});

const withHangingResolver = needing(lackOfHangingResolver(), { evenInCi: true });

withHangingResolver(
  'under load, a resolver that begins to hang holds up neither decisions nor their records',
  async (t) => {
    const resolver = makeHangingResolver();
    const env = { ...resolver.env, ...otelEnv('http://collector:4318') };
    const { server, load } = await loaded(t, sourcesAt(''), { env });
    // Before the server ends: this is about decisions, not about an end that waits for look-ups.
    t.teardown(() => resolver.close());
    await until(() => allSourcesFail(server));
    resolver.hang();
    await until(() => resolver.hangs());
    // By now every source and the worker have begun to look one up again.
    await load.more(120);
    load.take();
    const { written } = (await server.status()).audit;
    server.signal('SIGHUP');
    await load.more(100);
    t.deepEqual(Object.keys(load.take()), allowed);
    t.is((await server.page('/readyz')).status, 200);
    await until(async () => (await server.status()).audit.written >= written + 100);
    t.is((await server.status()).audit.lost, 0);
    t.is((await server.status()).workers[0]?.restarts, 0);
  },
);

test('under load, a clock that jumps forward and back denies with its reason, and decides as before once it is right', async (t) => {
  const world = await makeWorld({ now: Date.now(), configure: forServer() });
  t.teardown(world.close);
  const file = join(world.folder, 'clock');
  const set = (ms: number): void => {
    // In one piece: it is read at any time.
    writeFileSync(`${file}.new`, String(ms));
    renameSync(`${file}.new`, file);
  };
  set(0);
  const preload = [join(import.meta.dirname, '../helpers/shift-clock.ts')];
  const server = await startServer(t, world.configFile, { preload, env: { TEST_CLOCK_OFFSET_FILE: file } });
  const load = await loadServer(t, world, server);
  await load.more(20);
  t.deepEqual(Object.keys(load.take()), allowed);
  for (const [jump, reasons] of [
    [2 * 365 * 24 * hour, /^deny (credential|chain|revocation|system)\./],
    [-2 * hour, /^deny system\.clock_untrusted$/],
  ] as const) {
    set(jump);
    // What was asked before the jump is answered first.
    await load.more(40);
    load.take();
    await load.more(40);
    for (const told of Object.keys(load.take())) t.regex(told, reasons);
    set(0);
    await load.more(40);
    load.take();
    await load.more(40);
    t.deepEqual(Object.keys(load.take()), allowed);
  }
  t.is((await server.status()).workers[0]?.restarts, 0);
});
