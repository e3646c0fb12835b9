import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createRoot, issueCa, issueCrl, type Authority, type KeyKind } from '../../src/ca/index.ts';
import { importDevices } from '../../src/inventory/import.ts';
import { openStore } from '../../src/store/open.ts';
import { serialOf } from '../scale/leaves.ts';

export const day = 86_400_000;
/** Active meters; of each other kind there are fewer. */
export const meters = 1000;
/** Meters that the inventory disables, and those whose certificate is on the list. */
export const refusedDevices = 40;
export const gateways = 8;
export const children = 400;
/** Certificates of this family are on their issuer's list, under the numbers from 0. */
export const revokedFamily = 9;
const otherRevoked = 1000;

export type DeviceKind = 'meter' | 'quara' | 'unkno' | 'gatew' | 'senso' | 'rsadv';

/** A root and its issuing CA. */
export interface Trust {
  readonly root: Authority;
  readonly issuer: Authority;
}

export interface World {
  /** Certificates, CRLs and state, to be copied for each server. */
  readonly folder: string;
  readonly now: number;
  readonly ec: Trust;
  readonly rsa: Trust;
  /** Trusted by nobody. */
  readonly strange: Trust;
}

/** 1,000 active meters, gateways with their children, and some that are refused; CRLs of 1,000 serial numbers and more. */
export async function makeWorld(now: number): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-bench-'));
  mkdirSync(join(folder, 'crls'));
  const world = {
    ...{ folder, now },
    ec: await makeTrust('Bench', 'ec-p256', now),
    rsa: await makeTrust('Bench RSA', 'rsa-2048', now),
    strange: await makeTrust('Strange', 'ec-p256', now),
  };
  for (const [name, { root, issuer }] of [['ec', world.ec] as const, ['rsa', world.rsa] as const]) {
    writeFileSync(join(folder, `${name}-root.pem`), root.pem);
    writeFileSync(join(folder, `${name}-issuer.pem`), issuer.pem);
    await writeCrls(folder, name, { root, issuer }, now);
  }
  const store = openStore({ path: join(folder, 'state.db'), mode: 'read_write', now });
  await importDevices(store, {
    input: Readable.from([
      Buffer.from(
        `${inventory()
          .map((row) => JSON.stringify(row))
          .join('\n')}\n`,
      ),
    ]),
    ...{ format: 'ndjson', tenant: 'default', actor: 'bench', why: 'benchmark', now },
  });
  store.close();
  return world;
}

async function makeTrust(name: string, key: KeyKind, now: number): Promise<Trust> {
  const life = { key, notBefore: now - 300 * day, notAfter: now + 400 * day };
  const root = await createRoot({ subject: `CN=${name} Root`, ...life });
  return { root, issuer: await issueCa(root, { subject: `CN=${name} Issuer`, ...life, pathLen: 0 }) };
}

async function writeCrls(folder: string, name: string, { root, issuer }: Trust, now: number): Promise<void> {
  const update = { number: 1, thisUpdate: now - 3_600_000, nextUpdate: now + 7 * day };
  const revoked = revokedSerials().map((serial) => ({ serial, at: now - day }));
  writeFileSync(
    join(folder, `crls/${name}-root.crl`),
    (await issueCrl(root, { ...update, revoked: [] })).pem,
  );
  writeFileSync(
    join(folder, `crls/${name}-issuer.crl`),
    (await issueCrl(issuer, { ...update, revoked })).pem,
  );
}

/** Serial numbers that are revoked, lower-case hexadecimal: those of certificates that are shown, and others. */
export function revokedSerials(): string[] {
  const shown = Array.from({ length: refusedDevices }, (_, index) =>
    serialOf(revokedFamily, index).toString('hex'),
  );
  const others = Array.from({ length: otherRevoked }, (_, index) => (0x7000_0000 + index).toString(16));
  return [...shown, ...others];
}

/** All of one length, as their certificates are made after one sample. */
export function deviceId(kind: DeviceKind, index: number): string {
  return `${kind}-${String(index).padStart(5, '0')}`;
}

/** The gateway that a child is behind. */
export function gatewayOf(child: number): number {
  return child % gateways;
}

/** Rows of the inventory; who reads more than this of them is not asked about anything else. */
export function inventory(): {
  device_id: string;
  status: string;
  class: string;
  [field: string]: unknown;
}[] {
  const some = (
    many: number,
    kind: DeviceKind,
    status: string,
    class_: string,
    more = {},
  ): ReturnType<typeof inventory> =>
    Array.from({ length: many }, (_, index) => ({
      ...{ device_id: deviceId(kind, index), status, class: class_ },
      ...{ owner: 'bench', site: `quay-${index % 20}` },
      ...more,
    }));
  return [
    ...some(meters, 'meter', 'active', 'meter'),
    ...some(meters, 'rsadv', 'active', 'meter'),
    ...some(refusedDevices, 'quara', 'quarantined', 'meter'),
    ...some(gateways, 'gatew', 'active', 'gateway'),
    ...some(children, 'senso', 'active', 'sensor').map((row, index) => ({
      ...row,
      gateways: [deviceId('gatew', gatewayOf(index))],
    })),
  ];
}
