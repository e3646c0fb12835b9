// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createDecisionClient } from '../../src/api/decision-service/client.ts';
import { issueLeaf } from '../../src/ca/index.ts';
import type { Decision } from '../../src/decision/types.ts';
import { valueOf } from '../helpers/prometheus.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import { hour, makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import type { Document } from '../helpers/world-document.ts';

async function worldWith(t: ExecutionContext, more?: (document: Document) => void): Promise<World> {
  const world = await makeWorld({ now: Date.now(), configure: forServer(more) });
  t.teardown(world.close);
  return world;
}

/** Asks about meter/1 at an address, as whoever the credentials say. */
async function ask(
  t: ExecutionContext,
  world: World,
  address: string,
  as: ChannelCredentials = credentials.createInsecure(),
): Promise<Decision> {
  const client = createDecisionClient(address, { timeoutMs: 5000, credentials: as });
  t.teardown(() => client.close());
  const leaf = await world.leaf('meter/1');
  return client.decide({
    peer_chain: [leaf.der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  });
}

test('an address that is in use fails the start and names it', async (t) => {
  const first = await worldWith(t);
  const address = (await startServer(t, first.configFile)).address('local');
  const second = await worldWith(t, (document) => {
    document['server'].listeners[0].address = address;
  });
  const error = await t.throwsAsync(startServer(t, second.configFile), { code: 'PDP_LISTEN_FAILED' });
  t.true(error?.message.includes(address));
});

for (const [what, code, change] of [
  ['log of records', 'PDP_AUDIT_UNAVAILABLE', { state: { path: 'other/state.db' } }],
  ['state', 'PDP_STORE_UNAVAILABLE', { audit: { path: 'other/decisions.ndjson' } }],
] as const) {
  test(`a second server on the same ${what} does not start and names the first; after a kill it does`, async (t) => {
    const world = await worldWith(t);
    const first = await startServer(t, world.configFile);
    const other = join(world.folder, 'other.json');
    const document = JSON.parse(readFileSync(world.configFile, 'utf8')) as Document;
    writeFileSync(other, JSON.stringify({ ...document, ...change }));
    const error = await t.throwsAsync(startServer(t, other), { code });
    t.true(error?.message.includes(`process id ${first.pid}`), error?.message);
    t.is((await first.page('/readyz')).status, 200);
    first.signal('SIGKILL');
    await first.ended;
    const second = await startServer(t, other);
    t.is(await second.stop(), 0);
  });
}

test('an admin address that is in use ends the workers again', async (t) => {
  const first = await worldWith(t);
  const address = (await startServer(t, first.configFile)).address('admin');
  const second = await worldWith(t, (document) => {
    document['server'].admin = { address };
  });
  // The helper waits for the whole process, which lives as long as a worker does.
  await t.throwsAsync(startServer(t, second.configFile), { code: 'PDP_LISTEN_FAILED' });
});

test('what a worker has compiled is written before it decides, so that it need not be while it ends', async (t) => {
  const world = await worldWith(t);
  const NODE_COMPILE_CACHE = join(world.folder, 'compiled');
  await startServer(t, world.configFile, { env: { NODE_COMPILE_CACHE } });
  t.true(readdirSync(NODE_COMPILE_CACHE, { recursive: true }).length > 500);
});

test('everything that versions name is kept from the first decision on', async (t) => {
  const world = await worldWith(t);
  const server = await startServer(t, world.configFile);
  const { versions } = await ask(t, world, server.address('local'));
  for (const digest of [
    versions.bundle,
    versions.configuration,
    versions.anchors,
    versions.classes,
    versions.catalogue,
  ]) {
    t.true(existsSync(join(world.folder, 'audit/kept', String(digest))), String(digest));
  }
  const { kept } = (await server.status()).audit;
  const names = readdirSync(join(world.folder, 'audit/kept'));
  t.deepEqual(kept, {
    files: names.length,
    bytes: names.reduce((sum, name) => sum + statSync(join(world.folder, 'audit/kept', name)).size, 0),
  });
});

test('the health listener serves health and metrics and nothing else', async (t) => {
  const world = await worldWith(t, (document) => {
    document['server'].health = { address: '0.0.0.0:0' };
  });
  const server = await startServer(t, world.configFile);
  const at = `http://${server.address('health').replace('0.0.0.0', '127.0.0.1')}`;
  t.is((await fetch(`${at}/readyz`)).status, 200);
  t.true((await (await fetch(`${at}/metrics`)).text()).includes('portreeve_workers'));
  t.is((await fetch(`${at}/status`)).status, 404);
});

test('what passes only because it is observed is counted by PEP and told', async (t) => {
  const world = await worldWith(t, (document) => {
    document['classes'].meter.networks = ['192.0.2.0/24'];
    document['enforcement'] = {
      observe: [{ pep: 'envoy', until: new Date(Date.now() + hour).toISOString() }],
    };
  });
  const server = await startServer(t, world.configFile);
  const decision = await ask(t, world, server.address('local'));
  t.is(decision.outcome, 'deny');
  t.false(decision.enforced);
  await until(() => server.decisions.length === 1);
  const { observe } = (await server.status()).enforcement;
  t.is(observe.passed, 1);
  t.is(observe.in_force.length, 1);
  const samples = await server.metrics();
  t.is(valueOf(samples, 'portreeve_decisions_unenforced_total', { because: 'observe' }), 1);
  t.is(valueOf(samples, 'portreeve_enforcement_observe', {}), 1);
});

test('a broken glass is recorded when it opens, with who and why, and each use counts', async (t) => {
  const world = await worldWith(t, (document) => {
    document['classes'].meter.networks = ['192.0.2.0/24'];
    document['enforcement'] = {
      break_glass: [
        {
          reasons: ['network.source_not_allowed'],
          classes: ['meter'],
          who: 'J. Martin',
          why: 'networks renumbered',
          since: new Date(Date.now() - hour).toISOString(),
          until: new Date(Date.now() + hour).toISOString(),
        },
      ],
    };
  });
  const server = await startServer(t, world.configFile);
  const decision = await ask(t, world, server.address('local'));
  t.false(decision.enforced);
  await until(() => server.decisions.length === 1);
  t.is((await server.status()).enforcement.break_glass.passed, 1);
  await server.stop();
  const opened = readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"break_glass_opened"'));
  t.is(opened.length, 1);
  t.like(JSON.parse(opened[0] ?? '{}'), { actor: 'J. Martin', why: 'networks renumbered' });
});

test('the end of a broken glass that came while no server ran is recorded, and an open one once', async (t) => {
  const glass = {
    reasons: ['network.source_not_allowed'],
    classes: ['meter'],
    who: 'J. Martin',
    why: 'networks renumbered',
    since: new Date(Date.now() - hour).toISOString(),
    until: new Date(Date.now() + hour).toISOString(),
  };
  const world = await worldWith(t, (document) => {
    document['enforcement'] = { break_glass: [glass] };
  });
  const acts = (): (string | undefined)[] =>
    readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8')
      .split('\n')
      .map((line) => /"act":"(break_glass_[a-z]+)"/.exec(line)?.[1])
      .filter((act) => act !== undefined);
  for (let start = 0; start < 2; start += 1) await (await startServer(t, world.configFile)).stop();
  t.deepEqual(acts(), ['break_glass_opened']);
  const document = JSON.parse(readFileSync(world.configFile, 'utf8')) as Document;
  writeFileSync(world.configFile, JSON.stringify({ ...document, enforcement: {} }));
  await (await startServer(t, world.configFile)).stop();
  t.deepEqual(acts(), ['break_glass_opened', 'break_glass_ended']);
});

test('several workers: one port, a Unix socket each, and PEPs known by certificate', async (t) => {
  const world = await worldWith(t);
  const now = Date.now();
  const life = { notBefore: now - hour, notAfter: now + hour };
  const own = await issueLeaf(world.pki.legacy, {
    subject: 'CN=pdp',
    san: { dns: ['localhost'] },
    eku: ['serverAuth'],
    ...life,
  });
  writeFileSync(join(world.folder, 'server.pem'), own.pem);
  writeFileSync(join(world.folder, 'server.key'), own.privateKeyPem);
  const socket = join(world.folder, 'pdp.sock');
  const document = JSON.parse(readFileSync(world.configFile, 'utf8')) as Document;
  document['server'].workers = 2;
  document['server'].listeners = [
    { name: 'socket', address: `unix:${socket}`, pep: 'envoy' },
    {
      name: 'mesh',
      address: '127.0.0.1:0',
      tls: { certificate: 'server.pem', key: 'server.key', client_cas: ['mesh'] },
    },
  ];
  document['trust'].pep_cas = [{ name: 'mesh', file: 'ca/legacy.pem' }];
  const match = { san: 'spiffe://mesh.example/edge/{site}/proxy', ca: 'mesh' };
  document['peps'] = [...(document['peps'] as object[]), { name: 'mesh-proxy', match }];
  writeFileSync(world.configFile, JSON.stringify(document));
  const server = await startServer(t, world.configFile);
  t.is((await ask(t, world, `unix:${socket}`)).outcome, 'allow');
  t.is((await ask(t, world, `unix:${socket}.1`)).outcome, 'allow');

  const as = async (uri: string): Promise<ChannelCredentials> => {
    const leaf = await issueLeaf(world.pki.legacy, { subject: 'CN=proxy', san: { uri: [uri] }, ...life });
    return credentials.createSsl(
      Buffer.from(world.pki.legacy.pem),
      Buffer.from(leaf.privateKeyPem),
      Buffer.from(leaf.pem),
    );
  };
  // Node's TLS takes no address as a server's name.
  const mesh = server.address('mesh').replace('127.0.0.1', 'localhost');
  const known = await ask(t, world, mesh, await as('spiffe://mesh.example/edge/oslo/proxy'));
  t.is(known.outcome, 'allow');
  const stranger = await ask(t, world, mesh, await as('spiffe://mesh.example/other'));
  t.is(stranger.outcome, 'deny');
  t.is(stranger.reasons[0]?.code, 'system.input_invalid');
  await until(() => server.decisions.length === 4);
  // Two workers tell of them, each in its time.
  t.deepEqual(server.decisions.map(({ pep }) => pep).sort(), ['envoy', 'envoy', 'mesh-proxy', 'unknown']);
  await server.stop();
  t.false(existsSync(`${socket}.1`));
  await t.throwsAsync(
    new Promise((resolve, reject) => {
      connect(socket).once('connect', resolve).once('error', reject);
    }),
  );
});
