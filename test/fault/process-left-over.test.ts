// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { freePorts } from '../helpers/ports.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import type { Document } from '../helpers/world-document.ts';

/** Only Linux tells of processes as it is needed to end what is left. */
const onLinux = process.platform === 'linux' ? test : test.skip;

/** A server with two workers on ports of their own; `stop` stops the second worker. */
async function twoWorkers(
  t: ExecutionContext,
  notice = '0s',
): Promise<{ world: World; server: Server; pid: number; stop: () => void }> {
  const [first, second] = await freePorts(2);
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document.server.workers = 2;
      document.server.drain_notice = notice;
      document.server.listeners[0].address = `127.0.0.1:${first}-${second}`;
    }),
  });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile);
  const pid = (await server.status()).workers[1]?.pid as number;
  t.teardown(() => stateOf(pid) === 'T' && process.kill(pid, 'SIGKILL'));
  return { world, server, pid, stop: () => process.kill(pid, 'SIGSTOP') };
}

/** The state of a process as the system has it; undefined for one that is gone, or only waits to be counted. */
function stateOf(pid: number): string | undefined {
  try {
    const state = /\) (\S) [^)]*$/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
    return state === 'Z' || state === 'X' ? undefined : state;
  } catch {
    return undefined;
  }
}

onLinux(
  'a second signal ends a worker with the parent that is stopped and would hold its port',
  async (t) => {
    // What it leaves where it fails is ended before the whole file is.
    t.timeout(100_000);
    // Longer than this test may take: the drain has something to wait for.
    const { world, server, pid, stop } = await twoWorkers(t, '5m');
    // At once: who is stopped for a second is killed as one that hangs.
    stop();
    server.signal('SIGTERM');
    await until(() => server.log.some((line) => line.includes('draining')));
    server.signal('SIGTERM');
    t.is(await server.ended, 1);
    await until(() => stateOf(pid) !== 'T');
    const document = JSON.parse(readFileSync(world.configFile, 'utf8')) as Document;
    document.server.drain_notice = '0s';
    writeFileSync(world.configFile, JSON.stringify(document));
    const again = await startServer(t, world.configFile);
    t.false(
      again.log.some((line) => line.includes('left by a server')),
      again.log.join('\n'),
    );
    t.is(await again.stop(), 0);
  },
);

onLinux(
  'what a killed server left stopped is ended by the next start on its state, which says so',
  async (t) => {
    // What it leaves where it fails is ended before the whole file is.
    t.timeout(100_000);
    const { world, server, pid, stop } = await twoWorkers(t);
    // At once: who is stopped for a second is killed as one that hangs.
    stop();
    server.signal('SIGKILL');
    await server.ended;
    await until(() => stateOf(pid) === 'T');
    const other = await makeWorld({ now: Date.now(), configure: forServer() });
    t.teardown(other.close);
    await startServer(t, other.configFile);
    t.is(stateOf(pid), 'T', 'a server on another state lets it alone');
    const next = await startServer(t, world.configFile);
    t.is(stateOf(pid), undefined);
    t.true(
      next.log.some((line) => line.startsWith(`process ${pid} (worker, stopped), left by a server`)),
      next.log.join('\n'),
    );
    t.true((await next.status()).workers.every(({ ready }) => ready));
  },
);
