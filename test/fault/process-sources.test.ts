import test from 'ava';
import type { ExecutionContext } from 'ava';
import { issueCrl } from '../../src/ca/index.ts';
import { distributionPoints } from '../helpers/crl-points.ts';
import { httpSource, serves } from '../helpers/http-source.ts';
import { valueOf } from '../helpers/prometheus.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server, Status } from '../helpers/server.ts';
import { hour, makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

async function crlOf(world: World, number: number, revoked: readonly string[]): Promise<Uint8Array> {
  const now = Date.now();
  const entries = revoked.map((serial) => ({ serial, at: now - hour, reason: 'keyCompromise' }));
  const times = { thisUpdate: now - hour / 2 + number, nextUpdate: now + hour };
  return (await issueCrl(world.pki.meters, { number, ...times, revoked: entries })).der;
}

/** Outcome and primary reason of a connection of the leaf. */
async function ask(server: Server, leaf: { readonly der: Uint8Array }): Promise<string> {
  const decision = await server.client().decide({
    peer_chain: [leaf.der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  });
  return `${decision.outcome} ${decision.reasons[0]?.code ?? ''}`;
}

async function sourceOf(server: Server, name: string): Promise<Status['sources'][number] | undefined> {
  return (await server.status()).sources.find((source) => source.name === name);
}

async function worldAt(t: ExecutionContext, url: string, more: object = {}): Promise<World> {
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document.revocation = { sources: [{ name: 'meters-crl', url, interval: '1s', ...more }] };
    }),
  });
  t.teardown(world.close);
  return world;
}

test('a new CRL that a server fetches by HTTP denies the next connection, and an outage leaves it in force', async (t) => {
  const source = await httpSource(t, (_request, response) => void response.writeHead(404).end());
  const world = await worldAt(t, `${source.origin}/meters.crl`);
  const leaf = await world.leaf('meter/1');
  source.answer(serves(await crlOf(world, 5, []), '"5"'));
  const server = await startServer(t, world.configFile);
  await until(async () => (await sourceOf(server, 'meters-crl'))?.last_success !== null);
  t.is(await ask(server, leaf), 'allow policy.ok');

  source.answer(serves(await crlOf(world, 6, [leaf.serial]), '"6"'));
  await until(async () => (await ask(server, leaf)) === 'deny revocation.revoked');
  const { crls } = await server.status();
  t.is(crls.find(({ number }) => number === '06')?.source, `${source.origin}/meters.crl`);

  source.answer((_request, response) => void response.writeHead(500).end());
  await until(async () => /answers 500/.test((await sourceOf(server, 'meters-crl'))?.error?.message ?? ''));
  t.is(await ask(server, leaf), 'deny revocation.revoked', 'the last good one stays');
  const labels = { kind: 'crl', source: 'meters-crl' };
  t.is(valueOf(await server.metrics(), 'portreeve_feed_error', labels), 1);
  t.is((await server.page('/readyz')).status, 200, 'a source that is down makes no server unready');
});

test('SIGHUP asks every source at once, whatever its interval', async (t) => {
  const source = await httpSource(t, (_request, response) => void response.writeHead(404).end());
  const world = await worldAt(t, `${source.origin}/meters.crl`, { interval: '30d' });
  const leaf = await world.leaf('meter/1');
  source.answer(serves(await crlOf(world, 5, []), '"5"'));
  const server = await startServer(t, world.configFile);
  await until(async () => (await sourceOf(server, 'meters-crl'))?.last_success !== null);
  source.answer(serves(await crlOf(world, 6, [leaf.serial]), '"6"'));
  server.signal('SIGHUP');
  await until(async () => (await ask(server, leaf)) === 'deny revocation.revoked');
  t.is(source.asked.length, 2);
});

test('a restarted server knows what it knew of a source, and asks only on a condition', async (t) => {
  const source = await httpSource(t, (_request, response) => void response.writeHead(404).end());
  const world = await worldAt(t, `${source.origin}/meters.crl`);
  source.answer(serves(await crlOf(world, 5, []), '"5"'));
  const first = await startServer(t, world.configFile);
  await until(async () => (await sourceOf(first, 'meters-crl'))?.last_success !== null);
  const before = await sourceOf(first, 'meters-crl');
  await first.stop();
  const asked = source.asked.length;
  const second = await startServer(t, world.configFile);
  t.is((await sourceOf(second, 'meters-crl'))?.last_change, before?.last_change);
  await until(() => source.asked.length > asked);
  t.is(source.asked[asked]?.headers['if-none-match'], '"5"');
});

test("the CRL that a device's own certificate names is fetched where its prefix is allowed, and denies the next connection", async (t) => {
  const source = await httpSource(t, (_request, response) => void response.writeHead(404).end());
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document.revocation = { distribution_points: { allow: [`${source.origin}/allowed/`] } };
    }),
  });
  t.teardown(world.close);
  const names = ['/allowed/meters.crl', '/elsewhere/meters.crl'].map((path) => ({
    uri: `${source.origin}${path}`,
  }));
  const leaf = await world.leaf('meter/1', { extensions: [distributionPoints(...names)] });
  source.answer(serves(await crlOf(world, 6, [leaf.serial]), '"6"'));
  const server = await startServer(t, world.configFile);
  t.is(await ask(server, leaf), 'allow policy.ok');
  await until(async () => (await ask(server, leaf)) === 'deny revocation.revoked');
  t.deepEqual(new Set(source.asked.map(({ path }) => path)), new Set(['/allowed/meters.crl']));
});

test('a server starts and decides although no source answers', async (t) => {
  const source = await httpSource(t, () => undefined);
  const world = await worldAt(t, `${source.origin}/meters.crl`);
  const server = await startServer(t, world.configFile);
  t.is(await ask(server, await world.leaf('meter/1')), 'allow policy.ok');
  t.is((await sourceOf(server, 'meters-crl'))?.stale, true, 'it never said anything');
  await until(() => source.asked.length === 1);
  t.is(await server.stop(), 0, 'and ends although it is being waited for');
});
