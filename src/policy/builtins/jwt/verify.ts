import { constants, createHmac, timingSafeEqual, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { derElement, derUnsigned } from '../../../lib/der/write.ts';
import { tags } from '../../../lib/der/tags.ts';
import type { VerificationKey } from './keys.ts';

/** Bits of RSA keys below which no signature counts. */
const leastModulus = 1024;

/**
 * Whether a signature over a text holds by an algorithm of RFC 7518 (or EdDSA, RFC 8037). `lenient`: as `io.jwt.verify_*`
 * has it, an ECDSA signature is two halves whatever their length, and a private key verifies nothing.
 */
export function verifies(
  key: VerificationKey,
  alg: string,
  signed: string,
  signature: Buffer,
  lenient: boolean,
): boolean {
  const [family, hash] = [alg.slice(0, 2), `sha${alg.slice(2)}`];
  const data = Buffer.from(signed, 'utf8');
  if (Buffer.isBuffer(key.key)) {
    if (family !== 'HS' || lenient) return false;
    return hmacHolds(hash, key.key, data, signature);
  }
  if (lenient && key.private) return false;
  switch (family) {
    case 'RS':
      return isRsa(key.key) && holds(hash, data, { key: key.key }, signature);
    case 'PS':
      return isRsa(key.key) && holds(hash, data, { key: key.key, ...pss(lenient) }, signature);
    case 'ES':
      return isEc(key.key) && ecdsaHolds(hash, data, key.key, signature, lenient);
    case 'Ed':
      return key.key.asymmetricKeyType === 'ed25519' && holds(null, data, { key: key.key }, signature);
    default:
      return false;
  }
}

export function hmacHolds(hash: string, key: Buffer, data: Buffer, signature: Buffer): boolean {
  const expected = createHmac(hash, key).update(data).digest();
  return expected.length === signature.length && timingSafeEqual(expected, signature);
}

/** RFC 7518 section 3.5 wants a salt as long as the digest; `io.jwt.verify_*` takes any. */
function pss(lenient: boolean): { readonly padding: number; readonly saltLength: number } {
  const {
    RSA_PKCS1_PSS_PADDING: padding,
    RSA_PSS_SALTLEN_AUTO: any,
    RSA_PSS_SALTLEN_DIGEST: digest,
  } = constants;
  return { padding, saltLength: lenient ? any : digest };
}

function isRsa(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= leastModulus;
}

function isEc(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'ec';
}

const coordinateBytes: Readonly<Record<string, number>> = { prime256v1: 32, secp384r1: 48, secp521r1: 66 };

function ecdsaHolds(
  hash: string,
  data: Buffer,
  key: KeyObject,
  signature: Buffer,
  lenient: boolean,
): boolean {
  const size = coordinateBytes[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (size === undefined || (!lenient && signature.length !== size * 2)) return false;
  const half = Math.trunc(signature.length / 2);
  const [r, s] = [signature.toString('hex', 0, half), signature.toString('hex', half)];
  if (!/[1-9a-f]/.test(r) || !/[1-9a-f]/.test(s)) return false;
  return holds(hash, data, { key }, derElement(tags.sequence, derUnsigned(r), derUnsigned(s)));
}

type Key = Parameters<typeof verify>[2];

function holds(hash: string | null, data: Buffer, key: Key, signature: Uint8Array): boolean {
  try {
    return verify(hash, data, key, signature);
  } catch {
    // A signature of a length that the key cannot have made.
    return false;
  }
}
