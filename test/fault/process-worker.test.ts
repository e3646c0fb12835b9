import test from 'ava';
import type { ExecutionContext } from 'ava';
import { valueOf } from '../helpers/prometheus.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
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
