import type { RequestListener } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { httpSource } from '../helpers/http-source.ts';
import { forgeAnswer } from '../helpers/ocsp-forge.ts';
import type { ForgedSingle } from '../helpers/ocsp-forge.ts';
import { startPortreeve } from '../helpers/processes.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { hour, makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

/** Runs `portreeve` while this process goes on answering it. */
async function run(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly stdout: string }> {
  const running = startPortreeve(args);
  const code = await new Promise<number | null>((resolve) => running.child.once('close', resolve));
  return { code, stdout: running.output() };
}

/** Outcome and primary reason of a connection of the leaf, by a connection of its own. */
async function ask(server: Server, leaf: { readonly der: Uint8Array }): Promise<string> {
  const decision = await server.client().decide({
    peer_chain: [leaf.der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  });
  return `${decision.outcome} ${decision.reasons[0]?.code ?? ''}`;
}

/** A world whose CA of meters publishes no CRL, but has a responder. */
async function begin(t: ExecutionContext, more: object = {}) {
  const source = await httpSource(t, (_request, response) => void response.writeHead(500).end());
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document.server = { ...(document.server as object), workers: 2 };
      document.revocation = {
        ocsp: { responders: [{ issuer: 'meters', url: `${source.origin}/`, ...more }] },
      };
    }),
  });
  t.teardown(world.close);
  world.deps.store.transact(() => {
    world.deps.store.prepare('DELETE FROM crls WHERE issuer_key = ?').run(world.pki.meters.keyDigest);
  });
  return { source, world };
}

function answers(world: World, serial: string, status: ForgedSingle['status']): RequestListener {
  return (_request, response) => {
    const times = { thisUpdate: Date.now() - 1000, nextUpdate: Date.now() + hour };
    const single = { serial, ...times, ...(status && { status }), reason: 1 };
    const body = forgeAnswer({ issuer: world.pki.meters, singles: [single] });
    response.writeHead(200, { 'content-length': body.byteLength }).end(body);
  };
}

test('a device is told to come back while its responder is asked, then allowed, and denied once it is revoked', async (t) => {
  const { source, world } = await begin(t);
  const leaf = await world.leaf('meter/1');
  source.answer(answers(world, leaf.serial, 'good'));
  const server = await startServer(t, world.configFile);
  t.is(await ask(server, leaf), 'deny revocation.ocsp_unavailable', 'no decision waits for a responder');
  await until(async () => (await ask(server, leaf)) === 'allow policy.ok');
  t.is(source.asked.length, 1, 'however many decisions ask for it');

  source.answer(answers(world, leaf.serial, 'revoked'));
  server.signal('SIGHUP');
  await until(async () => (await ask(server, leaf)) === 'deny revocation.revoked');
  for (let i = 0; i < 6; i++) t.is(await ask(server, leaf), 'deny revocation.revoked', 'by every worker');

  source.answer((_request, response) => void response.writeHead(500).end());
  server.signal('SIGHUP');
  t.is(await ask(server, leaf), 'deny revocation.revoked', 'an outage takes nothing back');
});

test('an outage leaves what was answered in force, and status and command line say what is wrong', async (t) => {
  const { source, world } = await begin(t);
  const leaf = await world.leaf('meter/1');
  source.answer(answers(world, leaf.serial, 'good'));
  const server = await startServer(t, world.configFile);
  await ask(server, leaf);
  await until(async () => (await ask(server, leaf)) === 'allow policy.ok');
  source.answer((_request, response) => void response.writeHead(500).end());
  server.signal('SIGHUP');
  const view = async () => (await server.status()).sources.find(({ kind }) => kind === 'ocsp');
  await until(async () => /answers 500/.test((await view())?.error?.message ?? ''));
  t.is(await ask(server, leaf), 'allow policy.ok');
  t.is((await server.page('/readyz')).status, 200);

  const status = async () => {
    const ran = await run(['ocsp', 'status', '--json', '--config', world.configFile]);
    const [first] = (JSON.parse(ran.stdout) as { responders: Record<string, unknown>[] }).responders;
    return { code: ran.code, ...first };
  };
  await until(async () => (await status()).code === 1);
  t.like(await status(), { issuer: 'meters', state: 'failing', good: 1, revoked: 0, unanswered: 0 });
  await server.stop();

  const file = join(world.folder, 'meter.pem');
  writeFileSync(file, leaf.pem);
  const fetch = () => run(['ocsp', 'fetch', file, '--json', '--config', world.configFile]);
  const down = await fetch();
  t.is(down.code, 1);
  t.like(JSON.parse(down.stdout), {
    issuer: 'meters',
    status: null,
    error: { code: 'PDP_SOURCE_UNAVAILABLE' },
  });
  source.answer(answers(world, leaf.serial, 'revoked'));
  const back = await fetch();
  t.is(back.code, 1);
  t.like(JSON.parse(back.stdout), { status: 'revoked', reason: 'keyCompromise', error: null });
});

test('a restarted server decides by what was answered before it, without asking again', async (t) => {
  const { source, world } = await begin(t);
  const leaf = await world.leaf('meter/1');
  source.answer(answers(world, leaf.serial, 'good'));
  const first = await startServer(t, world.configFile);
  await ask(first, leaf);
  await until(async () => (await ask(first, leaf)) === 'allow policy.ok');
  await first.stop();
  const asked = source.asked.length;
  const second = await startServer(t, world.configFile);
  t.is(await ask(second, leaf), 'allow policy.ok');
  t.is(source.asked.length, asked);
});
