import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Leaf } from '../../src/ca/index.ts';
import type { Decision } from '../../src/decision/types.ts';
import { defaultBundlePath } from '../../src/policy/bundle.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server, Status } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import type { Document } from '../helpers/world-document.ts';

interface Served {
  readonly world: World;
  readonly server: Server;
  /** Outcome and first reason for the meter, or for another certificate. */
  readonly ask: (leaf?: Leaf) => Promise<string>;
  readonly decide: (leaf?: Leaf) => Promise<Decision>;
}

/** A server with a bundle file of its own beside its configuration. */
async function serving(t: ExecutionContext, more?: (document: Document) => void): Promise<Served> {
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document['policy'] = { bundle: defaultBundlePath };
      more?.(document);
    }),
  });
  t.teardown(world.close);
  const bundle = bundleOf(world);
  copyFileSync(defaultBundlePath, bundle);
  replace(
    world.configFile,
    readFileSync(world.configFile, 'utf8').replace(JSON.stringify(defaultBundlePath), JSON.stringify(bundle)),
  );
  const server = await startServer(t, world.configFile);
  const mine = await world.leaf('meter/1');
  const client = server.client();
  const decide = (leaf = mine): Promise<Decision> =>
    client.decide({
      peer_chain: [leaf.der],
      authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
      source_ip: '10.20.0.7',
    });
  return {
    world,
    server,
    decide,
    ask: async (leaf) => {
      const { outcome, reasons } = await decide(leaf);
      return `${outcome} ${reasons[0]?.code}`;
    },
  };
}

function bundleOf(world: World): string {
  return join(world.folder, 'policy.tar.gz');
}

function replace(file: string, content: string | Uint8Array): void {
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}

/** Kills workers and waits until others stand in their places. */
async function killWorkers(server: Server, indexes: readonly number[]): Promise<void> {
  const before = (await server.status()).workers;
  for (const index of indexes) process.kill(before[index]?.pid as number, 'SIGKILL');
  await until(async () => {
    const { workers } = await server.status();
    return workers.every(
      ({ index, pid, ready }) => ready && (!indexes.includes(index) || pid !== before[index]?.pid),
    );
  });
}

async function refused(server: Server): Promise<void> {
  await until(async () => (await server.status()).configuration.last_error !== null);
}

function runs({ workers, bundle }: Status): boolean {
  return workers.every((worker) => worker.bundle === bundle.digest);
}

test('after a refused bundle, workers that are started again decide by the old one', async (t) => {
  const { world, server, ask } = await serving(t);
  t.is(await ask(), 'allow policy.ok');
  const bytes = readFileSync(bundleOf(world));
  replace(bundleOf(world), bytes.subarray(0, bytes.length / 2));
  await refused(server);
  await killWorkers(server, [0]);
  t.is(await ask(), 'allow policy.ok');
  t.true(runs(await server.status()));
  t.is((await server.page('/readyz')).status, 200);
});

test('after a refused anchor, a worker that is started again trusts the old one, like all others', async (t) => {
  const { world, server, ask } = await serving(t, (document) => {
    (document['server'] as { workers: number }).workers = 2;
  });
  const stranger = await world.leaf('meter/1', { issuer: 'foreignMeters' });
  const anchors = (await server.status()).workers.map((worker) => worker.anchors);
  // The anchor would be a good one; the configuration that it comes with is not.
  replace(world.configFile, '{ half a docu');
  replace(join(world.folder, 'ca/fleet.pem'), world.pki.foreignFleet.pem);
  replace(join(world.folder, 'ca/meters.pem'), world.pki.foreignMeters.pem);
  await refused(server);
  await killWorkers(server, [1]);
  for (let connections = 0; connections < 8; connections++) {
    const client = server.client();
    const decision = await client.decide({
      peer_chain: [stranger.der],
      authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
      source_ip: '10.20.0.7',
    });
    t.is(decision.outcome, 'deny');
  }
  t.is(await ask(), 'allow policy.ok');
  const status = await server.status();
  t.deepEqual(
    status.workers.map((worker) => worker.anchors),
    anchors,
  );
  t.is(new Set(anchors).size, 1);
});

test('files that cannot be read any more keep no worker from being started again', async (t) => {
  const { world, server, ask } = await serving(t);
  for (const name of ['fleet', 'meters']) replace(join(world.folder, `ca/${name}.pem`), 'not a certificate');
  await refused(server);
  await killWorkers(server, [0]);
  t.is(await ask(), 'allow policy.ok');
});

test('what the digests of a decision name is kept, whatever came into force and was refused meanwhile', async (t) => {
  const { world, server, decide } = await serving(t);
  const made: Decision[] = [await decide()];
  const digest = (await server.status()).configuration.digest;
  replace(join(world.folder, 'ca/vendor.pem'), world.pki.building.pem);
  replace(join(world.folder, 'ca/building.pem'), world.pki.vendor.pem);
  await until(async () => (await decide()).versions.anchors !== made[0]?.versions.anchors);
  made.push(await decide());
  t.is((await server.status()).configuration.digest, digest);
  replace(bundleOf(world), 'no bundle');
  await refused(server);
  await killWorkers(server, [0]);
  made.push(await decide());
  for (const { versions } of made) {
    const { anchors, bundle, catalogue, classes, configuration } = versions;
    for (const named of [anchors, bundle, catalogue, classes, configuration]) {
      t.true(existsSync(join(world.folder, 'audit/kept', named ?? '')), `${named}`);
    }
  }
  t.is(new Set(made.map(({ versions }) => versions.anchors)).size, 2);
});
