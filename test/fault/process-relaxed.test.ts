import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { folderPlace } from '../../src/audit/verify/place.ts';
import { verifyLog } from '../../src/audit/verify/verify-log.ts';
import { provedEntries } from '../helpers/log-folder.ts';
import { smallVolume, withVolume } from '../helpers/raw-volume.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

interface Entry {
  readonly kind: string;
  readonly act?: string;
  readonly decision_id?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

const flushMs = 10_000;

/** A world whose answers go ahead of their records. */
async function relaxedWorld(t: ExecutionContext, path = 'audit/log'): Promise<World> {
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document['audit'] = { path, mode: 'relaxed', flush: `${flushMs / 1000}s`, key: 'log-key.pem' };
    }),
  });
  t.teardown(world.close);
  return world;
}

/** Asks over several lines at once until the server answers no more, or `stop` is called; the ids that it answered. */
async function asking(t: ExecutionContext, world: World, server: Server) {
  const leaf = await world.leaf('meter/1');
  const client = server.client(10_000);
  const ids: string[] = [];
  const state = { running: true };
  const callers = Array.from({ length: 8 }, async () => {
    while (state.running) {
      await client
        .decide({
          peer_chain: [leaf.der],
          authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
          source_ip: '10.20.0.7',
        })
        .then(({ decision_id: id, faults }) => {
          if (faults.length === 0) ids.push(id);
        })
        .catch(() => new Promise((resolve) => setTimeout(resolve, 20)));
    }
  });
  const stop = async (): Promise<void> => {
    state.running = false;
    await Promise.all(callers);
  };
  t.teardown(stop);
  return { ids, stop };
}

async function entriesOf(folder: string): Promise<readonly Entry[]> {
  const { entries } = await provedEntries(folder);
  return entries.map((one) => JSON.parse(one) as Entry);
}

test('in relaxed mode the kill of a worker under load may take its newest records alone, and the log says so at once', async (t) => {
  const world = await relaxedWorld(t);
  const server = await startServer(t, world.configFile);
  const { ids, stop } = await asking(t, world, server);
  await until(() => ids.length > 200);
  const [worker] = (await server.status()).workers;
  const pid = worker?.pid as number;
  process.kill(pid, 'SIGKILL');
  const atKill = ids.length;
  await until(async () => (await server.status()).workers.some((one) => one.ready && one.pid !== pid));
  await until(() => ids.length > atKill + 100);
  await stop();
  t.is(await server.stop(), 0);

  const folder = join(world.folder, 'audit/log');
  const entries = await entriesOf(folder);
  const at = entries.findIndex(({ act }) => act === 'worker_ended');
  t.like(entries[at]?.detail, { worker: 0, pid, how: 'signal', may_have_been_deciding: true });
  const gap = entries.findIndex(({ act }) => act === 'log_gap');
  t.is(gap, at + 1);
  t.like(entries[gap]?.detail, {
    ...{ mode: 'relaxed', at_most_ms: flushMs / 2, because: 'worker_ended', worker: 0, pid },
  });
  const kept = new Set(entries.map(({ decision_id: id }) => id));
  const missing = ids.flatMap((id, index) => (kept.has(id) ? [] : [index]));
  t.true(
    missing.every((index) => index <= atKill + 8),
    'what the next worker answered is all there',
  );
  const { report } = await verifyLog(folderPlace('log', folder), { keys: [] });
  t.is(report.verdict, 'verified', JSON.stringify(report.findings));
  t.true(report.remarks.some(({ code, entry }) => code === 'log.gap' && entry === gap));
});

test('in relaxed mode an end in order takes no record: there is no gap to tell of', async (t) => {
  const world = await relaxedWorld(t);
  const server = await startServer(t, world.configFile);
  const { ids, stop } = await asking(t, world, server);
  await until(() => ids.length > 200);
  t.is(await server.stop(), 0);
  await stop();
  const entries = await entriesOf(join(world.folder, 'audit/log'));
  const kept = new Set(entries.map(({ decision_id: id }) => id));
  t.deepEqual(
    ids.filter((id) => !kept.has(id)),
    [],
  );
  t.false(entries.some(({ act }) => act === 'log_gap'));
});

withVolume(
  'in relaxed mode a server that ends while its log cannot be written leaves that for the next start to tell',
  async (t) => {
    const volume = smallVolume(t, '8m');
    const path = join(volume.folder, 'log');
    const world = await relaxedWorld(t, path);
    const first = await startServer(t, world.configFile);
    const { ids, stop } = await asking(t, world, first);
    await until(() => ids.length > 50);
    // So that nothing but what could not be appended tells of it.
    await stop();
    await until(async () => (await entriesOf(path)).some(({ decision_id: id }) => id === ids.at(-1)));
    volume.fill();
    const again = await asking(t, world, first);
    await until(async () => !(await first.status()).audit.writable);
    await first.stop();
    await again.stop();
    volume.empty();
    const second = await startServer(t, world.configFile);
    t.is(await second.stop(), 0);
    const gap = (await entriesOf(path)).find(({ act }) => act === 'log_gap');
    t.like(gap?.detail, { mode: 'relaxed', at_most_ms: flushMs });
  },
);
