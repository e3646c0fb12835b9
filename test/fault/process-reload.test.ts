// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { issueCrl } from '../../src/ca/index.ts';
import type { CrlOptions } from '../../src/ca/index.ts';
import { policies, policyFile, withOpa } from '../helpers/policies.ts';
import { valueOf } from '../helpers/prometheus.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { deviceId, hour, makeWorld, worldDocument } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import type { CaName } from '../helpers/world-pki.ts';
import type { Document } from '../helpers/world-document.ts';

interface Served {
  readonly world: World;
  readonly server: Server;
  readonly ask: () => Promise<string>;
  /** Replaces the configuration file by rename. */
  readonly reconfigure: (more: (document: Document) => void) => void;
}

async function serving(
  t: ExecutionContext,
  more: (document: Document) => void = () => undefined,
): Promise<Served> {
  const world = await makeWorld({ now: Date.now(), configure: forServer(more) });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile);
  const leaf = await world.leaf('meter/1');
  const client = server.client();
  return {
    world,
    server,
    ask: async () => {
      const decision = await client.decide({
        peer_chain: [leaf.der],
        authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
        source_ip: '10.20.0.7',
      });
      return `${decision.outcome} ${decision.reasons[0]?.code}`;
    },
    reconfigure: (change) => {
      const document = worldDocument();
      forServer((made) => {
        more(made);
        change(made);
      })(document);
      replace(world.configFile, JSON.stringify(document));
    },
  };
}

function replace(file: string, content: string | Uint8Array): void {
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}

function nextCrl(
  world: World,
  ca: CaName,
  options: Partial<CrlOptions> = {},
): Promise<{ pem: string; der: Uint8Array }> {
  const now = Date.now();
  return issueCrl(world.pki[ca], {
    number: 7,
    thisUpdate: now - hour,
    nextUpdate: now + hour,
    revoked: [],
    ...options,
  });
}

test('a changed configuration counts for the next call on an open connection, and is recorded', async (t) => {
  const { world, server, ask, reconfigure } = await serving(t);
  t.is(await ask(), 'allow policy.ok');
  const before = (await server.status()).configuration.digest;
  reconfigure((document) => (document.classes.meter.networks = ['192.0.2.0/24']));
  await until(async () => (await ask()) === 'deny network.source_not_allowed');
  const { configuration } = await server.status();
  t.not(configuration.digest, before);
  t.is(configuration.last_error, null);
  await server.stop();
  const acts = recorded(world).filter(({ act }) => act === 'configuration');
  t.deepEqual(
    acts.map(({ selector }) => selector),
    [before, configuration.digest],
  );
  // What a digest names is kept, for both.
  for (const { selector } of acts) t.truthy(readFileSync(join(world.folder, 'audit/kept', selector ?? '')));
});

test('SIGHUP keeps all that is in force once more, so that kept files may be removed that no record names', async (t) => {
  const { world, server } = await serving(t);
  const kept = join(world.folder, 'audit/kept');
  const before = readdirSync(kept).sort();
  for (const name of before) rmSync(join(kept, name));
  server.signal('SIGHUP');
  await until(() => server.log.includes('SIGHUP: in force'));
  t.deepEqual(readdirSync(kept).sort(), before);
});

test('a configuration that does not check leaves the old one in force and says so everywhere', async (t) => {
  const { world, server, ask, reconfigure } = await serving(t);
  const before = (await server.status()).configuration.digest;
  reconfigure((document) => (document.classes.meter.network = ['192.0.2.0/24']));
  await until(async () => (await server.status()).configuration.last_error !== null);
  t.is(await ask(), 'allow policy.ok');
  t.is((await server.status()).configuration.digest, before);
  t.is(valueOf(await server.metrics(), 'portreeve_reload_error', {}), 1);
  t.true(server.log.some((line) => line.includes('refused, the old one stays in force')));
  t.is((await server.page('/readyz')).status, 200);

  replace(world.configFile, '{ half a docu');
  server.signal('SIGHUP');
  await until(() => server.log.some((line) => line.startsWith('SIGHUP: refused')));
  t.is(await ask(), 'allow policy.ok');
  reconfigure(() => undefined);
  await until(async () => (await server.status()).configuration.last_error === null);
  t.is(valueOf(await server.metrics(), 'portreeve_reload_error', {}), 0);
});

test('an anchor that cannot be read any more leaves the old ones in force', async (t) => {
  const { world, server, ask } = await serving(t);
  replace(join(world.folder, 'ca/fleet.pem'), 'not a certificate');
  await until(async () => (await server.status()).configuration.last_error !== null);
  t.is(await ask(), 'allow policy.ok');
});

test('sections that wait for a restart are named, the rest counts at once', async (t) => {
  const { server, ask, reconfigure } = await serving(t);
  reconfigure((document) => {
    document.server.workers = 3;
    document.classes.meter.networks = ['192.0.2.0/24'];
  });
  await until(async () => (await ask()) === 'deny network.source_not_allowed');
  const { configuration, workers } = await server.status();
  t.deepEqual(configuration.restart_needed, ['server']);
  t.is(workers.length, 1);
});

withOpa('a replaced bundle counts for the next decision, a damaged one never', async (t) => {
  const first = policyFile(policies.allowEverything);
  const second = policyFile(policies.undefined);
  const { world, server, ask } = await serving(t, (document) => {
    document.policy = { bundle: first };
  });
  const bundle = join(world.folder, 'policy.tar.gz');
  t.is(await ask(), 'allow policy.ok');
  const { digest } = (await server.status()).bundle;
  replace(bundle, readFileSync(second));
  t.truthy(digest);
  replace(
    world.configFile,
    readFileSync(world.configFile, 'utf8').replace(JSON.stringify(first), JSON.stringify(bundle)),
  );
  await until(async () => (await ask()) === 'deny policy.undefined');
  replace(bundle, readFileSync(first).subarray(0, 100));
  await until(async () => (await server.status()).configuration.last_error !== null);
  t.is(await ask(), 'deny policy.undefined');
  replace(bundle, readFileSync(first));
  await until(async () => (await ask()) === 'allow policy.ok');
});

