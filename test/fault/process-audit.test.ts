import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { valueOf } from '../helpers/prometheus.ts';
import { withFullDevice } from '../helpers/raw-volume.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';

/** A volume without space: every write to it fails. */
const full = '/dev/full';

/** A server whose log stands on a full volume, and the log's path. */
async function servingOnFullVolume(
  t: ExecutionContext,
  onFailure: 'deny' | 'continue',
): Promise<{ server: Server; log: string; ask: () => Promise<string> }> {
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document['audit'] = { path: 'audit/decisions.ndjson', on_failure: onFailure };
    }),
  });
  t.teardown(world.close);
  const log = join(world.folder, 'audit/decisions.ndjson');
  mkdirSync(join(world.folder, 'audit'));
  symlinkSync(full, log);
  const server = await startServer(t, world.configFile);
  const leaf = await world.leaf('meter/1');
  const client = server.client();
  const ask = async (): Promise<string> => {
    const decision = await client.decide({
      peer_chain: [leaf.der],
      authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
      source_ip: '10.20.0.7',
    });
    return [decision.outcome, decision.reasons[0]?.code, ...decision.faults.map(({ code }) => code)].join(
      ' ',
    );
  };
  return { server, log, ask };
}

withFullDevice(
  'a log that cannot be written denies, says so, and goes on once it can, without a loss',
  async (t) => {
    const { server, log, ask } = await servingOnFullVolume(t, 'deny');
    await until(async () => !(await server.status()).audit.writable);
    t.is(await ask(), 'deny system.audit_unavailable system.audit_unavailable');
    t.is(valueOf(await server.metrics(), 'portreeve_audit_writable', {}), 0);
    t.true(server.log.some((line) => line.includes('records cannot be written')));
    rmSync(log);
    await until(async () => (await ask()) === 'allow policy.ok');
    await server.stop();
    const acts = readFileSync(log, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { act?: string }).act);
    for (const act of ['start', 'stop', 'configuration', 'bundle']) t.true(acts.includes(act), act);
  },
);

withFullDevice('audit.on_failure: continue lets decisions stand, with the fault in each', async (t) => {
  const { server, ask } = await servingOnFullVolume(t, 'continue');
  await until(async () => !(await server.status()).audit.writable);
  t.is(await ask(), 'allow policy.ok system.audit_unavailable');
  t.is(await server.stop(), 0);
});
