// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Leaf } from '../../src/ca/index.ts';
import type { Decision } from '../../src/decision/types.ts';
import { createObservedReader } from '../../src/inventory/observed/reader.ts';
import { openStore } from '../../src/store/open.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const deviceId = 'spiffe://fleet.example/meter/1';

async function twoWorkers(t: ExecutionContext): Promise<{ world: World; server: Server }> {
  const configure = forServer((document) => (document.server.workers = 2));
  const world = await makeWorld({ now: Date.now(), configure });
  t.teardown(world.close);
  return { world, server: await startServer(t, world.configFile) };
}

function asking(leaf: Leaf, server: Server): (address: string) => Promise<Decision> {
  const client = server.client();
  return (address) =>
    client.decide({
      peer_chain: [leaf.der],
      authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
      source_ip: address,
    });
}

const warns = (decision: Decision | undefined): boolean =>
  decision?.outcome === 'allow' && decision.reasons.some(({ code }) => code === 'identity.credential_shared');

/** The worker that has decided, as it said itself. */
async function decider(server: Server): Promise<number> {
  const found: number[] = [];
  await until(async () => {
    const { workers } = (await server.status()) as unknown as {
      readonly workers: readonly { readonly pid: number; readonly decisions: number | null }[];
    };
    found.push(...workers.flatMap(({ pid, decisions }) => (decisions ? pid : [])));
    return found.length > 0;
  });
  return found[0] as number;
}

/** Whether the parent has been told that the device was seen, and has kept it. */
function isKept(world: World): boolean {
  const store = openStore({ path: world.config.state.path, mode: 'read_only', now: Date.now() });
  try {
    return createObservedReader(store).certificatesSeen('default', deviceId).length > 0;
  } finally {
    store.close();
  }
}

test('a key that one worker saw in one network and another worker in another is told, also after a restart', async (t) => {
  const { world, server } = await twoWorkers(t);
  const leaf = await world.leaf('meter/1');
  const ask = asking(leaf, server);
  t.false(warns(await ask('10.20.0.7')));
  await until(() => isKept(world));
  // Whoever has seen the first use is gone: what the other worker knows of it, it knows from the parent.
  process.kill(await decider(server), 'SIGKILL');
  await until(async () => warns(await ask('10.20.1.7').catch(() => undefined)));
  await server.stop();
  const again = await startServer(t, world.configFile);
  t.true(warns(await asking(leaf, again)('10.20.1.7')));
});

test('certificates that devices showed are kept by the time that the server has ended', async (t) => {
  const { world, server } = await twoWorkers(t);
  const leaf = await world.leaf('meter/1');
  await asking(leaf, server)('10.20.0.7');
  await server.stop();
  const store = openStore({ path: world.config.state.path, mode: 'read_only', now: Date.now() });
  t.teardown(() => store.close());
  t.like(createObservedReader(store).certificatesSeen('default', deviceId), [
    { fingerprint: leaf.fingerprint, key: leaf.keyDigest, network: '10.20.0.0/24' },
  ]);
});
