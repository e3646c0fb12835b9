import { appendFileSync, copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ExecutionContext } from 'ava';
import {
  noneFailed,
  putBehindEnvoy,
  statusAt,
  stretchedBudget,
  untilReplaced,
  withSharedPort,
} from '../helpers/behind-envoy.ts';
import { makeLiveFleet, serveFrom, type LiveFleet } from '../helpers/live-fleet.ts';
import { freePort } from '../helpers/ports.ts';
import { findEnvoy, portreeve, until, type Running } from '../helpers/processes.ts';
import { needing } from '../helpers/skip.ts';
import { root } from '../helpers/source-files.ts';

const envoy = findEnvoy();
const withEnvoy = needing(envoy.lack, { serial: true });

withEnvoy(
  'under load with a port for each worker, one that is stopped and one that is killed are replaced, and no call fails',
  async (t) => {
    const fleet = await makeLiveFleet(t, ['meter-1'], { change: stretchedBudget });
    const server = await fleet.serve();
    const { proxy, load } = await putBehindEnvoy(t, envoy.path, fleet, { device: 'meter-1' });
    const { workers } = await statusAt(fleet.adminPort);
    t.deepEqual(
      workers.map(({ addresses }) => addresses),
      fleet.grpcPorts.map((port) => [`127.0.0.1:${port}`]),
    );
    const running = load();
    for (const [index, signal] of [
      [0, 'SIGSTOP'],
      [1, 'SIGKILL'],
    ] as const) {
      const pid = workers[index]?.pid as number;
      const before = (await statusAt(fleet.adminPort)).workers[1 - index]?.decisions ?? 0;
      process.kill(pid, signal);
      await untilReplaced(fleet.adminPort, index, pid, server);
      const after = (await statusAt(fleet.adminPort)).workers[1 - index]?.decisions ?? 0;
      t.true(after > before, 'the other one went on deciding');
      // Only once Envoy has seen that it is back, the other one may go.
      await until('the new one gets its share', async () => {
        return ((await statusAt(fleet.adminPort)).workers[index]?.decisions ?? 0) > 0;
      });
    }
    await noneFailed(t, await running.stop(), proxy);
    t.regex(server.output(), /worker 0 hung and was killed/);
  },
);

withEnvoy(
  'under load with one port for all, Envoy keeps connections to several workers, and one that is killed costs no call',
  async (t) => {
    const fleet = await makeLiveFleet(t, ['meter-1'], { sharedPort: true, change: stretchedBudget });
    const server = await fleet.serve();
    const { proxy, load } = await putBehindEnvoy(t, envoy.path, fleet, {
      device: 'meter-1',
      // Few calls at once must do here what many do in the field.
      change: (example) =>
        withSharedPort(example)
          .replace('max_requests_per_connection: 1000', 'max_requests_per_connection: 5')
          .replace('max_concurrent_streams: 16', 'max_concurrent_streams: 1'),
    });
    const running = load();
    await until('both workers decide', async () => {
      return (await statusAt(fleet.adminPort)).workers.every(({ decisions }) => (decisions ?? 0) > 3);
    });
    const { workers } = await statusAt(fleet.adminPort);
    t.deepEqual(workers[0]?.addresses, workers[1]?.addresses);
    process.kill(workers[0]?.pid as number, 'SIGKILL');
    await untilReplaced(fleet.adminPort, 0, workers[0]?.pid as number, server);
    await noneFailed(t, await running.stop(), proxy);
  },
);

