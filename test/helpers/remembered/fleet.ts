/**
 * What stays the same through every run of the test of remembered decisions: authorities, certificates, tokens, and a
 * store that each run gets a copy of. Certificates and tokens begin and end within hours, so that runs meet their ends.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attestedKey, generateKeys, publicJwk, resultClaims, signToken } from '../../../src/ca/index.ts';
import type { Leaf } from '../../../src/ca/index.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { forgeAnswer } from '../ocsp-forge.ts';
import { day, deviceId, firmware, hour, makeWorld, worldTime } from '../world.ts';
import type { World } from '../world.ts';

export const minute = 60_000;

/** Firmware that the catalogue has from the beginning: of one product, in two versions. */
export const releases = [
  { firmware_hash: firmware.good, product: 'meter-os', version: '2.0.0', status: 'approved' },
  { firmware_hash: firmware.unheardOf, product: 'meter-os', version: '1.0.0', status: 'approved' },
];

export const leafNames = [
  'meter',
  'ending',
  'coming',
  'twin',
  'fresh',
  'camera',
  'gateway',
  'retired',
  'legacy',
] as const;
export type LeafName = (typeof leafNames)[number];

export const tokenNames = ['token', 'older', 'measured', 'warning'] as const;
export type TokenName = (typeof tokenNames)[number];

export interface Fleet {
  readonly world: World;
  readonly leaves: Readonly<Record<LeafName, Leaf>>;
  /** A certificate of a CA that nobody trusts. */
  readonly stranger: Leaf;
  /** Attestation results about `meter`, by one verifier. */
  readonly tokens: Readonly<Record<TokenName, string>>;
  /** OCSP responses about `meter`, DER. */
  readonly staples: Readonly<Record<'good' | 'revoked', Uint8Array>>;
}

/** Makes all of it; takes some tenths of a second. */
export async function makeFleet(): Promise<Fleet> {
  const verifier = await generateKeys('ec-p256');
  const world = await makeWorld({
    configure: (document) => {
      document.attestation = { verifiers: [verifierEntry()] };
      document.custom = { ...(document.custom as object), zone: { header: 'x-zone' } };
      document.wire = { retry_after: { min: '1s', max: '1s' } };
    },
    devices: [
      { device_id: deviceId('meter/2'), status: 'active', class: 'meter', site: 'nantes' },
      { device_id: 'legacy-1', status: 'active', class: 'meter' },
    ],
    files: (folder) => {
      const published = JSON.stringify({ keys: [publicJwk(verifier, 'lab-1')] });
      writeFileSync(join(folder, 'lab.jwks'), published);
      writeFileSync(join(folder, 'devices.ndjson'), '');
    },
  });
  const leaves = await makeLeaves(world);
  const tokens = {
    token: tokenOf(leaves.meter, verifier, { issuedAt: worldTime - minute }),
    older: tokenOf(leaves.meter, verifier, { issuedAt: worldTime - 10 * minute }),
    measured: tokenOf(leaves.meter, verifier, {
      issuedAt: worldTime - 2000,
      expiresAt: worldTime + 20 * minute,
      more: { firmware: firmware.good },
    }),
    warning: tokenOf(leaves.meter, verifier, { issuedAt: worldTime - 1000, status: 'warning' }),
  };
  const stranger = await world.leaf('meter/1', { issuer: 'foreignMeters' });
  return { world, leaves, stranger, tokens, staples: staplesOf(world, leaves.meter) };
}

function verifierEntry() {
  return {
    ...{ name: 'lab', keys: { file: 'lab.jwks' }, algorithms: ['ES256'], max_age: '2h', tolerance: '30s' },
    firmware: { pointer: '/firmware' },
  };
}

async function makeLeaves(world: World): Promise<Fleet['leaves']> {
  const shared = await generateKeys('ec-p256');
  return {
    meter: await world.leaf('meter/1', { keyPair: shared, notAfter: worldTime + 40 * day }),
    ending: await world.leaf('meter/1', { notAfter: worldTime + 2 * hour }),
    coming: await world.leaf('meter/1', { notBefore: worldTime + hour }),
    // Another device with the same key.
    twin: await world.leaf('meter/2', { keyPair: shared }),
    fresh: await world.leaf('meter/new'),
    camera: world.cameraLeaf,
    gateway: await world.leaf('gateway/1', { notAfter: worldTime + 5 * hour }),
    retired: await world.leaf('meter/2', { issuer: 'retired' }),
    legacy: await world.leaf('legacy-1', { issuer: 'legacy' }),
  };
}

interface Attested {
  readonly issuedAt: number;
  readonly expiresAt?: number;
  readonly status?: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

function tokenOf(
  { keys }: Leaf,
  verifier: Parameters<typeof signToken>[0],
  { issuedAt, expiresAt = worldTime + hour, status = 'affirming', more }: Attested,
): string {
  const claims = resultClaims({
    ...{ dialect: 'ear', issuedAt, expiresAt, developer: 'https://verifier.example', build: 'lab 1.0' },
    submods: {
      platform: {
        ...{
          status,
          vector: { executables: status === 'warning' ? 33 : 2, hardware: 2 },
          policy: 'policy:1',
        },
        key: attestedKey(keys),
        ...(more && { more }),
      },
    },
  });
  return signToken(verifier, claims, { kid: 'lab-1' });
}

function staplesOf({ pki }: World, { der }: Leaf): Fleet['staples'] {
  const { serial } = parseCertificate(der);
  const times = { thisUpdate: worldTime - hour, nextUpdate: worldTime + 3 * hour };
  return {
    good: forgeAnswer({ issuer: pki.meters, singles: [{ serial, ...times }] }),
    revoked: forgeAnswer({
      issuer: pki.meters,
      singles: [{ serial, ...times, status: 'revoked', revokedAt: worldTime - hour }],
    }),
  };
}
