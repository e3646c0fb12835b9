import { createPublicKey } from 'node:crypto';
import { DerReader } from '../../../lib/der/reader.ts';
import type { Tlv } from '../../../lib/der/reader.ts';
import { tags } from '../../../lib/der/tags.ts';
import { readOctetAlignedBits, readOid, readUnsignedHex } from '../../../lib/der/values.ts';
import { BuiltinLimitError } from '../limits.ts';
import { numberOf } from '../number.ts';
import { OperandError } from '../operands.ts';
import type { RegoValue } from '../value.ts';
import { base64, objectFrom } from './values.ts';

type KeyFields = Readonly<Record<'PublicKeyAlgorithm' | 'PublicKey', RegoValue>>;

/** Numbers of Go's x509.PublicKeyAlgorithm: RSA 1, DSA 2, ECDSA 3, Ed25519 4; all else is unknown and has no key. */
export function publicKeyFields(spki: Tlv): KeyFields {
  const reader = spki.open();
  const oid = readOid(reader.enter(tags.sequence).next());
  const bits = readOctetAlignedBits(reader.read(tags.bitString));
  switch (oid) {
    case '1.2.840.113549.1.1.1':
      return fields(1, rsa(bits));
    case '1.2.840.10045.2.1':
      return fields(3, ec(spki, bits));
    case '1.3.101.112':
      return fields(4, base64(bits));
    case '1.2.840.10040.4.1':
      throw new BuiltinLimitError('keys of DSA are not read');
    default:
      return fields(0, null);
  }
}

function fields(algorithm: number, key: RegoValue): KeyFields {
  return { PublicKeyAlgorithm: numberOf(algorithm), PublicKey: key };
}

function rsa(bits: Uint8Array): RegoValue {
  const reader = new DerReader(bits).enter(tags.sequence);
  const [modulus, exponent] = [readUnsignedHex(reader.next()), readUnsignedHex(reader.next())];
  reader.end();
  if (modulus.negative || exponent.negative) throw new OperandError('no RSA key');
  return objectFrom({ N: numberOf(BigInt(`0x${modulus.hex}`)), E: numberOf(BigInt(`0x${exponent.hex}`)) });
}

/** An uncompressed point on a curve of NIST's; the curve itself prints as nothing. */
function ec(spki: Tlv, bits: Uint8Array): RegoValue {
  const half = (bits.byteLength - 1) / 2;
  if (bits[0] !== 4 || !isKey(spki)) throw new OperandError('no point of a known curve');
  const [x, y] = [bits.subarray(1, 1 + half), bits.subarray(1 + half)];
  return objectFrom({ Curve: objectFrom({}), X: coordinate(x), Y: coordinate(y) });
}

function coordinate(bytes: Uint8Array): RegoValue {
  return numberOf(BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

const curves: readonly (string | undefined)[] = ['secp224r1', 'prime256v1', 'secp384r1', 'secp521r1'];

function isKey(spki: Tlv): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(spki.whole), format: 'der', type: 'spki' });
    return curves.includes(key.asymmetricKeyDetails?.namedCurve);
  } catch {
    return false;
  }
}
