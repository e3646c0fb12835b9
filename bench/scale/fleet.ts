import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createRoot, issueCa, issueCrl, type Authority } from '../../src/ca/index.ts';
import { parseCertificate } from '../../src/identity/parse.ts';
import { importDevices } from '../../src/inventory/import.ts';
import { importCrlStream } from '../../src/revocation/stream/import-crl-stream.ts';
import { openStore } from '../../src/store/open.ts';
import { serialOf } from './leaves.ts';

export const day = 86_400_000;
export const firmware = 'a1'.repeat(32);
/** Each issuer's list has the certificate of this family that has the issuer's number. */
export const revokedFamily = 9;

/** A root and its issuing CAs, EC P-256 throughout. */
export interface Pki {
  readonly root: Authority;
  readonly issuers: readonly Authority[];
}

export async function makePki(issuers: number, now: number): Promise<Pki> {
  const life = { notBefore: now - 30 * day, notAfter: now + 400 * day };
  const root = await createRoot({ subject: 'CN=Scale Root', ...life });
  const made: Authority[] = [];
  for (let index = 0; index < issuers; index += 1)
    made.push(await issueCa(root, { subject: `CN=Scale Issuer ${index}`, ...life, pathLen: 0 }));
  return { root, issuers: made };
}

export interface FleetOptions {
  /** A folder of its own. */
  readonly folder: string;
  readonly port: number;
  readonly adminPort: number;
  readonly pki: Pki;
  readonly devices: number;
  /** Revoked serial numbers, over all issuers alike. */
  readonly revoked: number;
  readonly now: number;
}

/**
 * Writes certificates, configuration and state of a fleet: its inventory and its CRLs go through the same imports as
 * an operator's do. Watched CRLs are in the folder `crls`, where none is yet. Answers the configuration file.
 */
export async function makeFleet(o: FleetOptions): Promise<string> {
  const { folder, pki, now } = o;
  mkdirSync(join(folder, 'crls'), { recursive: true });
  writeFileSync(join(folder, 'root.pem'), pki.root.pem);
  for (const [index, { pem }] of pki.issuers.entries())
    writeFileSync(join(folder, `issuer-${index}.pem`), pem);
  const store = openStore({ path: join(folder, 'state.db'), mode: 'read_write', now });
  const by = { actor: 'bench', why: 'bench', now };
  await importDevices(store, {
    ...by,
    input: Readable.from(inventory(o.devices)),
    format: 'ndjson',
    tenant: 'default',
  });
  const issuers = [pki.root, ...pki.issuers].map(({ der }) => parseCertificate(der));
  const put = async (authority: Authority, revoked: number, listed: readonly string[]): Promise<void> => {
    const der = await crlOf(authority, 1, revoked, now, listed);
    const source = `${authority.subject}.crl`;
    await importCrlStream(store, { ...by, open: () => Readable.from([der]), issuers, source });
  };
  await put(pki.root, 0, []);
  for (const [index, issuer] of pki.issuers.entries())
    await put(issuer, Math.round(o.revoked / pki.issuers.length), [
      serialOf(revokedFamily, index).toString('hex'),
    ]);
  store.close();
  const configFile = join(folder, 'portreeve.yaml');
  writeFileSync(configFile, configuration(o));
  return configFile;
}

export function deviceId(index: number): string {
  return `meter-${String(index).padStart(8, '0')}`;
}

/** NDJSON of devices; `owner` tells one inventory of the same devices from another. */
export async function* inventory(devices: number, owner = 'bench'): AsyncGenerator<Buffer> {
  for (let start = 0; start < devices; start += 1000) {
    const lines: string[] = [];
    for (let index = start; index < Math.min(start + 1000, devices); index += 1)
      lines.push(
        JSON.stringify({
          device_id: deviceId(index),
          status: 'active',
          class: 'meter',
          owner,
          site: `quay-${index % 200}`,
          serial: `MTR-${index}`,
          tags: ['metering'],
        }),
      );
    yield Buffer.from(`${lines.join('\n')}\n`);
  }
}

/**
 * DER of a CRL with `revoked` random serial numbers of 16 octets, spread evenly and in their order, and with `listed`
 * besides. Those that it makes begin with a bit that is not set.
 */
export async function crlOf(
  authority: Authority,
  number: number,
  revoked: number,
  now: number,
  listed: readonly string[] = [],
): Promise<Uint8Array> {
  const at = now - day;
  const random = randomBytes(12 * revoked).toString('hex');
  const spread = Array.from({ length: revoked }, (_, index) => {
    const head = 0x0100_0000 + Math.floor((index / revoked) * 0x7e00_0000);
    return {
      serial: `${head.toString(16).padStart(8, '0')}${random.slice(24 * index, 24 * index + 24)}`,
      at,
    };
  });
  const { der } = await issueCrl(authority, {
    ...{ number, thisUpdate: now - 3_600_000, nextUpdate: now + 7 * day },
    revoked: [...spread, ...listed.map((serial) => ({ serial, at }))],
  });
  return der;
}

function configuration({ port, adminPort, pki }: FleetOptions): string {
  const names = pki.issuers.map((_, index) => `issuer-${index}`);
  return `version: 1
state: { path: state.db }
server:
  workers: 1 # the server has one core
  listeners: [{ name: bench, address: "127.0.0.1:${port}", pep: bench }]
  admin: { address: "127.0.0.1:${adminPort}" }
peps: [{ name: bench }]
trust:
  anchors: [{ name: root, file: root.pem, profile: { kind: cn }, revocation: { required: true } }]
  intermediates: [${names.map((name) => `{ name: ${name}, file: ${name}.pem }`).join(', ')}]
revocation: { crls: [crls] }
claims: { firmware_hash: [{ header: x-firmware-hash }] }
classes:
  meter:
    assurance: device_proved
    binding: issuer
    issuers: [${names.join(', ')}]
    anchors: [root]
    max_lifetime: 400d
    firmware: { required: true, allowed: ["${firmware}"] }
    networks: ["127.0.0.0/8", "10.0.0.0/8"]
    ttl: 1h
audit: { path: log }
`;
}
