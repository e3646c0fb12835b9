import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { parseCheckpoint } from '../../src/audit/tlog/checkpoint.ts';
import type { SignedCheckpoint } from '../../src/audit/tlog/checkpoint.ts';
import { folderFiles } from '../../src/audit/log/folder-files.ts';
import { proveConsistency } from '../../src/audit/tlog/prove.ts';
import { verifyConsistency } from '../../src/audit/tlog/verify-proof.ts';
import { checkpointIn, provedEntries } from '../helpers/log-folder.ts';
import { forServer, startServer } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const kills = Math.ceil(4 * Number(process.env['SOAK_FACTOR'] ?? 1));

/** Up to so long (ms) after the load began, parent or worker is killed. */
const mostBeforeKill = 1500;

test.serial(
  'whoever is killed under load, every answered decision is in the log, and the tree goes on',
  async (t) => {
    const world = await makeWorld({ now: Date.now(), configure: inLog });
    t.teardown(world.close);
    const answered = new Set<string>();
    let last: SignedCheckpoint | undefined;
    let left = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const server = await startServer(t, world.configFile);
      const load = startLoad(world, server, answered);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * mostBeforeKill));
      if (kill % 2 === 0) process.kill(server.pid, 'SIGKILL');
      else await killWorker(server);
      await load.end();
      if (kill % 2 === 1) await server.stop();
      else await server.ended;
      // A kill before the log was opened leaves nothing to tell of.
      if (existsSync(join(logOf(world), 'journal/session'))) left += 1;
      last = await goesOn(t, world, last);
    }
    const server = await startServer(t, world.configFile);
    await server.stop();
    await goesOn(t, world, last);
    const { entries } = await provedEntries(logOf(world));
    const recorded = entries.map((entry) => JSON.parse(entry) as { decision_id?: string; act?: string });
    const ids = new Set(recorded.map(({ decision_id: id }) => id));
    t.deepEqual(
      [...answered].filter((id) => !ids.has(id)),
      [],
      'answered decisions without a record',
    );
    t.true(answered.size > kills);
    t.is(recorded.filter(({ act }) => act === 'log_recovered').length, left);
    t.log(
      `${kills} kills, ${left} of a parent that had the log open; ${answered.size} answered, ${recorded.filter(({ decision_id: id }) => id !== undefined).length} recorded`,
    );
  },
);

function inLog(document: Parameters<ReturnType<typeof forServer>>[0]): void {
  forServer((more) => {
    more['audit'] = { path: 'audit/log', mode: 'strict' };
  })(document);
}

const logOf = (world: World): string => join(world.folder, 'audit/log');

/** Asks as fast as it is answered, until the server is gone. */
async function asking(
  world: World,
  server: Server,
  answered: Set<string>,
  ended: () => boolean,
): Promise<void> {
  const client = server.client(2000);
  const leaf = await world.leaf('meter/1');
  while (!ended()) {
    try {
      const { decision_id: id, faults } = await client.decide({
        peer_chain: [leaf.der],
        authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
        source_ip: '10.20.0.7',
      });
      // What could not be recorded says so itself.
      if (!faults.some(({ code }) => code === 'system.audit_unavailable')) answered.add(id);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function startLoad(world: World, server: Server, answered: Set<string>): { end: () => Promise<void> } {
  let over = false;
  const lanes = Array.from({ length: 8 }, () => asking(world, server, answered, () => over));
  return {
    end: async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      over = true;
      await Promise.all(lanes);
    },
  };
}

async function killWorker(server: Server): Promise<void> {
  const [worker] = (await server.status()).workers;
  process.kill(worker?.pid as number, 'SIGKILL');
}

/** Whether the log that is there continues the checkpoint that was seen last; answers the one that is there now. */
async function goesOn(
  t: ExecutionContext,
  world: World,
  last: SignedCheckpoint | undefined,
): Promise<SignedCheckpoint> {
  const now = parseCheckpoint(Buffer.from(checkpointIn(logOf(world)) ?? ''));
  if (last) {
    const proof = await proveConsistency(folderFiles(logOf(world)), last.size, now.size);
    t.true(verifyConsistency(last, now, proof), `from ${last.size} to ${now.size}`);
  }
  return now;
}
