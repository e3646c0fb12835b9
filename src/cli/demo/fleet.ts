import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { join } from 'node:path';
import { importDevices } from '../../inventory/import.ts';
import { formatInstant, parseInstant, type EpochMs } from '../../lib/clock.ts';
import { openStore } from '../../store/open.ts';
import { makeAttestation, verifier } from './attestation.ts';
import { makeAuthorities, makeCrls, type Authorities } from './authorities.ts';
import { demoConfiguration, type DemoAddresses } from './configuration.ts';
import { inventoryNdjson, makeDevices } from './devices.ts';
import { demoRows, type DemoRow } from './rows.ts';

/** Raised whenever the demo's files change shape, so that an older fleet is made anew. */
const fleetVersion = 4;
/** The shortest-lived thing of the demo is the grace of the depot's CRL; a fleet is renewed well before. */
const fleetLifeMs = 24 * 3_600_000;

export interface Fleet {
  readonly configFile: string;
  readonly rows: readonly DemoRow[];
  /** False where an earlier run's fleet is still good. */
  readonly made: boolean;
}

/**
 * Answers the demo fleet under `folder`, making it where there is none or where it is older than its certificates
 * and CRLs are good for. Only files that the demo makes are replaced. Addresses are written anew each time.
 */
export async function ensureFleet(folder: string, addresses: DemoAddresses, now: EpochMs): Promise<Fleet> {
  const existing = await readRows(folder, now);
  const made = existing === undefined;
  const rows = existing ?? (await makeFleet(folder, now));
  const configFile = join(folder, 'portreeve.yaml');
  await writeFile(configFile, demoConfiguration(addresses, issuerNames));
  return { configFile, rows, made };
}

const issuerNames = ['meters', 'cameras', 'depot', 'annex', 'withdrawn', 'constrained'] as const;

async function readRows(folder: string, now: EpochMs): Promise<readonly DemoRow[] | undefined> {
  try {
    const fleet = JSON.parse(await readFile(join(folder, 'demo.json'), 'utf8')) as {
      version: number;
      made: string;
      rows: readonly DemoRow[];
    };
    const made = parseInstant(fleet.made) ?? 0;
    return fleet.version === fleetVersion && made <= now && now - made < fleetLifeMs ? fleet.rows : undefined;
  } catch {
    return undefined;
  }
}

async function makeFleet(folder: string, now: EpochMs): Promise<readonly DemoRow[]> {
  for (const old of [
    'demo.json',
    'pki',
    'crls',
    'requests',
    'certificates',
    'state.db',
    'state.db-wal',
    'state.db-shm',
    'inventory.ndjson',
  ]) {
    await rm(join(folder, old), { recursive: true, force: true });
  }
  for (const wanted of ['pki', 'crls', 'requests', 'certificates'])
    await mkdir(join(folder, wanted), { recursive: true });

  const authorities = await makeAuthorities(now);
  await writeAuthorities(folder, authorities);
  const devices = await makeDevices(authorities, now);
  // For the certificate tools; without their keys they open nothing.
  for (const name of ['meter', 'camera', 'expired', 'revoked', 'weak'] as const) {
    await writeFile(join(folder, 'certificates', `${name}.pem`), devices[name].leaf.pem);
  }
  const revoked = { serial: devices.revoked.leaf.serial, at: now - 3 * 3_600_000, reason: 'keyCompromise' };
  for (const [name, pem] of await makeCrls(authorities, [revoked], now))
    await writeFile(join(folder, 'crls', name), pem);

  const inventory = inventoryNdjson(devices);
  await writeFile(join(folder, 'inventory.ndjson'), inventory);
  const store = openStore({ path: join(folder, 'state.db'), mode: 'read_write', now });
  try {
    await importDevices(store, {
      input: Readable.from([Buffer.from(inventory)]),
      format: 'ndjson',
      tenant: 'default',
      actor: 'demo',
      why: 'the demo fleet',
      now,
    });
  } finally {
    store.close();
  }

  const attestation = await makeAttestation(devices.camera, now);
  await writeFile(join(folder, verifier.file), attestation.keys);
  const rows = demoRows(devices, authorities, attestation);
  for (const row of rows) {
    await writeFile(
      join(folder, 'requests', `${row.name}.json`),
      `${JSON.stringify(row.request, null, 2)}\n`,
    );
  }
  // Written last and by rename: a killed run leaves no fleet that looks whole.
  await writeFile(
    join(folder, 'demo.json.new'),
    JSON.stringify({ version: fleetVersion, made: formatInstant(now), rows }),
  );
  await rename(join(folder, 'demo.json.new'), join(folder, 'demo.json'));
  return rows;
}

async function writeAuthorities(folder: string, authorities: Authorities): Promise<void> {
  const files: readonly (readonly [string, string])[] = [
    ['fleet-root', authorities.root.pem],
    ['gateways', authorities.gateways.pem],
    ...issuerNames.map((name) => [name, authorities[name].pem] as const),
  ];
  for (const [name, pem] of files) await writeFile(join(folder, 'pki', `${name}.pem`), pem);
  // Kept so that a visitor can revoke a device of the demo with `openssl ca` or our own tools; 0600, never committed.
  await writeFile(join(folder, 'pki', 'meters.key'), authorities.meters.privateKeyPem, { mode: 0o600 });
}
