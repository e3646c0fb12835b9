import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { forServer, startServer } from '../helpers/server.ts';
import { provedEntries } from '../helpers/log-folder.ts';
import { makeWorld } from '../helpers/world.ts';
import { root } from '../helpers/source-files.ts';

interface Rotation {
  readonly before: string;
  readonly after: string;
}

async function rotate(configFile: string): Promise<Rotation> {
  const args = ['src/main.ts', 'audit', 'key', 'rotate', '--config', configFile, '--json'];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(await text(child.stdout)) as Rotation;
}

test('the key of the log is rotated while a server writes it, and without one', async (t) => {
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document['audit'] = { path: 'audit/log' };
    }),
  });
  t.teardown(world.close);
  const log = join(world.folder, 'audit/log');
  const server = await startServer(t, world.configFile);
  const running = await rotate(world.configFile);
  await server.stop();
  const alone = await rotate(world.configFile);
  t.is(alone.before, running.after);
  const { checkpoint, entries } = await provedEntries(log);
  t.is(checkpoint.note.signatures.length, 2);
  const acts = entries.map(
    (entry) => JSON.parse(entry) as { act?: string; detail?: { before: string; after: string } },
  );
  t.deepEqual(
    acts.filter(({ act }) => act === 'log_key').map(({ detail }) => [detail?.before, detail?.after]),
    [
      [null, running.before],
      [running.before, running.after],
      [running.after, alone.after],
    ],
  );
});

test('a log whose checkpoint is gone denies, says why, and is not begun anew', async (t) => {
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document['audit'] = { path: 'audit/log' };
    }),
  });
  t.teardown(world.close);
  const log = join(world.folder, 'audit/log');
  await (await startServer(t, world.configFile)).stop();
  const journal = join(log, 'journal/000000000000');
  const before = readFileSync(journal, 'utf8');
  rmSync(join(log, 'checkpoint'));
  const server = await startServer(t, world.configFile);
  const leaf = await world.leaf('meter/1');
  const decision = await server.client().decide({
    peer_chain: [leaf.der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  });
  t.deepEqual([decision.outcome, decision.reasons[0]?.code], ['deny', 'system.audit_unavailable']);
  t.true(server.log.some((line) => line.includes('its checkpoint is gone')));
  await server.stop();
  t.is(readFileSync(journal, 'utf8'), before);
});
