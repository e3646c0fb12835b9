import { randomBytes } from 'node:crypto';
import { issueLeaf, type Authority, type Leaf } from '../../ca/index.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { Authorities } from './authorities.ts';

const day = 86_400_000;

/** A device whose certificate the demo holds, so that it can ask as that device. */
export interface DemoDevice {
  readonly id: string;
  readonly leaf: Leaf;
}

/** Every certificate that a row of the table presents, by a short name. */
export type DemoDevices = Readonly<Record<DemoDeviceName, DemoDevice>>;

export type DemoDeviceName =
  | 'meter'
  | 'camera'
  | 'gateway'
  | 'depotMeter'
  | 'annexMeter'
  | 'expired'
  | 'early'
  | 'revoked'
  | 'orphan'
  | 'foreign'
  | 'serverOnly'
  | 'unknown'
  | 'disabled'
  | 'unbound'
  | 'outsider'
  | 'tooDeep'
  | 'weak'
  | 'cloned';

export const gatewayId = 'spiffe://gateways.harbour.example/quay-3/gw-1';
/** Children that the gateway speaks for; they have no certificates of their own. */
export const sensorId = 'SEN-0001';
export const meterBehindGateway = 'MTR-0050';

export const firmware = {
  meterGood: 'a1'.repeat(32),
  meterBlocked: 'b2'.repeat(32),
  meterUnknown: 'c3'.repeat(32),
  cameraGood: 'd4'.repeat(32),
} as const;

/** Issues the certificates of the rows: 802.1AR subjects (serialNumber) for devices, SPIFFE for the gateway. */
export async function makeDevices(authorities: Authorities, now: EpochMs): Promise<DemoDevices> {
  const current = { notBefore: now - 10 * day, notAfter: now + 180 * day };
  const device = async (
    id: string,
    issuer: Authority,
    more: Partial<Parameters<typeof issueLeaf>[1]> = {},
  ): Promise<DemoDevice> => ({
    id,
    leaf: await issueLeaf(issuer, {
      subject: `O=Harbour Utilities,CN=${id},2.5.4.5=${id}`,
      ...current,
      ...more,
    }),
  });
  return {
    meter: await device('MTR-0001', authorities.meters),
    camera: await device('CAM-0001', authorities.cameras),
    gateway: await device(gatewayId, authorities.gateways, {
      subject: 'O=Harbour Utilities,CN=gw-1',
      san: { uri: [gatewayId] },
      eku: ['clientAuth', 'serverAuth'],
    }),
    depotMeter: await device('MTR-0002', authorities.depot),
    annexMeter: await device('MTR-0003', authorities.annex),
    expired: await device('MTR-0004', authorities.meters, { notBefore: now - 29 * day, notAfter: now - day }),
    early: await device('MTR-0005', authorities.meters, {
      notBefore: now + 2 * day,
      notAfter: now + 180 * day,
    }),
    revoked: await device('MTR-0006', authorities.meters),
    orphan: await device('MTR-0007', authorities.withdrawn),
    foreign: await device('MTR-0001', authorities.foreign),
    serverOnly: await device('MTR-0008', authorities.meters, { eku: ['serverAuth'] }),
    unknown: await device('MTR-9999', authorities.meters),
    disabled: await device('MTR-0009', authorities.meters),
    unbound: await device('MTR-0010', authorities.meters),
    outsider: await device('MTR-0011', authorities.constrained, {
      san: { dns: ['mtr-0011.elsewhere.example'] },
    }),
    tooDeep: await device('MTR-0012', authorities.overreaching),
    weak: await device('MTR-0013', authorities.meters, { key: 'rsa-1024' }),
    cloned: await device('MTR-0014', authorities.meters),
  };
}

/**
 * The inventory as NDJSON: 1,000 devices in three classes. Those of the rows are bound to their real certificates;
 * the others to fingerprints of certificates that nobody holds, and so can never be shown.
 */
export function inventoryNdjson(devices: DemoDevices): string {
  const bound = new Map<string, string>();
  for (const name of [
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
  ] as const) {
    bound.set(devices[name].id, devices[name].leaf.fingerprint);
  }
  const stranger = (): string => randomBytes(32).toString('hex');
  // One key pair, copied with an image onto two devices.
  const cloned: ReadonlySet<string> = new Set([devices.cloned.id, 'MTR-0015']);
  const number = (index: number): string => String(index).padStart(4, '0');
  const rows: object[] = [];
  for (let index = 1; index <= 800; index += 1) {
    const id = `MTR-${number(index)}`;
    rows.push({
      device_id: id,
      status: id === devices.disabled.id ? 'disabled' : 'active',
      class: 'meter',
      owner: 'Harbour Utilities',
      site: index % 2 === 0 ? 'east-quay' : 'west-quay',
      certificates: [bound.get(id) ?? stranger()],
      keys: cloned.has(id) ? [devices.cloned.leaf.keyDigest] : [],
      gateways: id === meterBehindGateway ? [gatewayId] : [],
      entitlements: ['telemetry:write'],
    });
  }
  for (let index = 1; index <= 150; index += 1) {
    rows.push({
      device_id: `CAM-${number(index)}`,
      status: 'active',
      class: 'camera',
      owner: 'Harbour Security',
      site: 'east-quay',
      tags: index % 10 === 0 ? ['entrance'] : [],
    });
  }
  rows.push({
    device_id: gatewayId,
    status: 'active',
    class: 'gateway',
    site: 'quay-3',
    certificates: [devices.gateway.leaf.fingerprint],
  });
  for (let index = 1; index <= 49; index += 1) {
    rows.push({
      device_id: `SEN-${number(index)}`,
      status: 'active',
      class: 'gateway',
      site: 'quay-3',
      gateways: [gatewayId],
    });
  }
  return `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
}
