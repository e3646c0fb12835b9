import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { createRoot, issueCa, issueCrl, issueLeaf, type Authority, type Leaf } from '../../src/ca/index.ts';
import { freePort, freePorts } from './ports.ts';
import { portreeve, startPortreeve, until, type Running } from './processes.ts';

const day = 86_400_000;

/** A fleet on disk for end-to-end tests, at today's time: one root, one issuing CA, CRLs, an inventory, a configuration. */
export interface LiveFleet {
  readonly folder: string;
  readonly configFile: string;
  /** Ports of the workers, one each; the same one twice where they share it. */
  readonly grpcPorts: readonly [number, number];
  readonly adminPort: number;
  readonly root: Authority;
  readonly issuer: Authority;
  /** Issues a certificate for a device id (its CN). */
  readonly device: (id: string) => Promise<Leaf>;
  /** Writes the issuing CA's next CRL, listing these serials, outside the watched folder; answers its path. */
  readonly crl: (serials: readonly string[]) => Promise<string>;
  /** Starts `portreeve serve` and waits until it is ready. */
  readonly serve: () => Promise<Running>;
  /** Records written so far, oldest first. */
  readonly cli: (args: readonly string[]) => ReturnType<typeof portreeve>;
}

/** Makes the fleet with these devices (all of class `meter`, bound by issuer) and removes it after the test. */
export async function makeLiveFleet(
  t: ExecutionContext,
  devices: readonly string[],
  options: { readonly sharedPort?: boolean; readonly change?: (configuration: string) => string } = {},
): Promise<LiveFleet> {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-e2e-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'crls'));
  const now = Date.now();
  const life = { notBefore: now - day, notAfter: now + 30 * day };
  const fleetRoot = await createRoot({ subject: 'CN=Test Fleet Root', ...life });
  const issuer = await issueCa(fleetRoot, { subject: 'CN=Test Meters CA', ...life, pathLen: 0 });
  writeFileSync(join(folder, 'root.pem'), fleetRoot.pem);
  writeFileSync(join(folder, 'issuer.pem'), issuer.pem);
  const window = { thisUpdate: now - 60_000, nextUpdate: now + 7 * day };
  writeFileSync(
    join(folder, 'crls/root.crl'),
    (await issueCrl(fleetRoot, { number: 1, ...window, revoked: [] })).pem,
  );
  writeFileSync(
    join(folder, 'crls/issuer.crl'),
    (await issueCrl(issuer, { number: 1, ...window, revoked: [] })).pem,
  );
  const [first = 0, second = 0] = await freePorts(2);
  const adminPort = await freePort();
  const configFile = join(folder, 'portreeve.yaml');
  const ports = options.sharedPort ? String(first) : `${first}-${second}`;
  const { change = (text: string) => text } = options;
  writeFileSync(configFile, change(configuration(ports, adminPort)));
  const inventory = join(folder, 'inventory.ndjson');
  writeFileSync(
    inventory,
    devices.map((id) => `${JSON.stringify({ device_id: id, status: 'active', class: 'meter' })}\n`).join(''),
  );

  const cli = (args: readonly string[]): ReturnType<typeof portreeve> =>
    portreeve([...args, '--config', configFile]);
  const imported = cli(['device', 'import', inventory, '--why', 'test fleet']);
  if (imported.code !== 0) throw new Error(`device import failed: ${imported.stderr}`);

  let number = 1;
  return {
    folder,
    configFile,
    grpcPorts: [first, options.sharedPort ? first : second],
    adminPort,
    root: fleetRoot,
    issuer,
    cli,
    device: (id) =>
      issueLeaf(issuer, { subject: `CN=${id}`, notBefore: now - 60_000, notAfter: now + 7 * day }),
    crl: async (serials) => {
      number += 1;
      const file = join(folder, `issuer-${number}.crl`);
      const revoked = serials.map((serial) => ({ serial, at: now - 1000, reason: 'keyCompromise' }));
      const times = { thisUpdate: now - 60_000 + number, nextUpdate: window.nextUpdate };
      writeFileSync(file, (await issueCrl(issuer, { number, ...times, revoked })).pem);
      return file;
    },
    serve: () => serveFrom(t, configFile, adminPort),
  };
}

/** Starts `portreeve serve` and waits until it is ready. */
export async function serveFrom(
  t: ExecutionContext,
  configFile: string,
  adminPort: number,
): Promise<Running> {
  const running = startPortreeve(['serve', '--config', configFile]);
  t.teardown(() => running.stop('SIGKILL'));
  await until(
    'the server is ready',
    async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status === 200,
    { running, timeoutMs: 45_000 },
  );
  return running;
}

function configuration(grpcPorts: string, adminPort: number): string {
  return `version: 1
site: test-site
state: { path: state.db }
server:
  listeners: [{ name: envoy, address: "127.0.0.1:${grpcPorts}", pep: envoy }]
  admin: { address: "127.0.0.1:${adminPort}" }
peps: [{ name: envoy }]
trust:
  anchors: [{ name: fleet, file: root.pem, profile: { kind: cn }, revocation: { required: true } }]
  intermediates: [{ name: meters, file: issuer.pem }]
revocation: { crls: [crls] }
classes:
  meter:
    assurance: device_proved
    binding: issuer
    issuers: [meters]
    anchors: [fleet]
    max_lifetime: 400d
    entitlements: [telemetry]
    ttl: 1h
audit: { path: records.ndjson }
`;
}
