import { issueLeaf } from '../../src/ca/index.ts';
import { leafMaker, serialOf } from '../scale/leaves.ts';
import { encodeBatch, encodeCheck, encodeDecide, type Connection } from './requests.ts';
import {
  children,
  day,
  deviceId,
  gatewayOf,
  gateways,
  meters,
  refusedDevices,
  revokedFamily,
  type World,
} from './world.ts';

/** Requests of one measurement, ready to be sent. */
export type Bodies = readonly Buffer[];

/** Makes the requests of all rows. Whatever has a number as argument answers so many that were never sent before. */
export interface BodyMaker {
  readonly warm: Bodies;
  readonly manyHeaders: Bodies;
  readonly denied: Bodies;
  readonly rsa: Bodies;
  readonly gateway: Bodies;
  readonly decide: Bodies;
  readonly batch: Bodies;
  /** Known certificates from addresses that they never came from. */
  moved(many: number): Bodies;
  /** Certificates that were never seen. */
  cold(many: number): Bodies;
  coldRsa(many: number): Bodies;
  /** One in a hundred was never seen, the others are warm. */
  oneInHundred(many: number): Bodies;
}

export const batchSize = 64;
/** Requests of each known connection that differ as one device's requests do. */
const turns = 3;
/** Making an RSA key takes a tenth of a second. */
const rsaLeaves = 40;

export async function makeBodies(world: World): Promise<BodyMaker> {
  const { ec, rsa, strange, now } = world;
  const [sample, usual] = [deviceId('meter', 0), 1];
  const [make, makeRsa] = [await leafMaker(ec.issuer, sample, now), await leafMaker(rsa.issuer, sample, now)];
  const makeStrange = await leafMaker(strange.issuer, sample, now);
  const makeOld = await leafMaker(ec.issuer, sample, now - 150 * day);
  const known = several(meters, (index) => ({
    pem: make(deviceId('meter', index), serialOf(usual, index)),
    from: addressOf(index, 0),
  }));
  const behind = several(gateways, (index) => make(deviceId('gatew', index), serialOf(2, index)));
  const rsaPems = await Promise.all(
    several(rsaLeaves, async (index) => {
      const subject = `CN=${deviceId('rsadv', index)}`;
      const life = { notBefore: now - day, notAfter: now + 90 * day };
      return (await issueLeaf(rsa.issuer, { subject, key: 'rsa-2048', ...life })).pem;
    }),
  );
  const denied = several(refusedDevices, (index): Connection[] => {
    const [from, known] = [addressOf(index, 0), deviceId('meter', index)];
    return [
      { from, pem: make(known, serialOf(revokedFamily, index)) },
      { from, pem: make(deviceId('unkno', index), serialOf(3, index)) },
      { from, pem: make(deviceId('quara', index), serialOf(4, index)) },
      { from, pem: makeStrange(known, serialOf(5, index)) },
      { from, pem: makeOld(known, serialOf(6, index)) },
      { from: `192.0.2.${index}`, pem: make(known, serialOf(7, index)) },
      { from, pem: make(known, serialOf(7, index)), firmware: 'b2'.repeat(32) },
    ];
  }).flat();
  let [newest, moves] = [0, 0];
  const unseen = (maker: typeof make, kind: 'meter' | 'rsadv'): Buffer => {
    const number = (newest += 1);
    const device = number % meters;
    return encodeCheck({
      pem: maker(deviceId(kind, device), serialOf(8, number)),
      from: addressOf(device, 0),
    });
  };
  const warm = often(known, encodeCheck);
  return {
    warm,
    manyHeaders: often(known, (connection) => encodeCheck({ ...connection, headers: 40 })),
    denied: often(denied, encodeCheck),
    rsa: often(
      rsaPems.map((pem, index) => ({ pem, from: addressOf(index, 1) })),
      encodeCheck,
    ),
    gateway: often(
      several(children, (index) => ({
        pem: behind[gatewayOf(index)] as string,
        from: addressOf(index, 0),
        child: deviceId('senso', index),
      })),
      encodeCheck,
    ),
    decide: often(known, encodeDecide),
    batch: several(turns * Math.floor(meters / batchSize), (index) =>
      encodeBatch(several(batchSize, (place) => known[(index * batchSize + place) % meters] as Connection)),
    ),
    moved: (many) =>
      several(many, () => {
        const device = moves % meters;
        moves += 1;
        return encodeCheck({
          pem: (known[device] as Connection).pem,
          from: addressOf(device, 1 + Math.floor(moves / meters)),
        });
      }),
    cold: (many) => several(many, () => unseen(make, 'meter')),
    coldRsa: (many) => several(many, () => unseen(makeRsa, 'rsadv')),
    oneInHundred: (many) =>
      several(many, (index) =>
        index % 100 === 99 ? unseen(make, 'meter') : (warm[index % warm.length] as Buffer),
      ),
  };
}

function often(connections: readonly Connection[], encode: (connection: Connection) => Buffer): Bodies {
  return several(turns, () => connections.map(encode)).flat();
}

function several<T>(many: number, make: (index: number) => T): T[] {
  return Array.from({ length: many }, (_, index) => make(index));
}

/** A device keeps to its own network of 254 addresses: in another one its key would count as used in two places. */
function addressOf(device: number, turn: number): string {
  return `10.${device >> 8}.${device & 255}.${1 + (turn % 254)}`;
}
