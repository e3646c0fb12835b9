import { derError, type Tlv } from '../lib/der/reader.ts';
import { tags } from '../lib/der/tags.ts';
import { readNull, readOctetAlignedBits, readOid, readUnsignedHex } from '../lib/der/values.ts';
import { DerReader } from '../lib/der/reader.ts';
import type { PublicKeyInfo } from './types.ts';

const rsaEncryption = '1.2.840.113549.1.1.1';
const rsassaPss = '1.2.840.113549.1.1.10';
const ecPublicKey = '1.2.840.10045.2.1';

/** Longest public exponent; larger ones only make verification slow. */
const maxExponentBits = 33;

/** Curves of RFC 5480 that are strong enough: OpenSSL's name, field bits. */
const curves: Readonly<Record<string, { readonly name: string; readonly bits: number }>> = {
  '1.2.840.10045.3.1.7': { name: 'prime256v1', bits: 256 },
  '1.3.132.0.34': { name: 'secp384r1', bits: 384 },
  '1.3.132.0.35': { name: 'secp521r1', bits: 521 },
};

/** Algorithms whose identifier has no parameters and whose key is a bare string: name, length of the key in octets. */
const plainKeys: Readonly<
  Record<string, { readonly algorithm: PublicKeyInfo['algorithm']; readonly length: number }>
> = {
  '1.3.101.112': { algorithm: 'ed25519', length: 32 },
  '1.3.101.113': { algorithm: 'ed448', length: 57 },
  '2.16.840.1.101.3.4.3.17': { algorithm: 'ml-dsa-44', length: 1312 },
  '2.16.840.1.101.3.4.3.18': { algorithm: 'ml-dsa-65', length: 1952 },
  '2.16.840.1.101.3.4.3.19': { algorithm: 'ml-dsa-87', length: 2592 },
};

/**
 * Reads what kind of key a SubjectPublicKeyInfo holds (RFC 3279, 4055, 5480, 8410, 9881). A kind that this program
 * does not use, an unnamed or other curve included, is `unsupported`; a broken key throws PDP_DER_INVALID.
 */
export function parsePublicKey(spki: Tlv): PublicKeyInfo {
  const reader = spki.open();
  const algorithm = reader.enter(tags.sequence);
  const oid = readOid(algorithm.read(tags.oid));
  const parameters = algorithm.done ? undefined : algorithm.next();
  algorithm.end();
  const key = readOctetAlignedBits(reader.read(tags.bitString));
  reader.end();
  if (oid === rsaEncryption || oid === rsassaPss) return rsaKey(oid, parameters, key);
  if (oid === ecPublicKey) return ecKey(parameters, key);
  return plainKey(oid, parameters, key);
}

function rsaKey(oid: string, parameters: Tlv | undefined, key: Uint8Array): PublicKeyInfo {
  if (oid === rsaEncryption) {
    if (parameters === undefined) throw derError('RSA key without NULL parameters');
    readNull(parameters);
  }
  const document = new DerReader(key);
  const numbers = document.enter(tags.sequence);
  document.end();
  const modulus = readUnsignedHex(numbers.read(tags.integer));
  const exponent = readUnsignedHex(numbers.read(tags.integer));
  numbers.end();
  if (modulus.negative || exponent.negative) throw derError('RSA key with a negative number');
  const odd = /[13579bdf]$/;
  const usable = odd.test(modulus.hex) && odd.test(exponent.hex) && exponent.hex !== '01';
  if (!usable || bitLength(exponent.hex) > maxExponentBits) return { algorithm: 'unsupported' };
  return { algorithm: oid === rsassaPss ? 'rsa-pss' : 'rsa', bits: bitLength(modulus.hex) };
}

function bitLength(hex: string): number {
  const leading = Number.parseInt(hex.slice(0, 2), 16);
  return (hex.length / 2 - 1) * 8 + (32 - Math.clz32(leading));
}

/** Points are uncompressed, or compressed (RFC 5480 section 2.2); whether they lie on the curve OpenSSL checks. */
function ecKey(parameters: Tlv | undefined, point: Uint8Array): PublicKeyInfo {
  if (parameters?.tag !== tags.oid) return { algorithm: 'unsupported' };
  const curve = curves[readOid(parameters)];
  if (curve === undefined) return { algorithm: 'unsupported' };
  const octets = Math.ceil(curve.bits / 8);
  const uncompressed = point[0] === 4 && point.byteLength === 1 + 2 * octets;
  const compressed = (point[0] === 2 || point[0] === 3) && point.byteLength === 1 + octets;
  if (!uncompressed && !compressed) throw derError('EC key that is no point of its curve');
  return { algorithm: 'ec', curve: curve.name, bits: curve.bits };
}

function plainKey(oid: string, parameters: Tlv | undefined, key: Uint8Array): PublicKeyInfo {
  const kind = plainKeys[oid];
  if (kind === undefined) return { algorithm: 'unsupported' };
  if (parameters !== undefined) throw derError(`${kind.algorithm} key with parameters`);
  if (key.byteLength !== kind.length) throw derError(`${kind.algorithm} key of ${key.byteLength} octets`);
  return { algorithm: kind.algorithm };
}
