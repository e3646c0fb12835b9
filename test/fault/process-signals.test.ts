// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { startPortreeve } from '../helpers/processes.ts';
import type { Running } from '../helpers/processes.ts';
import { forServer, until } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

/** Only Linux tells which signals a process handles. */
const onLinux = process.platform === 'linux' ? test : test.skip;

async function starting(t: ExecutionContext): Promise<{ world: World; server: Running }> {
  const world = await makeWorld({ now: Date.now(), configure: forServer((to) => (to.server.workers = 2)) });
  t.teardown(world.close);
  const server = startPortreeve(['serve', '--config', world.configFile]);
  t.teardown(() => server.child.kill('SIGKILL'));
  return { world, server };
}

/** Whether a process has a handler for a signal (proc_pid_status(5)). */
function handles({ child }: Running, signal: NodeJS.Signals): boolean {
  const [, mask] = /^SigCgt:\t([0-9a-f]+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1')) ?? [];
  return ((BigInt(`0x${mask}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
}

onLinux('a SIGHUP that comes while a server starts reloads it once it is ready', async (t) => {
  const { server } = await starting(t);
  await until(() => handles(server, 'SIGHUP'));
  t.is(server.output(), '', 'it has hardly begun');
  server.child.kill('SIGHUP');
  await until(() => server.output().includes('SIGHUP: in force') || server.child.signalCode !== null);
  t.is(server.child.signalCode, null);
  t.regex(server.output(), /: ready\n[^]*SIGHUP: in force/);
  t.is(await server.stop(), 0);
});

test('a SIGTERM that comes while a server starts ends it in order', async (t) => {
  const { world, server } = await starting(t);
  // It holds its lock, and has begun to read what it needs.
  await until(() => existsSync(`${world.config.state.path}.pid`));
  t.false(server.output().includes('ready'));
  t.is(await server.stop(), 0);
  t.true(server.output().includes('SIGTERM: draining'), server.output());
});
