import { KeyObject, sign, webcrypto } from 'node:crypto';
import { PortreeveError } from '../lib/errors.ts';
import { objectIdentifier, sequence, tlv } from './der.ts';

export type KeyKind = 'ec-p256' | 'ec-p384' | 'ec-p521' | 'rsa-1024' | 'rsa-2048' | 'rsa-3072' | 'ed25519';
export type HashName = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
export type CryptoKey = webcrypto.CryptoKey;
export type CryptoKeyPair = webcrypto.CryptoKeyPair;

const curves: Readonly<Record<string, string>> = {
  'ec-p256': 'P-256',
  'ec-p384': 'P-384',
  'ec-p521': 'P-521',
};
const curveHash: Readonly<Record<string, HashName>> = { 'P-384': 'SHA-384', 'P-521': 'SHA-512' };

/** Makes an extractable signing key pair. RSA keys of 1024 bits exist to be refused. */
export async function generateKeys(kind: KeyKind): Promise<CryptoKeyPair> {
  if (kind === 'ed25519')
    return pair(await webcrypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']));
  const namedCurve = curves[kind];
  if (namedCurve !== undefined) {
    const made = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, true, ['sign', 'verify']);
    return pair(made);
  }
  const rsa = {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: Number(kind.slice(4)),
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  };
  return pair(await webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify']));
}

function pair(made: CryptoKeyPair | CryptoKey): CryptoKeyPair {
  if ('privateKey' in made) return made;
  throw new PortreeveError('PDP_INTERNAL', 'the platform made one key where a pair was asked for');
}

/** The kind of a key pair, whoever made it. Throws PDP_USAGE for kinds that this CA does not issue. */
export function kindOf(keys: CryptoKeyPair): KeyKind {
  const algorithm = keys.publicKey.algorithm as webcrypto.KeyAlgorithm &
    Partial<webcrypto.EcKeyAlgorithm & webcrypto.RsaKeyAlgorithm>;
  const found =
    algorithm.name === 'Ed25519'
      ? 'ed25519'
      : algorithm.name === 'ECDSA'
        ? Object.keys(curves).find((kind) => curves[kind] === algorithm.namedCurve)
        : `rsa-${algorithm.modulusLength}`;
  const kinds: readonly string[] = [...Object.keys(curves), 'rsa-1024', 'rsa-2048', 'rsa-3072', 'ed25519'];
  if (found !== undefined && kinds.includes(found)) return found as KeyKind;
  throw new PortreeveError('PDP_USAGE', `cannot issue with keys of algorithm ${algorithm.name}`);
}

/** PKCS#8 PEM (RFC 5958) of the private key. */
export function privateKeyPem(keys: CryptoKeyPair): string {
  return KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** DER SubjectPublicKeyInfo. */
export function publicKeyDer(keys: CryptoKeyPair): Buffer {
  return KeyObject.from(keys.publicKey).export({ type: 'spki', format: 'der' });
}

/** The hash that goes with a key unless another is asked for: as wide as the curve, else SHA-256. */
export function hashFor(keys: CryptoKeyPair, asked?: HashName): HashName {
  const { namedCurve } = keys.privateKey.algorithm as Partial<webcrypto.EcKeyAlgorithm>;
  return asked ?? curveHash[namedCurve ?? ''] ?? 'SHA-256';
}

const ecdsaOids: Readonly<Record<HashName, string>> = {
  'SHA-1': '1.2.840.10045.4.1',
  'SHA-256': '1.2.840.10045.4.3.2',
  'SHA-384': '1.2.840.10045.4.3.3',
  'SHA-512': '1.2.840.10045.4.3.4',
};
const rsaOids: Readonly<Record<HashName, string>> = {
  'SHA-1': '1.2.840.113549.1.1.5',
  'SHA-256': '1.2.840.113549.1.1.11',
  'SHA-384': '1.2.840.113549.1.1.12',
  'SHA-512': '1.2.840.113549.1.1.13',
};

/** DER AlgorithmIdentifier of a signature (RFC 3279, RFC 5758, RFC 8410): RSA with NULL parameters, others with none. */
export function signatureAlgorithm(keys: CryptoKeyPair, hash: HashName): Buffer {
  const { name } = keys.privateKey.algorithm;
  if (name === 'Ed25519') return sequence(objectIdentifier('1.3.101.112'));
  if (name === 'ECDSA') return sequence(objectIdentifier(ecdsaOids[hash]));
  return sequence(objectIdentifier(rsaOids[hash]), tlv(0x05));
}

/** Signs `data` the way certificates and CRLs carry it (ECDSA as a DER SEQUENCE of r and s). */
export function signBytes(keys: CryptoKeyPair, hash: HashName, data: Uint8Array): Buffer {
  const key = KeyObject.from(keys.privateKey);
  const digest = keys.privateKey.algorithm.name === 'Ed25519' ? null : hash.replace('-', '').toLowerCase();
  return sign(digest, data, { key, dsaEncoding: 'der' });
}