withOpa('without a bundle a server denies, says what is missing, and decides once it is there', async (t) => {
  const good = policyFile(policies.allowEverything);
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-bundle-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const bundle = join(folder, 'late.tar.gz');
  writeFileSync(bundle, 'not yet a bundle');
  const { server, ask } = await serving(t, (document) => {
    document.policy = { bundle };
  });
  t.is(await ask(), 'deny policy.bundle_missing');
  const { status, body } = await server.page('/readyz');
  t.is(status, 503);
  t.deepEqual((JSON.parse(body) as { missing: string[] }).missing, ['policy']);
  replace(bundle, readFileSync(good));
  await until(async () => (await ask()) === 'allow policy.ok');
  t.is((await server.page('/readyz')).status, 200);
});

test('CRLs are imported before the first decision, and again when a file is replaced', async (t) => {
  const { world, server, ask } = await serving(t, (document) => (document.revocation = { crls: ['crls'] }));
  const leaf = await world.leaf('meter/1');
  mkdirSync(join(world.folder, 'crls'));
  const file = join(world.folder, 'crls/meters.crl');
  t.is(await ask(), 'allow policy.ok');
  replace(file, (await nextCrl(world, 'meters')).pem);
  await until(async () => (await server.status()).crls.some(({ source }) => source === file));
  const revoked = [{ serial: leaf.serial, at: Date.now() - hour, reason: 'keyCompromise' }];
  replace(file, (await nextCrl(world, 'meters', { number: 8, revoked })).der);
  await until(async () =>
    (await server.status()).crls.some(({ number }) => number === '08' || number === '8'),
  );
  const client = server.client();
  const decision = await client.decide({
    peer_chain: [leaf.der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  });
  t.is(decision.reasons[0]?.code, 'revocation.revoked');
  await server.stop();
  const imports = recorded(world).filter(({ act, detail }) => act === 'change' && detail.source === file);
  t.is(imports.length, 2);
});

test("CRLs behind Kubernetes' ..data link are followed when it is swapped", async (t) => {
  const { world, server } = await serving(t, (document) => (document.revocation = { crls: ['crls'] }));
  const at = join(world.folder, 'crls');
  for (const [version, number] of [
    ['..1', 7],
    ['..2', 9],
  ] as const) {
    mkdirSync(join(at, version), { recursive: true });
    writeFileSync(join(at, version, 'meters.crl'), (await nextCrl(world, 'meters', { number })).pem);
  }
  symlinkSync('..1', join(at, '..data'));
  symlinkSync('..data/meters.crl', join(at, 'meters.crl'));
  const inForce = async (): Promise<number[]> =>
    (await server.status()).crls.map(({ number }) => Number.parseInt(number ?? '0', 16));
  await until(async () => (await inForce()).includes(7));
  symlinkSync('..2', join(at, '..new'));
  renameSync(join(at, '..new'), join(at, '..data'));
  await until(async () => (await inForce()).includes(9));
  t.false((await inForce()).includes(7));
});

test('half-written and refused CRLs are told and lower nothing; the server stays ready', async (t) => {
  const { world, server, ask } = await serving(t, (document) => (document.revocation = { crls: ['crls'] }));
  mkdirSync(join(world.folder, 'crls'));
  const file = join(world.folder, 'crls/meters.crl');
  const good = await nextCrl(world, 'meters', { number: 9 });
  const errorOf = async (): Promise<string | undefined> =>
    (await server.status()).sources.find(({ name }) => name === file)?.error?.code;
  writeFileSync(file, good.der.subarray(0, 80));
  await until(async () => (await errorOf()) === 'PDP_CRL_INVALID');
  writeFileSync(file, good.der);
  await until(async () => (await server.status()).crls.some(({ source }) => source === file));
  await until(async () => (await errorOf()) === undefined);
  replace(file, (await nextCrl(world, 'meters', { number: 8 })).der);
  await until(async () => (await errorOf()) === 'PDP_CRL_REFUSED');
  replace(file, (await nextCrl(world, 'meters', { number: 10, signWith: world.pki.foreignMeters })).der);
  await until(async () => (await errorOf()) === 'PDP_CRL_INVALID');
  t.is(valueOf(await server.metrics(), 'portreeve_feed_error', { kind: 'crl', source: file }), 1);
  t.is(await ask(), 'allow policy.ok');
  t.is((await server.page('/readyz')).status, 200);
  const [crl] = (await server.status()).crls.filter(({ issuer }) => issuer.includes('Meters'));
  t.is(Number.parseInt(crl?.number ?? '', 16), 9);
  rmSync(file);
  await until(async () => (await errorOf()) === undefined);
  t.is(await ask(), 'allow policy.ok');
});

test('a change by another process is in the log, also one that was made while no server ran', async (t) => {
  const { world, server } = await serving(t);
  world.setStatus(deviceId('meter/1'), 'disabled');
  await server.stop();
  const statuses = (): unknown[] =>
    recorded(world).filter(({ act, detail }) => act === 'change' && detail.kind === 'device.set_status');
  t.is(statuses().length, 1);
  world.setStatus(deviceId('meter/1'), 'active');
  const again = await startServer(t, world.configFile);
  await again.stop();
  t.is(statuses().length, 2);
});

interface Act {
  readonly act?: string;
  readonly selector: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

function recorded(world: World): Act[] {
  return readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Act);
}
