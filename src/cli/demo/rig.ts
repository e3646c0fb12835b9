import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/types.ts';
import { higherVersion } from '../../inventory/firmware/version.ts';
import { networkOf } from '../../inventory/observed/trail.ts';
import type { Observation } from '../../inventory/observed/types.ts';
import { createObservedWriter } from '../../inventory/observed/write.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { systemClock, type EpochMs } from '../../lib/clock.ts';
import { deviceSources } from '../../server/sources/device-sources.ts';
import { startSources } from '../../server/sources/sources.ts';
import { signStatement, statementEnding } from '../../server/sources/statement.ts';
import type { Store } from '../../store/types.ts';
import { stoppedClock } from '../trial.ts';
import type { Authorities } from './authorities.ts';
import { lifeMs, type DemoDevices } from './devices.ts';
import { rigNdjson } from './inventory.ts';

const [minute, hour] = [60_000, 3_600_000];

/**
 * A site of its own in the bay: its own tenant and enforcement point, and its inventory comes by an uplink as a signed file. The
 * uplink was cut three hours ago; what it brings counts for one hour, and for the site's known devices a week longer.
 */
export const rig = {
  name: 'rig-7',
  pep: 'rig-gateway',
  listener: 'rig',
  address: '10.77.0.9',
  uplink: 'uplink/devices.ndjson',
  signers: 'pki/uplink.pem',
  maxAge: '1h',
  grace: '7d',
  cutMs: 3 * hour,
} as const;

/** What the demo's state is made of. */
export interface DemoWorld {
  readonly devices: DemoDevices;
  readonly authorities: Authorities;
  /** The uplink's, private. */
  readonly uplinkKey: KeyObject;
  readonly now: EpochMs;
}

/**
 * Lets the rig's last good hour happen, at the time at which it was: the source is read by what reads all sources, a meter
 * is seen in a connection that was allowed, and then the uplink brings nothing any more.
 */
export async function livePast(
  folder: string,
  store: Store,
  config: Config,
  { devices, authorities, uplinkKey, now }: DemoWorld,
): Promise<void> {
  const then = now - rig.cutMs;
  const { leaf } = devices.rig;
  const file = join(folder, rig.uplink);
  await bring(file, rigNdjson(devices), { key: uplinkKey, until: then + hour });
  const problems: string[] = [];
  const sources = await startSources({
    store,
    clock: stoppedClock(then, systemClock),
    sources: () => deviceSources(config, { store, log: () => undefined }),
    folder: `${store.path}.incoming`,
    log: (line) => void problems.push(line),
    lookMs: 0,
  });
  await sources.refresh();
  await sources.stop();
  const read = sources.views().every((view) => view.error === null && view.last_success !== null);
  if (!read) throw new Error(`the rig's inventory was not read: ${problems.join('; ')}`);
  noteSeen(store, config, {
    ...{ device_id: devices.rig.id, at: then + 5 * minute },
    certificate: {
      ...{ fingerprint: leaf.fingerprint, key: leaf.keyDigest, issuer_key: authorities.meters.keyDigest },
      ...{ serial: leaf.serial, not_after: now + lifeMs },
    },
  });
  await rm(file);
  await rm(`${file}${statementEnding}`);
}

/** Makes the key that signs what the uplink brings: its public half is written, the other one is used once and kept nowhere. */
export async function makeUplinkKey(folder: string): Promise<KeyObject> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  await writeFile(join(folder, rig.signers), publicKey.export({ type: 'spki', format: 'pem' }));
  return privateKey;
}

/** What the uplink brings, and the statement of who signs it and vouches for it until then. */
async function bring(
  file: string,
  devices: string,
  { key, until }: { readonly key: KeyObject; readonly until: EpochMs },
): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, devices);
  const sha256 = sha256Hex(devices);
  const statement = { kind: 'devices', name: 'uplink', sequence: 1, sha256, until } as const;
  await writeFile(`${file}${statementEnding}`, await signStatement(statement, key));
}

/** What the parent keeps of an allowed connection of one of the rig's devices. */
function noteSeen(
  store: Store,
  config: Config,
  seen: Pick<Observation, 'device_id' | 'at' | 'certificate'>,
): void {
  const writer = createObservedWriter(store, {
    intervalMs: () => config.observed.interval,
    certificatesPerDevice: () => config.observed.certificates_per_device,
    higher: higherVersion,
  });
  const network = networkOf(rig.address, config.shared_use);
  store.transact(() => {
    writer.write({ ...seen, tenant: rig.name, allowed: true, gateway: rig.name, network, firmware: null });
  });
}
