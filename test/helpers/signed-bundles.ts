import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { bundleFiles } from '../../src/policy/pack-bundle.ts';
import type { SignatureAlgorithm, VerificationKey } from '../../src/policy/signatures/types.ts';

/** A pair of keys for one algorithm, made anew. */
export interface SigningKeys {
  readonly algorithm: SignatureAlgorithm;
  readonly key: KeyObject;
  readonly publicKey: KeyObject;
  readonly privatePem: string;
  readonly publicPem: string;
}

const makers: Readonly<Record<string, () => { publicKey: KeyObject; privateKey: KeyObject }>> = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

/** Makes keys; ES256, ES384, RS256, PS256 and EdDSA are known here. */
export function makeSigningKeys(algorithm: SignatureAlgorithm): SigningKeys {
  const make = makers[algorithm];
  if (!make) throw new Error(`no keys are made for ${algorithm}`);
  const { publicKey, privateKey } = make();
  return {
    algorithm,
    key: privateKey,
    publicKey,
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

/** The key as a verifier is configured with it. */
export function verifying(
  { publicKey: key, algorithm }: SigningKeys,
  more: Partial<VerificationKey> = {},
): VerificationKey {
  return { id: 'policy-2026', key, algorithm, ...more };
}

/** Files of a small bundle that nothing evaluates. */
export const sampleFiles: ReadonlyMap<string, Uint8Array> = bundleFiles({
  wasm: new Uint8Array([0, 97, 115, 109]),
  data: { portreeve: { thresholds: [1, 2.5, 'ü'] } },
  revision: 'r1',
  inputVersion: 1,
  compiler: 'opa 1.22.2',
  sources: {},
});
