import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { createRoot, issueLeaf, type Authority } from '../../src/ca/index.ts';
import {
  noneFailed,
  putBehindEnvoy,
  putBehindEnvoyL4,
  statusAt,
  stretchedBudget,
  untilReplaced,
} from '../helpers/behind-envoy.ts';
import { makeLiveFleet, type LiveFleet } from '../helpers/live-fleet.ts';
import { findEnvoy, until } from '../helpers/processes.ts';
import { needing } from '../helpers/skip.ts';

const envoy = findEnvoy();
const withEnvoy = needing(envoy.lack, { serial: true });

/** Exchanges a file as a rename does: whole, at once. */
function replace(file: string, content: string): void {
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}

withEnvoy(
  'under load on layer 4, workers are stopped and killed and the configuration is reloaded, and no connection fails',
  async (t) => {
    const fleet = await makeLiveFleet(t, ['meter-1'], { change: stretchedBudget });
    const server = await fleet.serve();
    const { proxy, load } = await putBehindEnvoyL4(t, envoy.path, fleet, { device: 'meter-1' });
    const { workers } = await statusAt(fleet.adminPort);
    const decided = async (index: number): Promise<number> =>
      (await statusAt(fleet.adminPort)).workers[index]?.decisions ?? 0;
    const running = load();
    for (const [index, signal] of [
      [0, 'SIGSTOP'],
      [1, 'SIGKILL'],
    ] as const) {
      const pid = workers[index]?.pid as number;
      const before = await decided(1 - index);
      process.kill(pid, signal);
      await untilReplaced(fleet.adminPort, index, pid, server);
      t.true((await decided(1 - index)) > before, 'the other one went on deciding');
      // Only once Envoy has seen that it is back, the other one may go.
      await until('the new one gets its share', async () => (await decided(index)) > 0);
    }
    const [old] = (await statusAt(fleet.adminPort)).workers;
    replace(fleet.configFile, readFileSync(fleet.configFile, 'utf8').replace('ttl: 1h', 'ttl: 2h'));
    server.child.kill('SIGHUP');
    await until('every worker decides by it', async () =>
      (await statusAt(fleet.adminPort)).workers.every((one) => one.configuration !== old?.configuration),
    );
    const { sent, answers, slowest } = await running.stop();
    t.deepEqual(
      answers,
      { greeted: sent },
      JSON.stringify(
        proxy
          .accessLog()
          .filter(({ flags }) => flags !== '-')
          .slice(0, 5),
      ),
    );
    t.log(`${sent} connections, the slowest ${slowest.toFixed(0)} ms`);
  },
);

withEnvoy(
  'under load the certificate and key of a TLS listener are exchanged, new connections get them, and no call fails',
  async (t) => {
    const mesh = await makeMesh();
    const fleet = await makeLiveFleet(t, ['meter-1'], { change: stretchedBudget });
    const exchange = await putMesh(fleet, mesh);
    writeFileSync(fleet.configFile, withTls(readFileSync(fleet.configFile, 'utf8')));
    const server = await fleet.serve();
    const { proxy, load } = await putBehindEnvoy(t, envoy.path, fleet, {
      device: 'meter-1',
      change: (example) => withUpstreamTls(example, fleet.folder),
    });
    const { workers } = await statusAt(fleet.adminPort);
    const running = load();
    for (let round = 0; round < 3; round += 1) {
      const serial = await exchange();
      for (const port of fleet.grpcPorts) {
        await until('new connections get it', async () => (await serialAt(fleet, port)) === serial, {
          timeoutMs: 30_000,
          running: server,
        });
      }
      // Envoy opens some of its own by then: a connection of it ends after five calls.
      const before = running.told().sent;
      await until('calls go on', () => running.told().sent > before + 40, { timeoutMs: 30_000 });
    }
    await noneFailed(t, await running.stop(), proxy);
    const after = (await statusAt(fleet.adminPort)).workers;
    t.deepEqual(
      after.map(({ pid, restarts }) => [pid, restarts]),
      workers.map(({ pid }) => [pid, 0]),
      'no worker was replaced for it',
    );
  },
);

const life = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 86_400_000 };
const pepName = 'envoy.mesh.example';

const makeMesh = (): Promise<Authority> => createRoot({ subject: 'CN=Mesh Root', ...life });

/** The listener of the fleet's configuration over TLS, and its PEP known by certificate. */
function withTls(configuration: string): string {
  return configuration
    .replace(', pep: envoy }]', ', tls: { certificate: pdp.pem, key: pdp.key, client_cas: [mesh] } }]')
    .replace('peps: [{ name: envoy }]', `peps: [{ name: envoy, match: { san: ${pepName}, ca: mesh } }]`)
    .replace('\ntrust:', '\ntrust:\n  pep_cas: [{ name: mesh, file: mesh.pem }]');
}

/** The example with a transport socket for the cluster of workers, whose connections end after a few calls. */
function withUpstreamTls(example: string, folder: string): string {
  const at = example.indexOf('    # One endpoint for each worker');
  const cluster = example
    .slice(at)
    .replace(
      '      health_checks:',
      `      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
          sni: pdp.mesh.example
          common_tls_context:
            tls_certificates:
              - certificate_chain: { filename: ${folder}/pep.pem }
                private_key: { filename: ${folder}/pep.key }
            validation_context:
              trusted_ca: { filename: ${folder}/mesh.pem }
              match_typed_subject_alt_names:
                - { san_type: DNS, matcher: { exact: pdp.mesh.example } }
      health_checks:`,
    )
    .replace(
      '          explicit_http_config:',
      '          common_http_protocol_options: { max_requests_per_connection: 5 }\n          explicit_http_config:',
    );
  return example.slice(0, at) + cluster;
}

/** Writes the mesh's files; answers what exchanges the listener's certificate and key, and tells the new serial number. */
async function putMesh({ folder }: LiveFleet, root: Authority): Promise<() => Promise<string>> {
  const pep = await issueLeaf(root, { subject: 'CN=envoy', san: { dns: [pepName] }, ...life });
  writeFileSync(join(folder, 'mesh.pem'), root.pem);
  writeFileSync(join(folder, 'pep.pem'), pep.pem);
  writeFileSync(join(folder, 'pep.key'), pep.privateKeyPem);
  const exchange = async (): Promise<string> => {
    const san = { dns: ['pdp.mesh.example'] };
    const leaf = await issueLeaf(root, { subject: 'CN=pdp', san, eku: ['serverAuth'], ...life });
    // One after the other, as a file system does: in between they do not fit, and the old ones stay.
    replace(join(folder, 'pdp.key'), leaf.privateKeyPem);
    replace(join(folder, 'pdp.pem'), leaf.pem);
    return leaf.serial.toLowerCase();
  };
  await exchange();
  return exchange;
}

/** The serial number of the certificate that a new connection is shown. */
function serialAt({ folder }: LiveFleet, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const file = (name: string): string => readFileSync(join(folder, name), 'utf8');
    const tls = { ca: file('mesh.pem'), cert: file('pep.pem'), key: file('pep.key') };
    const socket = connect(
      { port, host: '127.0.0.1', servername: 'pdp.mesh.example', ALPNProtocols: ['h2'], ...tls },
      () => {
        resolve(socket.getPeerCertificate().serialNumber.toLowerCase());
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}
