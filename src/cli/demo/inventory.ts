import { randomBytes } from 'node:crypto';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import {
  gatewayId,
  meterBehindGateway,
  sensorId,
  strangerSensorId,
  type DemoDeviceName,
  type DemoDevices,
} from './devices.ts';

const day = 86_400_000;

/** Devices whose record names their certificate, and that a row asks about. */
const bound: readonly DemoDeviceName[] = [
  'meter',
  'depotMeter',
  'annexMeter',
  'expired',
  'early',
  'revoked',
  'orphan',
  'serverOnly',
  'disabled',
  'outsider',
  'tooDeep',
  'weak',
  'cloned',
  'vulnerable',
  'held',
  'elsewhere',
];

/**
 * The inventory as NDJSON: 1,000 devices in three classes. Those of the rows are bound to their real certificates;
 * the others to fingerprints of certificates that nobody holds, and so can never be shown.
 */
export function inventoryNdjson(devices: DemoDevices, now: EpochMs): string {
  return ndjson([...meters(devices, now), ...cameras(), ...behindTheGateway(devices)]);
}

/** What the rig in the bay was last told of its own devices. */
export function rigNdjson(devices: DemoDevices): string {
  const meter = { status: 'active', class: 'meter', owner: 'Harbour Utilities', site: 'rig-7' };
  return ndjson([
    { device_id: devices.rig.id, ...meter, certificates: [devices.rig.leaf.fingerprint] },
    { device_id: 'RIG-0002', ...meter, certificates: [stranger()] },
  ]);
}

function meters(devices: DemoDevices, now: EpochMs): readonly object[] {
  const certificates = new Map<string, readonly unknown[]>(
    bound.map((name) => [devices[name].id, [devices[name].leaf.fingerprint]]),
  );
  // Renewed with an overlap that has ended.
  certificates.set(devices.superseded.id, [
    { sha256: devices.superseded.leaf.fingerprint, until: formatInstant(now - day) },
    devices.renewed.leaf.fingerprint,
  ]);
  // One key pair, copied with an image onto two devices.
  const cloned: ReadonlySet<string> = new Set([devices.cloned.id, 'MTR-0015']);
  return numbered('MTR', 800).map((id, index) => ({
    device_id: id,
    status: id === devices.disabled.id ? 'disabled' : 'active',
    class: 'meter',
    owner: 'Harbour Utilities',
    site: index % 2 === 0 ? 'west-quay' : 'east-quay',
    certificates: certificates.get(id) ?? [stranger()],
    keys: cloned.has(id) ? [devices.cloned.leaf.keyDigest] : [],
    gateways: id === meterBehindGateway ? [gatewayId] : [],
    entitlements: ['telemetry:write'],
  }));
}

function cameras(): readonly object[] {
  return numbered('CAM', 150).map((id, index) => ({
    device_id: id,
    status: 'active',
    class: 'camera',
    owner: 'Harbour Security',
    site: 'east-quay',
    tags: (index + 1) % 10 === 0 ? ['entrance'] : [],
  }));
}

/** The gateway itself, and sensors that have no certificates of their own. */
function behindTheGateway(devices: DemoDevices): readonly object[] {
  const common = { status: 'active', class: 'gateway', site: 'quay-3' };
  return [
    { device_id: gatewayId, ...common, certificates: [devices.gateway.leaf.fingerprint] },
    ...numbered(sensorId.slice(0, 3), 49).map((id) => ({
      ...{ device_id: id, ...common },
      gateways: id === strangerSensorId ? [] : [gatewayId],
    })),
  ];
}

function numbered(kind: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${kind}-${String(index + 1).padStart(4, '0')}`);
}

function stranger(): string {
  return randomBytes(32).toString('hex');
}

function ndjson(rows: readonly object[]): string {
  return `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
}
