// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Decision } from '../../src/decision/types.ts';
import { holdsInForce } from '../../src/revocation/holds/in-force.ts';
import { keep } from '../../src/audit/kept.ts';
import { keptFolder } from '../../src/server/records/keep-versions.ts';
import { openStore } from '../../src/store/open.ts';
import { copyStore } from '../../src/store/snapshot.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { startPortreeve } from '../helpers/processes.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import { portreeve } from '../unit/cli/helpers/run.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const kills = Math.ceil(8 * Number(process.env['SOAK_FACTOR'] ?? 1));

async function twoWorkers(t: ExecutionContext): Promise<World> {
  const configure = forServer((document) => (document.server.workers = 2));
  const world = await makeWorld({ now: Date.now(), configure });
  t.teardown(world.close);
  writeFileSync(join(world.folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(world.folder, 'key.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  return world;
}

/** One command in a process of its own, in the world's folder; answers its object. */
async function command(
  t: ExecutionContext,
  world: World,
  ...args: string[]
): Promise<Record<string, unknown>> {
  const run = await portreeve([...args, '--json', '--config', world.configFile], { cwd: world.folder });
  t.is(run.code, 0, run.stdout);
  return JSON.parse(run.stdout) as Record<string, unknown>;
}

/** Asks about an allowed, a revoked and a held device, over several connections each. */
async function asking(world: World): Promise<(server: Server) => Promise<readonly string[]>> {
  const good = await world.leaf('meter/1');
  const revoked = await world.leaf('meter/revoked');
  const held = await world.leaf('camera/held');
  const now = world.clock.now();
  await world.importCrl('meters', {
    revoked: [{ serial: revoked.serial, at: now, reason: 'keyCompromise' }],
  });
  const leaves = [good, revoked, held];
  return async (server) => {
    const clients = Array.from({ length: 6 }, () => server.client());
    const asked = leaves.map(async ({ der }) => {
      const made = await Promise.all(
        clients.map((client) =>
          client.decide({
            peer_chain: [der],
            authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
            source_ip: '10.20.0.7',
          }),
        ),
      );
      return [...new Set(made.map(told))].join(' | ');
    });
    return Promise.all(asked);
  };
}

/** Outcome, with what denies. */
function told({ outcome, reasons }: Decision): string {
  const against = reasons.filter(({ severity }) => severity === 'deny').map(({ code }) => code);
  return [outcome, ...against.filter((code) => /^(hold|revocation)/.test(code))].join(' ');
}

const asHeld = ['allow', 'deny revocation.revoked', 'deny hold.device'];
const heldDevice = 'spiffe://fleet.example/camera/held';

test('a rebuilt site decides as the first one did, from one signed file, with the ages of the data', async (t) => {
  const world = await twoWorkers(t);
  const ask = await asking(world);
  const first = await startServer(t, world.configFile);
  await command(t, world, 'hold', 'add', '--device', heldDevice, '--no-end', '--why', 'case 1');
  t.deepEqual(await ask(first), asHeld);
  const before = (await first.status()).crls;
  for (const { digest } of world.deps.revocation.crls())
    keep(keptFolder(world.config), digest, world.crlBytes(digest) ?? '');
  // While the server runs.
  await command(t, world, 'state', 'snapshot', 's', '--sign', 'key.pem', '--with-config');
  await first.stop();

  const folder = join(world.folder, 'rebuilt');
  const run = await portreeve(
    ['state', 'restore', 's', '--verify', 'key.pub', '--with-config', folder, '--json'],
    { cwd: world.folder },
  );
  t.is(run.code, 0, run.stdout);
  const second = await startServer(t, join(folder, 'portreeve.yaml'));
  t.deepEqual(await ask(second), asHeld);
  const after = (await second.status()).crls;
  const told = (crls: typeof before) => crls.map(({ issuer, number, source }) => [issuer, number, source]);
  t.deepEqual(told(after), told(before));
  await second.stop();
  const log = readFileSync(join(folder, 'audit/decisions.ndjson'), 'utf8').split('\n');
  const restores = log.filter((line) => line.includes('"state.restore"'));
  t.is(restores.length, 1, 'recorded as an act, once');
  // A decision of the rebuilt site concludes again from what came with the snapshot.
  const decision = log.find((line) => line.includes('revocation.revoked') && line.includes('"decision"'));
  const replay = await portreeve(['decide', '--replay', '-', '--json'], {
    cwd: folder,
    input: decision ?? '',
  });
  t.is(replay.code, 0, replay.stdout);
});

test('a state that is restored under a running server is in force on every worker, and recorded', async (t) => {
  const world = await twoWorkers(t);
  const ask = await asking(world);
  const server = await startServer(t, world.configFile);
  await command(t, world, 'state', 'snapshot', 's');
  await command(t, world, 'hold', 'add', '--device', heldDevice, '--no-end', '--why', 'case 1');
  t.deepEqual(await ask(server), asHeld);
  const restored = await command(t, world, 'state', 'restore', 's', '--force', '--why', 'case 2');
  await until(async () => (await ask(server))[2] === 'deny');
  t.deepEqual(await ask(server), ['allow', 'deny revocation.revoked', 'deny']);
  const { epochs } = await server.status();
  t.is(epochs['local'], restored['epoch'] as number);
  const log = join(world.folder, 'audit/decisions.ndjson');
  await until(() => readFileSync(log, 'utf8').includes('"state.restore"'));
  // What is changed from now on is in the state that was put in place, and in force.
  await command(t, world, 'hold', 'add', '--device', heldDevice, '--no-end', '--why', 'case 3');
  t.deepEqual(await ask(server), asHeld);
});

test('a restore that is killed leaves the state before or after it, never between', async (t) => {
  const world = await twoWorkers(t);
  await asking(world);
  await command(t, world, 'state', 'snapshot', 's');
  await command(t, world, 'hold', 'add', '--device', heldDevice, '--no-end', '--why', 'case 1');
  const state = join(world.folder, readdirSync(world.folder).find((name) => name.endsWith('.db')) ?? '');
  const pristine = join(world.folder, 'pristine');
  const copy = (): void => {
    const store = openStore({ path: state, mode: 'read_only', now: 0 });
    copyStore(store, pristine);
    store.close();
  };
  const look = () => {
    const store = openStore({ path: state, mode: 'read_write', now: 0 });
    try {
      const sound = store.prepare('PRAGMA integrity_check').get()?.['integrity_check'];
      const restored = store.changesSince(0, 1000).some(({ kind }) => kind === 'state.restore');
      return { sound, restored, held: holdsInForce(store, 0).size };
    } finally {
      store.close();
    }
  };
  t.deepEqual(look(), { sound: 'ok', restored: false, held: 1 });
  copy();
  // Milliseconds from its first file on; moves with each round so that about half of the kills come before the end.
  let aim = 150;
  for (let round = 0; round < kills; round += 1) {
    const child = startPortreeve([
      ...['state', 'restore', join(world.folder, 's'), '--config', world.configFile],
      ...['--force', '--why', 'case 2'],
    ]);
    // One that is over before it was looked at is none that was killed: the next one comes later.
    const isOver = (): boolean => child.child.exitCode !== null;
    await until(() => readdirSync(world.folder).includes(`.restore-${child.child.pid}`) || isOver());
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 2 * aim));
    await child.stop('SIGKILL');
    const seen = look();
    t.deepEqual(seen, { sound: 'ok', restored: seen.restored, held: seen.restored ? 0 : 1 });
    t.log(`round ${round}: ${seen.restored ? 'after' : 'before'}`);
    aim *= seen.restored ? 0.7 : 1.4;
    for (const ending of ['', '-wal', '-shm']) rmSync(`${state}${ending}`, { force: true });
    cpSync(pristine, state);
  }
  // What killed ones left behind goes with the next one.
  await command(t, world, 'state', 'restore', 's', '--force', '--why', 'case 2');
  t.deepEqual(
    readdirSync(world.folder).filter((name) => name.includes('.restore-')),
    [],
  );
  t.deepEqual(look(), { sound: 'ok', restored: true, held: 0 });
});

test('a snapshot that is killed leaves the one before, and its leavings go with the next', async (t) => {
  const world = await twoWorkers(t);
  await command(t, world, 'state', 'snapshot', 's', '--sign', 'key.pem');
  const file = join(world.folder, 's');
  const before = readFileSync(file);
  mkdirSync(join(world.folder, 'other'));
  for (let round = 0; round < 4; round += 1) {
    const child = startPortreeve(['state', 'snapshot', file, '--config', world.configFile]);
    await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 300));
    await child.stop('SIGKILL');
    const now = readFileSync(file);
    if (!now.equals(before)) t.log(`round ${round}: it was there before the kill`);
    writeFileSync(file, before);
  }
  await command(t, world, 'state', 'snapshot', 's', '--sign', 'key.pem');
  t.deepEqual(
    readdirSync(world.folder).filter((name) => name.includes('.part')),
    [],
  );
  t.true(existsSync(file));
});
