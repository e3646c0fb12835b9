import { attestedKey, generateKeys, publicJwk, resultClaims, signToken } from '../../ca/index.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { DemoDevice } from './devices.ts';

/** What the demo's verifier publishes, and what it signed of the camera: each an attestation result of its own. */
export interface DemoAttestation {
  /** JWK Set. */
  readonly keys: string;
  readonly affirming: string;
  readonly contraindicated: string;
}

/** Name of the verifier in the configuration, and the file of its keys. */
export const verifier = { name: 'lab', file: 'pki/lab.jwks', maxAge: '48h' } as const;

/** Issues results that live longer than the fleet does; the key that signs them is kept nowhere. */
export async function makeAttestation(camera: DemoDevice, now: EpochMs): Promise<DemoAttestation> {
  const keys = await generateKeys('ec-p256');
  const signed = (status: string, executables: number): string => {
    const claims = resultClaims({
      dialect: 'veraison',
      issuedAt: now,
      expiresAt: now + 48 * 3_600_000,
      developer: 'https://verifier.harbour.example',
      build: 'lab 1',
      submods: {
        platform: {
          status,
          vector: { 'instance-identity': 2, executables, hardware: 2 },
          key: attestedKey(camera.leaf.keys),
        },
      },
    });
    return signToken(keys, claims, { kid: 'lab-1' });
  };
  return {
    keys: `${JSON.stringify({ keys: [publicJwk(keys, 'lab-1')] }, null, 2)}\n`,
    affirming: signed('affirming', 2),
    contraindicated: signed('contraindicated', 96),
  };
}
