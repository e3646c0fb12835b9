import { constants, createPublicKey, type KeyObject, verify, Verify } from 'node:crypto';
import { hasWeakDigest, readSignatureScheme, type SignatureScheme } from './signature-algorithm.ts';
import { keyWeakness } from './strength.ts';
import type { PublicKeyInfo } from './types.ts';

export type SignatureVerdict = 'valid' | 'invalid' | 'unsupported' | 'weak';

/** A signature over a certificate or a CRL, and the key that is said to have made it. */
export interface SignedData {
  readonly algorithmOid: string;
  /** The AlgorithmIdentifier's DER. */
  readonly algorithmDer: Uint8Array;
  /** The signer's SubjectPublicKeyInfo; give the same array each time, its imported key is kept with it. */
  readonly spki: Uint8Array;
  readonly key: PublicKeyInfo;
  /** What was signed; or, where it went by as a stream, what has taken it in under the digest that is asked for. */
  readonly data: Uint8Array | ((digest: SignatureScheme['digest']) => Verify | Uint8Array);
  readonly signature: Uint8Array;
}

/** Imported keys, for as long as the certificates live that their SubjectPublicKeyInfo is a view of. */
const imported = new WeakMap<Uint8Array, KeyObject>();

/**
 * Verifies one signature with OpenSSL. `weak` is a SHA-1 or MD5 digest, or a key below today's strength, and was not
 * verified; `unsupported` an algorithm, parameters or key that this program does not verify; `invalid` everything that
 * does not verify, a key that cannot be imported and a broken AlgorithmIdentifier included. Never throws.
 * With `weak: 'verify'` SHA-1 and MD5 signatures, and those by RSA keys from 1024 bits, are verified like others; the
 * caller answers for them.
 */
export function verifySignature(signed: SignedData, weak: 'refuse' | 'verify' = 'refuse'): SignatureVerdict {
  try {
    const scheme = readSignatureScheme(signed.algorithmDer);
    if (scheme === undefined || signed.key.algorithm === 'unsupported') return 'unsupported';
    if (!scheme.keys.includes(signed.key.algorithm)) return 'invalid';
    if (keyWeakness(signed.key, weak === 'verify') !== undefined) return 'weak';
    if (weak === 'refuse' && hasWeakDigest(scheme)) return 'weak';
    return verifyWith(scheme, signed) ? 'valid' : 'invalid';
  } catch {
    // Keys off their curve, signatures that are no DER, broken algorithm identifiers: all are no valid signature.
    return 'invalid';
  }
}

function verifyWith(scheme: SignatureScheme, signed: SignedData): boolean {
  const key = importKey(signed.spki);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const options = scheme.saltLength === undefined ? { key } : { key, padding, saltLength: scheme.saltLength };
  const data = typeof signed.data === 'function' ? signed.data(scheme.digest) : signed.data;
  if (data instanceof Verify) return data.verify(options, signed.signature);
  return verify(scheme.digest, data, options, signed.signature);
}

function importKey(spki: Uint8Array): KeyObject {
  const known = imported.get(spki);
  if (known !== undefined) return known;
  const der = Buffer.from(spki.buffer, spki.byteOffset, spki.byteLength);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  imported.set(spki, key);
  return key;
}
