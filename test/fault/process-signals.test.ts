// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { startPortreeve } from '../helpers/processes.ts';
import type { Running } from '../helpers/processes.ts';
import { forServer, until } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';

const raising = pathToFileURL(join(import.meta.dirname, '../helpers/raise-signal.ts')).href;

/** Starts a server that raises a signal at itself, where one is said (`TEST_RAISE`, by the path of its state). */
async function starting(t: ExecutionContext, raise?: (state: string) => string): Promise<Running> {
  const world = await makeWorld({ now: Date.now(), configure: forServer((to) => (to.server.workers = 2)) });
  t.teardown(world.close);
  const server = startPortreeve(
    ['serve', '--config', world.configFile],
    raise && {
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${raising}`,
      TEST_RAISE: raise(world.config.state.path),
    },
  );
  t.teardown(() => server.child.kill('SIGKILL'));
  return server;
}

test('a SIGHUP that comes while the program is still being read reloads the server once it is ready', async (t) => {
  const server = await starting(t, () => 'SIGHUP import /src/cli/program.ts');
  await until(() => server.output().includes('SIGHUP: in force') || server.child.signalCode !== null);
  t.is(server.child.signalCode, null);
  t.regex(server.output(), /: ready\n[^]*SIGHUP: in force/);
  t.is(await server.stop(), 0);
});

test('a SIGTERM that comes while a server starts ends it in order', async (t) => {
  // It holds its lock, and has begun to read what it needs.
  const server = await starting(t, (state) => `SIGTERM file ${state}.pid`);
  await until(() => server.child.exitCode !== null || server.child.signalCode !== null);
  t.is(server.child.exitCode, 0);
  t.true(server.output().includes('SIGTERM: draining'), server.output());
});

test('a server ends with 0 when told to, whatever reloads it is asked for until it is gone', async (t) => {
  t.timeout(60_000, 'it may never end');
  const server = await starting(t);
  await until(() => server.output().includes('ready\n'));
  const asking = setInterval(() => server.child.kill('SIGHUP'), 2);
  t.teardown(() => clearInterval(asking));
  const code = await server.stop();
  t.deepEqual([code, server.child.signalCode], [0, null]);
});
