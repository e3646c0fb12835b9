import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { formatInstant, parseInstant, type EpochMs } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { migrations } from '../../store/migrations.ts';
import { makeAttestation, verifier } from './attestation.ts';
import { makeAuthorities, makeCrls, type Authorities } from './authorities.ts';
import { demoConfiguration, type DemoAddresses } from './configuration.ts';
import { makeDevices } from './devices.ts';
import { mayReplace, withFleetToItself } from './replaceable.ts';
import { makeUplinkKey } from './rig.ts';
import { demoRows, type DemoRow } from './rows.ts';
import { fillStore } from './state.ts';

/** Raised whenever the demo's files change shape, so that an older fleet is made anew. */
const fleetVersion = 6;
/** The tables of its state: those of another version are not carried over, but made anew with the fleet. */
const tables = sha256Hex(Buffer.from(migrations.join('\n')));
/** The shortest-lived thing of the demo is the grace of the depot's CRL; a fleet is renewed well before. */
const fleetLifeMs = 24 * 3_600_000;

export interface Fleet {
  readonly configFile: string;
  readonly rows: readonly DemoRow[];
  /** False where an earlier run's fleet is still good. */
  readonly made: boolean;
}

/**
 * Answers the demo fleet under `folder`, making it where there is none, where it is older than its certificates and CRLs
 * are good for, where another version of the demo made it, and where it was moved. Only files that the demo makes are
 * replaced. Addresses are written anew each time. Throws PDP_USAGE for a folder with an installation that is not the
 * demo's, PDP_STORE_UNAVAILABLE where a server still runs on the fleet that is to be made anew.
 */
export async function ensureFleet(folder: string, addresses: DemoAddresses, now: EpochMs): Promise<Fleet> {
  const configFile = join(folder, 'portreeve.yaml');
  if (!(await mayReplace(folder)))
    throw new PortreeveError(
      'PDP_USAGE',
      `${folder} holds an installation that the demo did not make: give another folder with --folder`,
    );
  await mkdir(folder, { recursive: true });
  await writeFile(configFile, demoConfiguration(addresses, issuerNames));
  const existing = await readRows(folder, now);
  const rows = existing ?? (await withFleetToItself(folder, () => makeFleet(folder, configFile, now)));
  return { configFile, rows, made: existing === undefined };
}

const issuerNames = ['meters', 'cameras', 'depot', 'annex', 'withdrawn', 'constrained'] as const;

async function readRows(folder: string, now: EpochMs): Promise<readonly DemoRow[] | undefined> {
  try {
    const fleet = JSON.parse(await readFile(join(folder, 'demo.json'), 'utf8')) as {
      version: number;
      tables: string;
      made: string;
      folder: string;
      rows: readonly DemoRow[];
    };
    const made = parseInstant(fleet.made) ?? 0;
    const ours =
      fleet.version === fleetVersion && fleet.tables === tables && fleet.folder === resolve(folder);
    return ours && made <= now && now - made < fleetLifeMs ? fleet.rows : undefined;
  } catch {
    return undefined;
  }
}

async function makeFleet(folder: string, configFile: string, now: EpochMs): Promise<readonly DemoRow[]> {
  for (const old of [
    'demo.json',
    'pki',
    'crls',
    'requests',
    'certificates',
    'uplink',
    'state.db',
    'state.db-wal',
    'state.db-shm',
    'inventory.ndjson',
    'firmware.ndjson',
    // How far the changes of the state that goes had been recorded.
    'log.changes',
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

  const attestation = await makeAttestation(devices.camera, now);
  await writeFile(join(folder, verifier.file), attestation.keys);
  const uplinkKey = await makeUplinkKey(folder);
  await fillStore(folder, loadConfig(configFile, now), { devices, authorities, uplinkKey, now });

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
    JSON.stringify({
      ...{ version: fleetVersion, tables, folder: resolve(folder) },
      ...{ made: formatInstant(now), rows },
    }),
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
