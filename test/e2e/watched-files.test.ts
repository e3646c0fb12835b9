import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { connect } from 'node:tls';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createRoot, issueCrl, issueLeaf } from '../../src/ca/index.ts';
import type { Authority, Leaf } from '../../src/ca/index.ts';
import { defaultBundlePath, readBundle } from '../../src/policy/bundle.ts';
import { packBundle } from '../../src/policy/pack-bundle.ts';
import { linkedMount, renamingMount } from '../helpers/raw-mount.ts';
import type { Mount } from '../helpers/raw-mount.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { hour, makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import type { Document } from '../helpers/world-document.ts';

/** A server all of whose watched files are in folders that are replaced in one way. */
interface Mounted {
  readonly world: World;
  readonly server: Server;
  readonly root: Authority;
  readonly mounts: Readonly<Record<'config' | 'tls' | 'policy' | 'crls' | 'ca', Mount>>;
  readonly document: Document;
  /** Outcome and primary reason of meter/1. */
  readonly ask: () => Promise<string>;
  readonly leaf: Leaf;
}

const life = { notBefore: Date.now() - hour, notAfter: Date.now() + hour };

/** The default bundle under another revision: other bytes, the same policy. */
function bundleOf(revision: string): Uint8Array {
  const { wasm, data, inputVersion } = readBundle(defaultBundlePath);
  return packBundle({ wasm, data, inputVersion, revision, compiler: 'opa', sources: {} });
}

async function serverFiles(root: Authority, name: string): Promise<Record<string, string>> {
  const leaf = await issueLeaf(root, {
    subject: `CN=${name}`,
    san: { dns: ['pdp.test'] },
    eku: ['serverAuth'],
    ...life,
  });
  return { 'server.pem': leaf.pem, 'server.key': leaf.privateKeyPem };
}

async function crlOf(world: World, number: number, revoked: readonly string[]): Promise<Uint8Array> {
  const now = Date.now();
  const entries = revoked.map((serial) => ({ serial, at: now - hour, reason: 'keyCompromise' }));
  const times = { thisUpdate: now - hour / 2 + number, nextUpdate: now + hour };
  return (await issueCrl(world.pki.meters, { number, ...times, revoked: entries })).der;
}

async function mounted(t: ExecutionContext, mountAt: (folder: string) => Mount): Promise<Mounted> {
  const world = await makeWorld({ now: Date.now(), configure: forServer() });
  t.teardown(world.close);
  const at = (name: string): Mount => mountAt(join(world.folder, 'mounted', name));
  const mounts = {
    config: at('config'),
    tls: at('tls'),
    policy: at('policy'),
    crls: at('crls'),
    ca: at('ca'),
  };
  const root = await createRoot({ subject: 'CN=Operations', ...life });
  mounts.tls.replace({ ...(await serverFiles(root, 'first')), 'peps.pem': root.pem });
  mounts.policy.replace({ 'policy.tar.gz': bundleOf('first') });
  mounts.crls.replace({ 'meters.crl': await crlOf(world, 5, []) });
  mounts.ca.replace({ 'meters.pem': world.pki.meters.pem });
  const document = documentOf(world, mounts);
  mounts.config.replace({ 'portreeve.yaml': JSON.stringify(document) });
  const server = await startServer(t, mounts.config.path('portreeve.yaml'));
  const client = server.client();
  const leaf = await world.leaf('meter/1');
  const ask = async (): Promise<string> => {
    const decision = await client.decide({
      peer_chain: [leaf.der],
      authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
      source_ip: '10.20.0.7',
    });
    return `${decision.outcome} ${decision.reasons[0]?.code}`;
  };
  return { world, server, root, mounts, document, ask, leaf };
}

/** The world's document with absolute paths, because it is read from elsewhere, and with everything that is mounted. */
function documentOf(world: World, mounts: Mounted['mounts']): Document {
  const document = JSON.parse(
    readFileSync(world.configFile, 'utf8'),
    (key: string, value: unknown): unknown =>
      (key === 'file' || key === 'path') && typeof value === 'string' ? resolve(world.folder, value) : value,
  ) as {
    server: { listeners: object[]; budget?: string };
    trust: { intermediates: { name: string; file: string }[]; pep_cas?: object[] };
    [key: string]: unknown;
  };
  document.server.budget = '10s';
  document.server.listeners.push({
    name: 'mesh',
    address: '127.0.0.1:0',
    tls: {
      certificate: mounts.tls.path('server.pem'),
      key: mounts.tls.path('server.key'),
      client_cas: ['ops'],
    },
  });
  document.trust.pep_cas = [{ name: 'ops', file: mounts.tls.path('peps.pem') }];
  for (const ca of document.trust.intermediates) {
    if (ca.name === 'meters') ca.file = mounts.ca.path('meters.pem');
  }
  return {
    ...document,
    policy: { bundle: mounts.policy.path('policy.tar.gz') },
    revocation: { crls: [join(mounts.crls.path('meters.crl'), '..')], poll: '50ms' },
  };
}

