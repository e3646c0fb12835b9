// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Decision } from '../../src/decision/types.ts';
import { createObservedReader } from '../../src/inventory/observed/reader.ts';
import { formatInstant } from '../../src/lib/clock.ts';
import { openStore } from '../../src/store/open.ts';
import { forServer, startServer, until, type Server } from '../helpers/server.ts';
import { makeWorld, type World } from '../helpers/world.ts';

const meter = 'spiffe://fleet.example/meter/1';
const hash = (byte: string): string => byte.repeat(32);

/** A file that changes from one moment to the next, as careful publishers do it. */
function publish(file: string, lines: readonly object[]): void {
  writeFileSync(`${file}.new`, lines.map((line) => JSON.stringify(line)).join('\n'));
  renameSync(`${file}.new`, file);
}

const release = (byte: string, version: string, changes: object = {}): object => ({
  ...{ firmware_hash: hash(byte), product: 'meter-os', version, status: 'approved', ...changes },
});

interface Running {
  readonly world: World;
  readonly server: Server;
  readonly file: (name: string) => string;
  readonly ask: (firmware?: string) => Promise<Decision>;
}

/** A server whose catalogue comes from a file in the background. */
async function running(t: ExecutionContext, first: readonly object[]): Promise<Running> {
  let folder = '';
  const file = (name: string): string => join(folder, name);
  const configure = forServer((document) => {
    document.server.workers = 2;
    document.inventory = {
      sources: [{ name: 'releases', kind: 'firmware', file: 'releases.ndjson', whole: true, max_age: '1h' }],
    };
    document.classes.meter.firmware = { minimum: { 'meter-os': '1.0' } };
    document.limits = { max_lockout: '100%' };
  });
  const world = await makeWorld({ now: Date.now(), configure });
  t.teardown(world.close);
  folder = join(world.configFile, '..');
  if (first.length > 0) publish(file('releases.ndjson'), first);
  const server = await startServer(t, world.configFile);
  const leaf = await world.leaf('meter/1');
  const client = server.client();
  const ask = (firmware?: string): Promise<Decision> =>
    client.decide({
      peer_chain: [leaf.der],
      authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
      source_ip: '10.20.0.7',
      ...(firmware !== undefined && { claims: { firmware_hash: firmware } }),
    });
  return { world, server, file, ask };
}

const codes = ({ reasons }: Decision): readonly string[] => reasons.map(({ code }) => code);

test('what a watched catalogue says is in force for whoever connects next, and garbage leaves the last good one', async (t) => {
  const { file, ask, server } = await running(t, [release('aa', '1.0')]);
  await until(async () => (await ask(hash('aa'))).outcome === 'allow');
  const soon = formatInstant(Date.now() + 3_600_000);
  publish(file('releases.ndjson'), [
    release('aa', '1.0', { status: 'known_vulnerable', advisory: 'CVE-1', grace_until: soon }),
  ]);
  await until(async () => codes(await ask(hash('aa'))).includes('firmware.grace_expiring'));
  t.true(Date.parse((await ask(hash('aa'))).valid_until ?? '') <= Date.parse(soon));
  writeFileSync(file('releases.ndjson'), 'garbage');
  await until(async () => JSON.stringify(await server.status()).includes('PDP_INVENTORY_INVALID'));
  t.is((await ask(hash('aa'))).outcome, 'allow');
  publish(file('releases.ndjson'), [release('aa', '1.0', { status: 'blocked' })]);
  await until(async () => codes(await ask(hash('aa'))).includes('firmware.blocked'));
});

test('a device that ran a higher version is denied the lower one, whichever worker decides', async (t) => {
  const { ask, world, server } = await running(t, [release('aa', '1.0'), release('bb', '1.1')]);
  await until(async () => (await ask(hash('aa'))).outcome === 'allow');
  t.is((await ask(hash('bb'))).outcome, 'allow');
  await until(async () => {
    const asked = await Promise.all(Array.from({ length: 20 }, () => ask(hash('aa'))));
    return asked.every((decision) => codes(decision).join() === 'firmware.rollback');
  });
  await server.stop();
  const store = openStore({ path: world.config.state.path, mode: 'read_only', now: Date.now() });
  t.teardown(() => store.close());
  t.like(createObservedReader(store).highestFirmware('default', meter), [
    { version: '1.1', attested: false },
  ]);
});

test('a catalogue that was never read denies whoever states firmware, as our fault, until it is there', async (t) => {
  const { file, ask } = await running(t, []);
  t.false(existsSync(file('releases.ndjson')));
  t.true(codes(await ask(hash('aa'))).includes('inventory.cache_stale'));
  t.is((await ask()).outcome, 'allow', 'nothing of the catalogue matters to whoever states none');
  publish(file('releases.ndjson'), [release('aa', '1.0')]);
  await until(async () => (await ask(hash('aa'))).outcome === 'allow');
  rmSync(file('releases.ndjson'));
  t.is((await ask(hash('aa'))).outcome, 'allow', 'the last good state stays');
});
