import { copyFileSync, mkdirSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { setStatus } from '../../src/inventory/edit.ts';
import type { DeviceStatus } from '../../src/inventory/types.ts';
import { issueCrl } from '../../src/ca/index.ts';
import { openStore } from '../../src/store/open.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { deviceId, hour, makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import type { Document } from '../helpers/world-document.ts';

interface Served {
  readonly world: World;
  readonly server: Server;
  readonly state: string;
  readonly ask: () => Promise<string>;
}

async function serving(t: ExecutionContext, more?: (document: Document) => void): Promise<Served> {
  const world = await makeWorld({ now: Date.now(), configure: forServer(more) });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile);
  const leaf = await world.leaf('meter/1');
  const client = server.client();
  return {
    world,
    server,
    state: world.config.state.path,
    ask: async () => {
      const { outcome, reasons, faults } = await client.decide({
        peer_chain: [leaf.der],
        authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
        source_ip: '10.20.0.7',
      });
      return [outcome, reasons[0]?.code, ...faults.map(({ code }) => code)].join(' ');
    },
  };
}

/** A whole copy of the state in one file, as SQLite's own backup makes it. */
function backup(state: string, to: string): void {
  const db = new DatabaseSync(state);
  db.exec(`VACUUM INTO '${to}'`);
  db.close();
}

function edit(path: string, status: DeviceStatus): void {
  const store = openStore({ path, mode: 'read_write', now: Date.now() });
  const change = { tenant: 'default', actor: 'operator', why: 'test', now: Date.now() };
  setStatus(store, { ...change, deviceId: deviceId('meter/1'), status });
  store.close();
}

const unreadable = 'deny system.dependency_stale system.dependency_stale';
const lost = async (server: Server): Promise<boolean> =>
  (JSON.parse((await server.page('/readyz')).body) as { missing: string[] }).missing.includes('store');
const ready = async (server: Server): Promise<boolean> => (await server.page('/readyz')).status === 200;

test('a state file that replaces another is in use at once, and so is what is changed in it', async (t) => {
  const { server, state, ask } = await serving(t);
  t.is(await ask(), 'allow policy.ok');
  const other = `${state}.other`;
  backup(state, other);
  edit(other, 'disabled');
  renameSync(other, state);
  // Within 100 ms: twice as long as a process goes without a look. What the machine needs besides is not timed.
  await new Promise((resolve) => setTimeout(resolve, 100));
  await until(async () => (await ask()) !== unreadable);
  t.is(await ask(), 'deny inventory.not_active');
  await until(() => ready(server));
  edit(state, 'active');
  t.is(await ask(), 'allow policy.ok');
  edit(state, 'lost');
  t.is(await ask(), 'deny inventory.lost_or_stolen');
  t.true(server.log.some((line) => line.startsWith('another state file is in use')));
  t.true(server.log.some((line) => /^worker 0: another state file is in use/.test(line)));
});

test('without its state file a server denies for a cause of its own, says so, and recovers', async (t) => {
  const { server, state, ask } = await serving(t);
  for (const end of ['', '-wal', '-shm']) renameSync(`${state}${end}`, `${state}.away${end}`);
  await until(async () => (await ask()) === unreadable);
  await until(() => lost(server));
  const page = await server.page('/status');
  t.is(page.status, 200);
  t.regex((JSON.parse(page.body) as { store: { error: string } }).store.error, /the file is gone/);
  t.is((await server.page('/metrics')).status, 200);
  t.true(server.log.some((line) => line.includes('the file is gone')));
  for (const end of ['', '-wal', '-shm']) renameSync(`${state}.away${end}`, `${state}${end}`);
  await until(async () => (await ask()) === 'allow policy.ok');
  await until(() => ready(server));
  t.is((await server.status()).workers[0]?.restarts, 0);
});

for (const size of [0, 8192, 100]) {
  test(`a state file cut to ${size} bytes is a denial with its reason, never the end of a process`, async (t) => {
    const { server, state, ask } = await serving(t);
    const saved = `${state}.saved`;
    backup(state, saved);
    // All of it is in the file, so that cutting it cuts what is read.
    const db = new DatabaseSync(state, { timeout: 20_000 });
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    db.close();
    t.is(await ask(), 'allow policy.ok');
    await server.status();
    t.true(statSync(state).size > 8192);
    truncateSync(state, size);
    await until(async () => (await ask()) === unreadable);
    await until(() => lost(server));
    t.is((await server.page('/status')).status, 200);
    t.is((await server.status()).workers[0]?.restarts, 0);
    renameSync(saved, state);
    await until(async () => (await ask()) === 'allow policy.ok');
    await until(() => ready(server));
  });
}

test('a file of another kind in place of the state is told as that', async (t) => {
  const { server, state, ask } = await serving(t);
  writeFileSync(`${state}.other`, 'words '.repeat(5000));
  renameSync(`${state}.other`, state);
  await until(async () => (await ask()) === unreadable);
  await until(() => server.log.some((line) => line.includes('not a Portreeve store')));
  t.is((await server.page('/readyz')).status, 503);
});

test('what watched files brought is imported into the state file that replaces another', async (t) => {
  const file = 'crls/meters.crl';
  const { world, server, state } = await serving(t, (document) => {
    document['revocation'] = { crls: [file] };
  });
  const before = `${state}.before`;
  backup(state, before);
  const at = join(world.folder, file);
  mkdirSync(join(world.folder, 'crls'));
  const now = Date.now();
  const crl = await issueCrl(world.pki.meters, {
    number: 9,
    thisUpdate: now - hour,
    nextUpdate: now + hour,
    revoked: [],
  });
  writeFileSync(`${at}.new`, crl.der);
  renameSync(`${at}.new`, at);
  const imported = async (): Promise<boolean> =>
    (await server.status()).crls.some(({ source }) => source === at);
  await until(imported);
  copyFileSync(before, `${before}.check`);
  const old = openStore({ path: `${before}.check`, mode: 'read_only', now });
  const epochs = Math.max(...Object.values(old.epochs()));
  old.close();
  renameSync(before, state);
  await until(() => server.log.some((line) => line.startsWith('another state file is in use')));
  await until(imported);
  t.is(Math.max(...Object.values((await server.status()).epochs)), epochs + 1);
});
