import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { folderPlace } from '../../src/audit/verify/place.ts';
import { verifyLog } from '../../src/audit/verify/verify-log.ts';
import { parseCheckpoint } from '../../src/audit/tlog/checkpoint.ts';
import { checkpointIn, provedEntries } from '../helpers/log-folder.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const logOf = (world: World): string => join(world.folder, 'audit/log');

const sizeIn = (world: World): number => parseCheckpoint(Buffer.from(checkpointIn(logOf(world)) ?? '')).size;

/** Asks so often; answers the ids of the decisions. */
async function ask(world: World, server: Server, count: number): Promise<readonly string[]> {
  const leaf = await world.leaf('meter/1');
  const client = server.client(10_000);
  const one = {
    peer_chain: [leaf.der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  };
  return Promise.all(Array.from({ length: count }, async () => (await client.decide(one)).decision_id));
}

/**
 * What a machine that loses its power leaves of what was never brought to the disk: all that no checkpoint covers is cut
 * off in the middle of its first entry. Answers whether there was any.
 */
function losePower(world: World): boolean {
  const size = sizeIn(world);
  const journal = join(logOf(world), 'journal', String(Math.floor(size / 256)).padStart(12, '0'));
  if (!existsSync(journal)) return false;
  const bytes = readFileSync(journal);
  let at = 0;
  for (let entry = 0; entry < size % 256; entry += 1) at += 2 + bytes.readUInt16BE(at);
  if (at >= bytes.byteLength) return false;
  truncateSync(journal, at + 5);
  return true;
}

test('in relaxed mode a loss of power takes the newest records alone, and the next start says in the log that it may have', async (t) => {
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document['audit'] = { path: 'audit/log', mode: 'relaxed', flush: '10s' };
    }),
  });
  t.teardown(world.close);
  let [covered, lost]: (readonly string[])[] = [[], []];
  // A checkpoint may come at any moment, and leaves nothing to lose.
  for (let attempt = 0; lost?.length === 0; attempt += 1) {
    if (attempt === 10) return t.fail('checkpoints covered all of it each time');
    const server = await startServer(t, world.configFile);
    covered = await ask(world, server, 20);
    const ids = covered;
    await until(async () => {
      const { entries } = await provedEntries(logOf(world));
      return ids.every((id) => entries.some((entry) => entry.includes(id)));
    });
    const newest = await ask(world, server, 3);
    process.kill(server.pid, 'SIGKILL');
    await server.ended;
    if (losePower(world)) lost = newest;
  }
  const size = sizeIn(world);
  const server = await startServer(t, world.configFile);
  const after = await ask(world, server, 1);
  await server.stop();
  const { entries } = await provedEntries(logOf(world));
  const records = entries.map(
    (one) => JSON.parse(one) as { act?: string; detail?: object; decision_id?: string },
  );
  t.like(records[size], {
    ...{ kind: 'act', act: 'log_gap', audit_mode: 'relaxed' },
    detail: { mode: 'relaxed', at_most_ms: 10_000, size, torn_bytes: 5 },
  });
  const ids = new Set(records.map(({ decision_id: id }) => id));
  for (const id of [...(covered ?? []), ...after]) t.true(ids.has(id), 'what was on the disk is there');
  for (const id of lost ?? []) t.false(ids.has(id), 'what was not is gone, and the log says so');
  const { report } = await verifyLog(folderPlace('log', logOf(world)), { keys: [] });
  t.is(report.verdict, 'verified', JSON.stringify(report.findings));
  t.true(report.remarks.some(({ code, entry }) => code === 'log.gap' && entry === size));
});
