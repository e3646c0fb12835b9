// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Decision } from '../../src/decision/types.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { needing } from '../helpers/skip.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import type { Document } from '../helpers/world-document.ts';

const preload = [join(import.meta.dirname, '../helpers/shift-clock.ts')];
const [minute, hour, year] = [60_000, 3_600_000, 365 * 86_400_000];

async function makeSite(t: ExecutionContext, more?: (document: Document) => void): Promise<World> {
  const configure = forServer((document) => {
    document.server.workers = 2;
    more?.(document);
  });
  const world = await makeWorld({ now: Date.now(), configure });
  t.teardown(world.close);
  return world;
}

/** A server whose clock can be set; `set` takes how far it is off (ms). */
async function withClock(t: ExecutionContext, world: World, offset = 0) {
  const file = join(world.folder, 'clock');
  const set = (ms: number): void => {
    // In one piece: it is read at any time.
    writeFileSync(`${file}.new`, String(ms));
    renameSync(`${file}.new`, file);
  };
  set(offset);
  const server = await startServer(t, world.configFile, { preload, env: { TEST_CLOCK_OFFSET_FILE: file } });
  return { server, set };
}

/** Asks over several connections, which the workers share among them. */
async function asking(world: World, server: Server): Promise<() => Promise<readonly Decision[]>> {
  const leaf = await world.leaf('meter/1');
  const clients = Array.from({ length: 6 }, () => server.client());
  const request = {
    peer_chain: [leaf.der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  } as const;
  return () => Promise.all(clients.map((client) => client.decide(request)));
}

function told(decisions: readonly Decision[]): readonly string[] {
  const lines = decisions.map(({ outcome, reasons }) =>
    [outcome, ...reasons.filter(({ code }) => code.startsWith('system.')).map(({ code }) => code)].join(' '),
  );
  return [...new Set(lines)].sort();
}

async function value(server: Server, name: string): Promise<number | undefined> {
  return (await server.metrics()).find((sample) => sample.name === name)?.value;
}

test('a clock that is set back stops all decisions as our fault, is seen, and is trusted again once it is right', async (t) => {
  const world = await makeSite(t);
  const { server, set } = await withClock(t, world);
  const ask = await asking(world, server);
  t.deepEqual(told(await ask()), ['allow']);
  t.is((await server.page('/readyz')).status, 200);

  set(-hour);
  const before = Date.now();
  const denied = await ask();
  t.deepEqual(told(denied), ['deny system.clock_untrusted']);
  for (const { time } of denied) t.true(Date.parse(time) > before - minute, 'decided at the kept time');
  const ready = await server.page('/readyz');
  t.is(ready.status, 503);
  t.like(JSON.parse(ready.body), { missing: ['clock'] });
  const { clock } = await server.status();
  t.false(clock.trusted);
  t.true(Math.abs((clock.behind_s ?? 0) - 3600) < 60);
  t.is(await value(server, 'portreeve_clock_trusted'), 0);

  set(0);
  t.deepEqual(told(await ask()), ['allow']);
  await until(async () => (await server.page('/readyz')).status === 200);
});

test('a clock that leaps to another century and back leaves nothing behind', async (t) => {
  const world = await makeSite(t);
  const { server, set } = await withClock(t, world);
  const ask = await asking(world, server);
  set(54 * year);
  await until(async () => (await server.status()).clock.leap?.too_far === true);
  const [first] = await ask();
  t.is(first?.outcome, 'deny');
  set(0);
  t.deepEqual(told(await ask()), ['allow']);
  t.true((await server.status()).clock.trusted);
});

test('a machine that boots in 1970 decides by the kept time, and only for classes with clock grace', async (t) => {
  const grace = (document: Document): void => {
    document.classes.meter.clock_grace = '1h';
  };
  for (const [more, expected] of [
    [undefined, 'deny system.clock_untrusted'],
    [grace, 'allow system.clock_within_grace'],
  ] as const) {
    const world = await makeSite(t, more);
    const first = await withClock(t, world);
    await first.server.stop();
    const { server } = await withClock(t, world, -Date.now());
    const decisions = await (await asking(world, server))();
    t.deepEqual(told(decisions), [expected]);
    for (const { time } of decisions) t.true(Math.abs(Date.parse(time) - Date.now()) < 10 * minute);
    t.like(JSON.parse((await server.page('/readyz')).body), { missing: ['clock'] });
    await server.stop();
  }
});

test('a machine that boots in 1970 starts with a rule that observes until a day, which its clock takes for far away', async (t) => {
  const world = await makeSite(t, (document) => {
    const until = new Date(Date.now() + 24 * hour).toISOString();
    document['enforcement'] = { observe: [{ class: 'meter', until }] };
  });
  const first = await withClock(t, world);
  await first.server.stop();
  const { server } = await withClock(t, world, -Date.now());
  t.deepEqual(told(await (await asking(world, server))()), ['deny system.clock_untrusted']);
});

/** Where Debian's package `faketime` has its library. */
const libraries = ['x86_64-linux-gnu', 'aarch64-linux-gnu', '.'].map(
  (place) => `/usr/lib/${place}/faketime/libfaketime.so.1`,
);
const library = libraries.find((file) => existsSync(file));
const lack = library === undefined ? 'no libfaketime: apt-get install faketime' : undefined;

needing(lack, { evenInCi: true })(
  'the same under faketime: forward, back, and booting in 1970',
  async (t) => {
    const world = await makeSite(t);
    const file = join(world.folder, 'faketime');
    const set = (text: string): void => {
      writeFileSync(`${file}.new`, `${text}\n`);
      renameSync(`${file}.new`, file);
    };
    const env = {
      LD_PRELOAD: library as string,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
    set('+0');
    const server = await startServer(t, world.configFile, { env });
    const ask = await asking(world, server);
    t.deepEqual(told(await ask()), ['allow']);
    set('+2y');
    t.is((await ask())[0]?.outcome, 'deny');
    set('-1h');
    t.deepEqual(told(await ask()), ['deny system.clock_untrusted']);
    set('+0');
    t.deepEqual(told(await ask()), ['allow']);
    await server.stop();
    set('-56y');
    const again = await startServer(t, world.configFile, { env });
    t.deepEqual(told(await (await asking(world, again))()), ['deny system.clock_untrusted']);
  },
);