withEnvoy(
  'under load a reload of configuration, CAs and bundle on SIGHUP is in force on all workers, and no call fails',
  async (t) => {
    const fleet = await makeLiveFleet(t, ['meter-1'], { change: stretchedBudget });
    const bundle = join(fleet.folder, 'bundle.tar.gz');
    copyFileSync(join(root, 'rego/bundle/portreeve.tar.gz'), bundle);
    appendFileSync(fleet.configFile, 'policy: { bundle: bundle.tar.gz }\n');
    const server = await fleet.serve();
    const { proxy, load } = await putBehindEnvoy(t, envoy.path, fleet, { device: 'meter-1' });
    const before = await statusAt(fleet.adminPort);
    const running = load();
    const replace = (file: string, content: string | Uint8Array): void => {
      writeFileSync(`${file}.new`, content);
      renameSync(`${file}.new`, file);
    };
    const text = readFileSync(fleet.configFile, 'utf8');
    // The same CA under another file and name, the same policy in other bytes: all of it is new, none of it denies.
    replace(join(fleet.folder, 'issuer-again.pem'), fleet.issuer.pem);
    replace(bundle, gzipSync(gunzipSync(readFileSync(bundle)), { level: 1 }));
    replace(
      fleet.configFile,
      text
        .replaceAll('{ name: meters, file: issuer.pem }', '{ name: meters-2, file: issuer-again.pem }')
        .replace('issuers: [meters]', 'issuers: [meters-2]')
        .replace('ttl: 1h', 'ttl: 2h'),
    );
    server.child.kill('SIGHUP');
    await until(
      'every worker decides by all of it',
      async () => {
        const { workers } = await statusAt(fleet.adminPort);
        const [old] = before.workers;
        return workers.every(
          (one) =>
            one.configuration !== old?.configuration &&
            one.anchors !== old?.anchors &&
            one.bundle !== old?.bundle &&
            one.bundle !== null,
        );
      },
      { timeoutMs: 30_000, running: server },
    );
    for (let again = 0; again < 5; again += 1) {
      server.child.kill('SIGHUP');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await noneFailed(t, await running.stop(), proxy);
    const after = await statusAt(fleet.adminPort);
    t.deepEqual(
      after.workers.map(({ pid, restarts }) => [pid, restarts]),
      before.workers.map(({ pid }) => [pid, 0]),
      'no worker was replaced for it',
    );
  },
);

withEnvoy(
  'under load two servers behind one Envoy are restarted one after the other, and no call fails',
  async (t) => {
    const [a, b] = await makeTwoServers(t);
    let servers = [await a.serve(), await b.serve()];
    const { proxy, load } = await putBehindEnvoy(t, envoy.path, a.fleet, { device: 'meter-1' });
    const bothDecide = (): Promise<boolean> =>
      until(
        'both servers decide',
        async () => {
          const before = await Promise.all([a, b].map(decisionsOf));
          await new Promise((resolve) => setTimeout(resolve, 300));
          const after = await Promise.all([a, b].map(decisionsOf));
          return after.every((count, index) => count > (before[index] ?? 0));
        },
        { timeoutMs: 30_000 },
      );
    const running = load();
    await bothDecide();
    for (const [index, one] of [a, b].entries()) {
      t.is(await servers[index]?.stop('SIGTERM'), 0);
      servers = servers.with(index, await one.serve());
      await bothDecide();
    }
    await noneFailed(t, await running.stop(), proxy);
    for (const server of servers) t.is(await server.stop('SIGTERM'), 0);
  },
);

interface OneServer {
  readonly fleet: LiveFleet;
  readonly adminPort: number;
  serve(): Promise<Running>;
}

/** Two servers of one worker each, with a state and a log of their own, over the same CAs. */
async function makeTwoServers(t: ExecutionContext): Promise<readonly [OneServer, OneServer]> {
  const fleet = await makeLiveFleet(t, ['meter-1'], {
    change: (text) => stretchedBudget(text).replace('\nserver:', '\nserver:\n  workers: 1'),
  });
  const [first, second] = fleet.grpcPorts;
  const text = readFileSync(fleet.configFile, 'utf8').replace(`${first}-${second}`, String(first));
  writeFileSync(fleet.configFile, text);
  const adminPort = await freePort();
  const configFile = join(fleet.folder, 'second.yaml');
  const another = text
    .replace(`:${first}"`, `:${second}"`)
    .replace(`:${fleet.adminPort}"`, `:${adminPort}"`)
    .replace('state.db', 'second.db')
    .replace('records.ndjson', 'second.ndjson');
  writeFileSync(configFile, another);
  const inventory = join(fleet.folder, 'inventory.ndjson');
  const imported = portreeve(['device', 'import', inventory, '--why', 'test fleet', '--config', configFile]);
  t.is(imported.code, 0, imported.stderr);
  return [
    { fleet, adminPort: fleet.adminPort, serve: fleet.serve },
    { fleet, adminPort, serve: () => serveFrom(t, configFile, adminPort) },
  ];
}

async function decisionsOf({ adminPort }: OneServer): Promise<number> {
  return (await statusAt(adminPort)).workers[0]?.decisions ?? 0;
}
