import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { provedEntries } from '../helpers/log-folder.ts';
import { standingVolume, withStandingVolume } from '../helpers/raw-volume.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';

for (const [during, what] of [
  ['decisions', 'slows no decision, and gets what it missed once that goes on'],
  ['the end', 'keeps no server from ending its log in order'],
] as const) {
  withStandingVolume(`the file of a sink on a volume that stands still ${what}`, async (t) => {
    const volume = standingVolume(t);
    const file = join(volume.folder, 'records.ndjson');
    const world = await makeWorld({
      now: Date.now(),
      configure: forServer((document) => {
        document.audit = { path: 'audit/log', mode: 'strict', sinks: [{ name: 'lines', file }] };
      }),
    });
    t.teardown(world.close);
    const server = await startServer(t, world.configFile);
    const client = server.client();
    const leaf = await world.leaf('meter/1');
    const ask = async (): Promise<string> =>
      (
        await client.decide({
          peer_chain: [leaf.der],
          authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
          source_ip: '10.20.0.7',
        })
      ).outcome;
    t.is(await ask(), 'allow');
    const sink = async (): Promise<{ next: number; lag: number }> => {
      const { audit } = (await server.status()) as unknown as {
        audit: { sinks: [{ next: number; lag: number }] };
      };
      return audit.sinks[0];
    };
    await until(async () => (await sink()).next > 0);
    volume.stand();
    t.is(await ask(), 'allow');
    // Lag shows that the sink has had a checkpoint to send, and is under way with it.
    await until(async () => (await sink()).lag > 0);
    // What was written before the volume stood still is counted a moment later.
    let before = -1;
    await until(async () => {
      const { next } = await sink();
      const still = next === before;
      before = next;
      if (!still) await new Promise((resolve) => setTimeout(resolve, 500));
      return still;
    });
    for (let count = 0; count < 50; count += 1) t.is(await ask(), 'allow');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    for (let count = 0; count < 50; count += 1) t.is(await ask(), 'allow');
    t.true((await sink()).lag > 0);
    t.is((await sink()).next, before);
    if (during === 'the end') {
      // Threads of the process are still with the volume, and it waits for them; but its log is closed in order.
      server.signal('SIGTERM');
      const log = join(dirname(world.configFile), 'audit/log');
      await until(async () => (await provedEntries(log)).entries.at(-1)?.includes('"act":"stop"') ?? false);
    }
    volume.goOn();
    if (during === 'decisions') await until(async () => (await sink()).next > before + 100);
    t.is(await (during === 'the end' ? server.ended : server.stop()), 0);
    const sent = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { index: number }).index);
    t.deepEqual([...new Set(sent)], [...new Set(sent).keys()], 'no index is missing');
    const { entries } = await provedEntries(join(dirname(world.configFile), 'audit/log'));
    t.true(entries.length >= sent.length);
  });
}
