import { issueLeaf, type Authority, type Leaf } from '../../ca/index.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { Authorities } from './authorities.ts';

const day = 86_400_000;

/** What certificates have left when the fleet is made, in milliseconds; unless a row needs another end. */
export const lifeMs = 180 * day;

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
  | 'cloned'
  | 'superseded'
  | 'renewed'
  | 'vulnerable'
  | 'held'
  | 'elsewhere'
  | 'rig';

export const gatewayId = 'spiffe://gateways.harbour.example/quay-3/gw-1';
/** Children that the gateway speaks for; they have no certificates of their own. */
export const sensorId = 'SEN-0001';
/** Its record names no gateway, and nothing is delegated. */
export const strangerSensorId = 'SEN-0049';
export const meterBehindGateway = 'MTR-0050';

/** Issues the certificates of the rows: 802.1AR subjects (serialNumber) for devices, SPIFFE for the gateway. */
export async function makeDevices(authorities: Authorities, now: EpochMs): Promise<DemoDevices> {
  const current = { notBefore: now - 10 * day, notAfter: now + lifeMs };
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
    superseded: await device('MTR-0016', authorities.meters),
    renewed: await device('MTR-0016', authorities.meters),
    vulnerable: await device('MTR-0017', authorities.meters),
    held: await device('MTR-0018', authorities.meters),
    // Its one certificate is not also shown from elsewhere: that would be a copied key, which is told.
    elsewhere: await device('MTR-0019', authorities.meters),
    rig: await device('RIG-0001', authorities.meters),
  };
}
