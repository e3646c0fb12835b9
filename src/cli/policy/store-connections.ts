import type { Config } from '../../config/types.ts';
import type { MadeDecision } from '../../decision/types.ts';
import { createDecisionPoint } from '../../decision/point.ts';
import { listFirmware } from '../../inventory/firmware/list.ts';
import { listDevices } from '../../inventory/list.ts';
import { createObservedReader } from '../../inventory/observed/reader.ts';
import type { DeviceRecord } from '../../inventory/types.ts';
import { composeDecision, type Composition } from '../../server/compose.ts';
import { clockAgainstStore } from '../../server/time/known-time.ts';
import { presumeConnection } from '../device/presumed.ts';
import { cliPep } from '../pep.ts';
import type { Session } from '../session.ts';
import { patientTiming, recordNothing } from '../trial.ts';
import { boundCertificate } from './presumed-certificate.ts';

/** The connections of all devices of a tenant, as they are presumed; how many of each kind. */
export interface StoreConnections {
  readonly connections: () => AsyncGenerator<MadeDecision>;
  /** What was taken for granted, in sentences, of what has come so far. */
  readonly assumptions: () => readonly string[];
  readonly close: () => void;
}

const kinds = {
  seen: 'show the certificate that they were last seen with, which is not at hand: its signature, names and extensions are taken to hold, and notBefore to be when it was first seen',
  bound:
    'were never seen: they show the certificate that their record binds, or one of the CAs that count for their class, in the middle of the longest life that the class allows; its serial is taken not to be revoked where the record does not say it',
  gateway: 'come by the word of the enforcement point, through the first gateway of their record',
  stranger: 'show no certificate: the CA of the one that they were last seen with is not configured',
  none: 'show no certificate: none was seen, neither record nor class binds one of a known CA, and the record names no gateway',
  class_firmware:
    'state the first firmware that their class allows: none was seen, and their record names none',
  firmware: 'state no firmware: none was seen, and neither record, class nor catalogue has any for them',
  class_address: 'come from the first network of their class: none was seen, and their record names none',
  address:
    'come from no known address: none was seen, and neither their record nor their class names a network',
} as const;

type Kind = keyof typeof kinds;

/** Devices that are read at once, so that no snapshot stays open for long. */
const pageSize = 1000;

/** Decides what every device of the inventory would ask next, one after the other, reading pages of devices. */
export async function storeConnections(
  config: Config,
  { tenant, pep: pepName }: { readonly tenant: string; readonly pep: string | undefined },
  session: Session,
): Promise<StoreConnections> {
  const pep = cliPep(config, pepName);
  const { clock } = session.around;
  const composed = await composeDecision(config, {
    ...{ recorder: recordNothing, clock, mode: 'read_only' as const },
    trusted: (store) => clockAgainstStore(store, clock, config.time),
  });
  const counts = new Map<Kind, number>();
  const count = (kind: Kind): void => void counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const firmwareOf = approvedFirmware(composed, tenant);
  const decide = async (device: DeviceRecord): Promise<MadeDecision> => {
    const known = knownOf(device, tenant, composed);
    const seen = usableSeen(known.seen, device, composed, clock.now(), count);
    const { context, identity } = presumeConnection({
      ...{ ...known, seen, pep, trust: composed.deps.trust },
      device: withClass(device, config, firmwareOf),
    });
    if (context.claims.firmware_hash === undefined) count('firmware');
    else if (known.firmware.length + device.firmware.length === 0) count('class_firmware');
    if (context.sourceIp === undefined) count('address');
    else if (!known.seen[0]?.network && device.networks.length === 0) count('class_address');
    if (context.authenticatedBy === 'gateway_asserted') count('gateway');
    if (context.authenticatedBy === 'none') count(known.seen.length > 0 ? 'stranger' : 'none');
    const point = createDecisionPoint(identity ? { ...composed.deps, identity } : composed.deps);
    return point.decide({ ok: true, context }, patientTiming(clock));
  };
  return {
    connections: async function* () {
      for (const device of devicesOf(composed, tenant)) yield await decide(device);
    },
    assumptions: () => [
      `${pep.name} asks for all of them`,
      ...(Object.keys(kinds) as Kind[])
        .filter((kind) => counts.has(kind))
        .map((kind) => `${counts.get(kind) ?? 0} ${kinds[kind]}`),
      'none shows an attestation result, states a serial, or has a network, host or path beyond that',
    ],
    close: composed.close,
  };
}

function* devicesOf({ deps }: Composition, tenant: string): Generator<DeviceRecord> {
  for (let after = ''; ;) {
    const page = listDevices(deps.store, { tenant, after, limit: pageSize });
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    after = last.device_id;
  }
}

function knownOf(device: DeviceRecord, tenant: string, { deps: { store } }: Composition) {
  const observed = createObservedReader(store);
  const { device_id: deviceId } = device;
  return store.snapshot(() => ({
    ...{ tenant, deviceId, device },
    seen: observed.certificatesSeen(tenant, deviceId),
    firmware: observed.highestFirmware(tenant, deviceId),
  }));
}

/** What the record does not say of firmware and network is presumed as the class has it: devices are in order. */
function withClass(
  device: DeviceRecord,
  { classes }: Config,
  firmwareOf: (product: string) => string | undefined,
): DeviceRecord {
  const rules = Object.hasOwn(classes, device.class) ? classes[device.class] : undefined;
  const [product] = Object.keys(rules?.firmware.minimum ?? {});
  const approved = product === undefined ? undefined : firmwareOf(product);
  const [firmware, network] = [rules?.firmware.allowed[0] ?? approved, rules?.networks[0]];
  return {
    ...device,
    ...(device.firmware.length === 0 && firmware !== undefined && { firmware: [firmware] }),
    ...(device.networks.length === 0 && network !== undefined && { networks: [network] }),
  };
}

/** The newest firmware of a product that the catalogue approves, read once. */
function approvedFirmware({ deps: { store } }: Composition, tenant: string) {
  const known = new Map<string, string | undefined>();
  return (product: string): string | undefined => {
    if (!known.has(product)) {
      const [newest] = listFirmware(store, { tenant, product, status: 'approved', limit: 1 });
      known.set(product, newest?.firmware_hash);
    }
    return known.get(product);
  };
}

/** What was seen, else what the record binds, unless a gateway speaks for the device. */
function usableSeen(
  seen: ReturnType<typeof knownOf>['seen'],
  device: DeviceRecord,
  { deps: { config, trust } }: Composition,
  now: number,
  count: (kind: Kind) => void,
): ReturnType<typeof knownOf>['seen'] {
  const [latest] = seen;
  if (latest) {
    const cas = [...trust.anchors, ...trust.intermediates];
    if (cas.some(({ certificate }) => certificate.keyDigest === latest.issuer_key)) count('seen');
    return seen;
  }
  const bound = device.gateways.length > 0 ? undefined : boundCertificate(device, config, trust, now);
  if (bound) count('bound');
  return bound ? [bound] : [];
}
