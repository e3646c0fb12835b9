import { createECDH, createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { CryptoKeyPair } from '../../../ca/index.ts';
import type { KeyWord } from '../words.ts';

interface Curve {
  readonly curve: string;
  readonly name: string;
  readonly octets: number;
}

const curves: Readonly<Partial<Record<KeyWord, Curve>>> = {
  'ec-p256': { curve: 'prime256v1', name: 'P-256', octets: 32 },
  'ec-p384': { curve: 'secp384r1', name: 'P-384', octets: 48 },
  'ec-p521': { curve: 'secp521r1', name: 'P-521', octets: 66 },
};

/** PKCS#8 of an Ed25519 key up to its seed (RFC 8410 section 7). */
const ed25519Head = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The key pair of a description: the same description has the same key, on every machine, so that digests of keys are the
 * same in every run. RSA keys cannot be derived, and are made anew. They are keys of tests: whoever reads the cases knows
 * them.
 */
export async function keysOf(description: string, kind: KeyWord = 'ec-p256'): Promise<CryptoKeyPair> {
  const curve = curves[kind];
  if (curve) return ecPair(description, curve);
  if (kind === 'ed25519') return ed25519Pair(description);
  const { generateKeys } = await import('../../../ca/index.ts');
  return generateKeys(kind);
}

function ecPair(description: string, { curve, name, octets }: Curve): CryptoKeyPair {
  const scalar = expand(description, octets);
  // Below every curve's order, and never 0.
  scalar[0] = 0;
  scalar[1] = (scalar[1] as number) | 1;
  const agreement = createECDH(curve);
  agreement.setPrivateKey(scalar);
  const point = agreement.getPublicKey().subarray(1);
  const jwk = {
    ...{ kty: 'EC', crv: name, d: scalar.toString('base64url') },
    x: point.subarray(0, octets).toString('base64url'),
    y: point.subarray(octets).toString('base64url'),
  };
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  return pairOf(key, { name: 'ECDSA', namedCurve: name });
}

function ed25519Pair(description: string): CryptoKeyPair {
  const der = Buffer.concat([ed25519Head, expand(description, 32)]);
  return pairOf(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }), { name: 'Ed25519' });
}

function pairOf(
  key: KeyObject,
  algorithm: { readonly name: string; readonly namedCurve?: string },
): CryptoKeyPair {
  return {
    privateKey: key.toCryptoKey(algorithm, true, ['sign']),
    publicKey: createPublicKey(key).toCryptoKey(algorithm, true, ['verify']),
  };
}

/** Octets that follow from a description. */
function expand(description: string, octets: number): Buffer {
  return createHash('shake256', { outputLength: octets })
    .update(`portreeve case key\0${description}`)
    .digest();
}