/** Common name of the certificate that a new connection is shown; undefined where the handshake fails. */
function shownBy(address: string, as: Leaf): Promise<string | undefined> {
  return new Promise((done) => {
    const [host, port] = address.split(':') as [string, string];
    const socket = connect(
      {
        host,
        port: Number(port),
        cert: as.pem,
        key: as.privateKeyPem,
        rejectUnauthorized: false,
        ALPNProtocols: ['h2'],
      },
      () => undefined,
    );
    // With TLS 1.3 the client is done before the server has judged its certificate: HTTP/2's first words tell.
    socket.once('data', () => {
      done(socket.getPeerCertificate().subject.CN as string);
      socket.destroy();
    });
    socket.once('close', () => done(undefined));
    socket.once('error', () => done(undefined));
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00', 'latin1');
  });
}

const ways = { 'by rename': renamingMount, "by a swap of Kubernetes' ..data link": linkedMount } as const;
for (const [way, mountAt] of Object.entries(ways)) {
  test(`replaced ${way}, each watched file is picked up by a running server`, async (t) => {
    const { world, server, root, mounts, document, ask, leaf } = await mounted(t, mountAt);
    t.is(await ask(), 'allow policy.ok');

    const mesh = server.address('mesh');
    const pep = await issueLeaf(root, { subject: 'CN=pep', ...life });
    t.is(await shownBy(mesh, pep), 'first');
    mounts.tls.replace(await serverFiles(root, 'second'));
    await until(async () => (await shownBy(mesh, pep)) === 'second');
    const other = await createRoot({ subject: 'CN=Other operations', ...life });
    const stranger = await issueLeaf(other, { subject: 'CN=pep', ...life });
    t.is(await shownBy(mesh, stranger), undefined);
    mounts.tls.replace({ 'peps.pem': other.pem });
    await until(async () => (await shownBy(mesh, stranger)) === 'second');
    t.is(await shownBy(mesh, pep), undefined, 'the CA that is gone does not count any more');

    const { digest } = (await server.status()).bundle;
    mounts.policy.replace({ 'policy.tar.gz': bundleOf('second') });
    await until(async () => (await server.status()).bundle.digest !== digest);
    t.like((await server.status()).bundle, { revision: 'second', error: null });
    const now = (await server.status()).bundle.digest;
    mounts.policy.replace({ 'policy.tar.gz': bundleOf('third').subarray(0, 1000) });
    await until(async () => (await server.status()).configuration.last_error !== null);
    t.regex(
      (await server.status()).configuration.last_error?.message ?? '',
      /policy\.tar\.gz: policy bundle/,
    );
    t.is((await server.status()).bundle.digest, now, 'what was in force stays');
    mounts.policy.replace({ 'policy.tar.gz': bundleOf('third') });
    await until(async () => (await server.status()).configuration.last_error === null);
    t.is(await ask(), 'allow policy.ok');

    mounts.crls.replace({ 'meters.crl': await crlOf(world, 6, [leaf.serial]) });
    await until(async () => (await ask()) === 'deny revocation.revoked');
    mounts.crls.replace({ 'meters.crl': await crlOf(world, 7, []) });
    await until(async () => (await ask()) === 'allow policy.ok');

    mounts.ca.replace({ 'meters.pem': world.pki.foreignMeters.pem });
    await until(async () => (await ask()).startsWith('deny '));
    mounts.ca.replace({ 'meters.pem': world.pki.meters.pem });
    await until(async () => (await ask()) === 'allow policy.ok');

    const narrowed = structuredClone(document) as { classes: { meter: { networks: string[] } } };
    narrowed.classes.meter.networks = ['192.0.2.0/24'];
    mounts.config.replace({ 'portreeve.yaml': JSON.stringify(narrowed) });
    await until(async () => (await ask()) === 'deny network.source_not_allowed');
    mounts.config.replace({ 'portreeve.yaml': '{ half' });
    await until(async () => (await server.status()).configuration.last_error !== null);
    t.is(await ask(), 'deny network.source_not_allowed');
    mounts.config.replace({ 'portreeve.yaml': JSON.stringify(document) });
    await until(async () => (await ask()) === 'allow policy.ok');
    t.deepEqual(
      server.log.filter((line) => /worker \d+ (ended|hung)/.test(line)),
      [],
      'nothing was restarted',
    );
  });
}
