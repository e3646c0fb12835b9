// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Decision } from '../../src/decision/types.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import { portreeve } from '../unit/cli/helpers/run.ts';

const deviceId = 'spiffe://fleet.example/meter/1';

async function twoWorkers(t: ExecutionContext): Promise<World> {
  const configure = forServer((document) => (document.server.workers = 2));
  const world = await makeWorld({ now: Date.now(), configure });
  t.teardown(world.close);
  return world;
}

/** Asks over many connections at once, which the workers share among them. */
async function asking(world: World, server: Server): Promise<() => Promise<readonly Decision[]>> {
  const leaf = await world.leaf('meter/1');
  const clients = Array.from({ length: 12 }, () => server.client());
  return () =>
    Promise.all(
      clients.map((client) =>
        client.decide({
          peer_chain: [leaf.der],
          authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
          source_ip: '10.20.0.7',
        }),
      ),
    );
}

/** One command in a process of its own; answers its object. */
async function command(
  t: ExecutionContext,
  world: World,
  ...args: string[]
): Promise<Record<string, unknown>> {
  const run = await portreeve([...args, '--json', '--config', world.configFile]);
  t.is(run.code, 0, run.stdout);
  return JSON.parse(run.stdout) as Record<string, unknown>;
}

const addHold = async (t: ExecutionContext, world: World, ...end: string[]): Promise<string> => {
  const added = await command(t, world, 'hold', 'add', '--device', deviceId, '--why', 'case 17', ...end);
  return (added['hold'] as { hold_id: string }).hold_id;
};

/** Outcome of each answer, with what denies. */
function told(decisions: readonly Decision[]): ReadonlySet<string> {
  return new Set(
    decisions.map(({ outcome, reasons }) => {
      const against = reasons.filter(({ severity }) => severity === 'deny').map(({ code }) => code);
      return [outcome, ...against].join(' ');
    }),
  );
}

/** Kinds of the changes of one hold that the log has records of. */
function actsOf(world: World, holdId: string): readonly string[] {
  const log = join(world.folder, 'audit/decisions.ndjson');
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
  return lines
    .map((line) => JSON.parse(line) as { kind: string; selector: string; detail: { kind: string } })
    .filter(({ kind, selector }) => kind === 'act' && selector === holdId)
    .map(({ detail }) => detail.kind);
}

test('a hold is in force on every worker when its command has returned, and so is its lift', async (t) => {
  const world = await twoWorkers(t);
  const server = await startServer(t, world.configFile);
  const ask = await asking(world, server);
  t.deepEqual(told(await ask()), new Set(['allow']));

  const holdId = await addHold(t, world, '--no-end');
  t.deepEqual(told(await ask()), new Set(['deny hold.device']));
  await command(t, world, 'hold', 'lift', holdId, '--why', 'case closed');
  t.deepEqual(told(await ask()), new Set(['allow']));
  await until(() => actsOf(world, holdId).length === 2);
  t.deepEqual(actsOf(world, holdId), ['hold.add', 'hold.lift']);
  const counted = (await server.metrics()).filter(({ name }) => name === 'portreeve_devices_kept_out_total');
  t.deepEqual(counted.map(({ labels, value }) => [labels['kind'], value]).sort(), [
    ['crl.import', 0],
    // The hold, and nobody else.
    ['device.import', 0],
    ['firmware.import', 0],
    ['hold.add', 1],
  ]);
});

test('a hold ends by itself, and its end is recorded once, also of one that ended while no server ran', async (t) => {
  const world = await twoWorkers(t);
  const first = await startServer(t, world.configFile);
  const ask = await asking(world, first);
  const holdId = await addHold(t, world, '--until', '3s');
  const held = await ask();
  if (told(held).has('deny hold.device')) t.is(told(held).size, 1);
  await until(async () => told(await ask()).has('allow'));
  t.deepEqual(told(await ask()), new Set(['allow']));
  await until(() => actsOf(world, holdId).includes('hold.expired'));
  await first.stop();
  t.deepEqual(actsOf(world, holdId), ['hold.add', 'hold.expired']);

  const later = await addHold(t, world, '--until', '1ms');
  const second = await startServer(t, world.configFile);
  t.deepEqual(told(await (await asking(world, second))()), new Set(['allow']));
  await until(() => actsOf(world, later).includes('hold.expired'));
  await second.stop();
  t.deepEqual(actsOf(world, later), ['hold.add', 'hold.expired']);
  t.deepEqual(actsOf(world, holdId), ['hold.add', 'hold.expired']);
});
