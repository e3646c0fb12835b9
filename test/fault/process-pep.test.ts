// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-call */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createDecisionClient } from '../../src/api/decision-service/client.ts';
import { createRoot, issueCrl, issueLeaf } from '../../src/ca/index.ts';
import type { CrlOptions, Leaf } from '../../src/ca/index.ts';
import type { Decision } from '../../src/decision/types.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { temporaryFolder } from '../helpers/temporary-store.ts';
import { day, hour, makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

interface Served {
  readonly world: World;
  readonly server: Server;
  readonly pep: Leaf;
  readonly meshFile: string;
  /** Asks about a meter that may connect, over the one connection that the PEP keeps open. */
  readonly decide: () => Promise<Decision>;
  /** Puts a CRL of the PEPs' CA into the watched folder. */
  readonly publish: (crl: Partial<CrlOptions>) => Promise<void>;
}

/** A server with a TLS listener, and a PEP under a CA with these rules, whose every denial is observed. */
async function serving(
  t: ExecutionContext,
  revocation: object,
  first?: Partial<CrlOptions>,
): Promise<Served> {
  const [now, at] = [Date.now(), temporaryFolder(t)];
  const life = { notBefore: now - day, notAfter: now + day };
  const mesh = await createRoot({ subject: 'CN=Mesh Root', ...life });
  const own = await issueLeaf(mesh, {
    subject: 'CN=pdp',
    san: { dns: ['localhost'] },
    eku: ['serverAuth'],
    ...life,
  });
  const uri = 'spiffe://mesh.example/lyon/envoy';
  const pep = await issueLeaf(mesh, { subject: 'CN=envoy', san: { uri: [uri] }, ...life });
  const file = (name: string, text: string): string => {
    writeFileSync(join(at, name), text);
    return join(at, name);
  };
  const tls = {
    certificate: file('pdp.pem', own.pem),
    key: file('pdp.key', own.privateKeyPem),
    client_cas: ['mesh'],
  };
  const meshFile = file('mesh.pem', mesh.pem);
  mkdirSync(join(at, 'crls'));
  const publish: Served['publish'] = async (crl) => {
    const times = { thisUpdate: Date.now() - hour, nextUpdate: Date.now() + hour };
    const { der } = await issueCrl(mesh, { number: 1, revoked: [], ...times, ...crl });
    writeFileSync(join(at, 'mesh.new'), der);
    renameSync(join(at, 'mesh.new'), join(at, 'crls/mesh.crl'));
  };
  if (first) await publish(first);
  const world = await makeWorld({
    now,
    configure: forServer((document) => {
      document['server'].listeners.push({ name: 'mesh', address: '127.0.0.1:0', tls });
      document['peps'].push({
        name: 'edges',
        match: { san: 'spiffe://mesh.example/{site}/envoy', ca: 'mesh' },
      });
      document['trust'].pep_cas = [{ name: 'mesh', file: meshFile, revocation }];
      document['revocation'] = { crls: [join(at, 'crls')] };
      document['enforcement'] = { observe: [{ pep: 'edges', until: new Date(now + day).toISOString() }] };
    }),
  });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile);
  const meter = await world.leaf('meter/1');
  const client = createDecisionClient(server.address('mesh').replace('127.0.0.1', 'localhost'), {
    timeoutMs: 5000,
    credentials: credentials.createSsl(
      Buffer.from(mesh.pem),
      Buffer.from(pep.privateKeyPem),
      Buffer.from(pep.pem),
    ),
  });
  t.teardown(() => client.close());
  return {
    world,
    server,
    pep,
    meshFile,
    publish,
    decide: () =>
      client.decide({
        peer_chain: [meter.der],
        authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
        source_ip: '10.20.0.7',
      }),
  };
}

const short = ({ outcome, reasons }: Decision): string => `${outcome} ${reasons[0]?.code}`;

test('a PEP that is revoked while its session is open is denied from its next call on, and it is recorded', async (t) => {
  const { world, server, pep, decide, publish } = await serving(t, {});
  t.is(short(await decide()), 'allow policy.ok');
  await publish({ revoked: [{ serial: pep.serial, at: Date.now() - hour, reason: 'keyCompromise' }] });
  await until(async () => (await decide()).outcome === 'deny');
  const decision = await decide();
  t.is(short(decision), 'deny system.input_invalid');
  t.true(decision.enforced, 'no rule for the PEP that it was observes it');
  t.is(decision.reasons[0]?.detail?.['field'], 'pep');
  t.regex(
    String(decision.reasons[0]?.detail?.['problem']),
    /^revocation\.revoked: .* edges \(serial [0-9a-f]+\)/,
  );
  await server.stop();
  const record = readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8')
    .split('\n')
    .find((line) => line.includes(decision.decision_id));
  t.like(JSON.parse(record ?? '{}'), { outcome: 'deny', pep: { name: 'unknown' } });
});

test('a PEP under a CA that requires a CRL is denied for a cause of ours until there is one', async (t) => {
  const { decide, publish } = await serving(t, { required: true, grace: '1h' });
  const missing = await decide();
  t.is(short(missing), 'deny system.dependency_stale');
  t.regex(String(missing.reasons[0]?.detail?.['problem']), /^revocation\.crl_missing/);
  await publish({ number: 1 });
  await until(async () => short(await decide()) === 'allow policy.ok');
});

test('a stale CRL of a CA of PEPs serves for its grace, and no longer', async (t) => {
  const stale = (hours: number): Partial<CrlOptions> => ({
    thisUpdate: Date.now() - 9 * hour,
    nextUpdate: Date.now() - hours * hour,
  });
  const within = await serving(t, { required: true, grace: '2h' }, stale(1));
  t.is(short(await within.decide()), 'allow policy.ok');
  const past = await serving(t, { required: true, grace: '2h' }, stale(3));
  const decision = await past.decide();
  t.is(short(decision), 'deny system.dependency_stale');
  t.regex(String(decision.reasons[0]?.detail?.['problem']), /^revocation\.crl_stale/);
  t.true(decision.enforced);
});

test('another CA of PEPs makes another digest of anchors, which is kept; a refused one keeps no PEP out', async (t) => {
  const { world, server, meshFile, decide } = await serving(t, {});
  const before = (await decide()).versions.anchors;
  const keptFile = (digest: string): string => join(world.folder, 'audit/kept', digest);
  t.true(existsSync(keptFile(before)));
  writeFileSync(`${meshFile}.new`, 'not a certificate');
  renameSync(`${meshFile}.new`, meshFile);
  await until(async () => (await server.status()).configuration.last_error !== null);
  const [worker] = (await server.status()).workers;
  process.kill(worker?.pid as number, 'SIGKILL');
  await until(async () => {
    const [again] = (await server.status()).workers;
    return again?.ready === true && again.pid !== worker?.pid;
  });
  await until(async () => (await decide().catch(() => undefined))?.outcome === 'allow');
  t.is((await decide()).versions.anchors, before);
  writeFileSync(`${meshFile}.new`, world.pki.vendor.pem);
  renameSync(`${meshFile}.new`, meshFile);
  await until(async () => (await server.status()).workers.every(({ anchors }) => anchors !== before));
  const after = (await server.status()).workers[0]?.anchors ?? '';
  t.true(existsSync(keptFile(after)));
  t.true(readFileSync(keptFile(after), 'utf8').includes('"pep_cas":[{"certificate":'));
});
