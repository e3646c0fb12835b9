import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createRoot, issueCa, issueCrl, issueLeaf } from '../../src/ca/index.ts';
import { importDevices } from '../../src/inventory/import.ts';
import { openStore } from '../../src/store/open.ts';
import { encodeCheck, firmware } from './requests.ts';

const day = 86_400_000;

export interface BenchFleet {
  readonly folder: string;
  readonly configFile: string;
  /** CheckRequest bytes for certificates that the server will have seen after the first round. */
  readonly warm: readonly Buffer[];
  /** The same certificates, each request from an address that no other comes from: no verdict is remembered for it. */
  readonly moved: readonly Buffer[];
  /** CheckRequest bytes, each with a certificate that no other has. */
  readonly cold: readonly Buffer[];
}

/** 1,000 devices under one issuing CA with one fresh CRL of 1,000 other serials; EC P-256 throughout. */
export async function makeBenchFleet(
  port: number,
  counts: { warm: number; moved: number; cold: number },
  now: number,
): Promise<BenchFleet> {
  const folder = await mkdtemp(join(tmpdir(), 'portreeve-bench-'));
  await mkdir(join(folder, 'crls'));
  const life = { notBefore: now - 30 * day, notAfter: now + 400 * day };
  const root = await createRoot({ subject: 'CN=Bench Root', ...life });
  const issuer = await issueCa(root, { subject: 'CN=Bench Issuer', ...life, pathLen: 0 });
  await writeFile(join(folder, 'root.pem'), root.pem);
  await writeFile(join(folder, 'issuer.pem'), issuer.pem);
  const update = { number: 1, thisUpdate: now - 3_600_000, nextUpdate: now + 7 * day };
  const others = Array.from({ length: 1000 }, (_, index) => ({
    serial: (0x7000_0000 + index).toString(16),
    at: now - day,
  }));
  await writeFile(join(folder, 'crls/root.crl'), (await issueCrl(root, { ...update, revoked: [] })).pem);
  await writeFile(
    join(folder, 'crls/issuer.crl'),
    (await issueCrl(issuer, { ...update, revoked: others })).pem,
  );

  const store = openStore({ path: join(folder, 'state.db'), mode: 'read_write', now });
  const rows = Array.from({ length: 1000 }, (_, index) =>
    JSON.stringify({
      device_id: deviceId(index),
      status: 'active',
      class: 'meter',
      owner: 'bench',
      site: 'bench',
    }),
  );
  await importDevices(store, {
    input: Readable.from([Buffer.from(`${rows.join('\n')}\n`)]),
    format: 'ndjson',
    tenant: 'default',
    actor: 'bench',
    why: 'benchmark',
    now,
  });
  store.close();

  const configFile = join(folder, 'portreeve.yaml');
  await writeFile(configFile, configuration(port, folder));
  const encode = requestEncoder();
  const bodies: Buffer[] = [];
  const pems: string[] = [];
  for (let index = 0; index < counts.warm + counts.cold; index += 1) {
    const id = deviceId(index % 1000);
    const leaf = await issueLeaf(issuer, {
      subject: `CN=${id}`,
      notBefore: now - day,
      notAfter: now + 90 * day,
    });
    bodies.push(encode(leaf.pem, addressOf(index, 0)));
    if (index < counts.warm) pems.push(leaf.pem);
  }
  const moved = Array.from({ length: counts.moved }, (_, index) =>
    encode(
      pems[index % pems.length] as string,
      addressOf(index % pems.length, 1 + Math.floor(index / pems.length)),
    ),
  );
  return { folder, configFile, warm: bodies.slice(0, counts.warm), moved, cold: bodies.slice(counts.warm) };
}

/** A device keeps to its own network of 254 addresses: in another one its key would count as used in two places. */
function addressOf(device: number, turn: number): string {
  return `10.${device >> 8}.${device & 255}.${1 + (turn % 254)}`;
}

function deviceId(index: number): string {
  return `meter-${String(index).padStart(5, '0')}`;
}

function configuration(port: number, folder: string): string {
  return `version: 1
state: { path: state.db }
server:
  workers: 1 # the server has one core
  listeners: [{ name: bench, address: "127.0.0.1:${port}", pep: bench }]
  admin: { address: "unix:${folder}/admin.sock" }
peps: [{ name: bench }]
trust:
  anchors: [{ name: root, file: root.pem, profile: { kind: cn }, revocation: { required: true } }]
  intermediates: [{ name: issuer, file: issuer.pem }]
revocation: { crls: [crls] }
claims: { firmware_hash: [{ header: x-firmware-hash }] }
classes:
  meter:
    assurance: device_proved
    binding: issuer
    issuers: [issuer]
    anchors: [root]
    max_lifetime: 400d
    firmware: { required: true, allowed: ["${firmware}"] }
    networks: ["127.0.0.0/8", "10.0.0.0/8"]
    ttl: 1h
audit: { path: log }
`;
}

/** Encodes what Envoy's HTTP filter sends about a certificate (PEM) and an address. */
export function requestEncoder(): (pem: string, from: string) => Buffer {
  return (pem, from) => encodeCheck({ pem, from });
}
