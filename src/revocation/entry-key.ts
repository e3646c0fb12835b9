import { sha256Hex } from '../lib/bytes.ts';

/**
 * Under what the table `revoked` keeps an entry: the octets of its serial number (lower-case hex without leading zero
 * bytes). An entry of an indirect CRL about a certificate of another issuer than the CRL's own is kept under 00, the
 * SHA-256 of that issuer's comparison key and the serial number: no serial number is as long and begins with 00.
 */
export function entryKey(serial: string, otherIssuer?: string): Uint8Array {
  const own = Buffer.from(serial, 'hex');
  if (otherIssuer === undefined) return own;
  return Buffer.concat([Buffer.of(0), Buffer.from(sha256Hex(otherIssuer), 'hex'), own]);
}

/** Octets before the serial number of another issuer's certificate: 00 and a SHA-256. */
export const otherIssuerOctets = 33;

/** The serial number (hex) behind a key of `revoked`, and whether it is another issuer's than the CRL's own. */
export function readEntryKey(key: Uint8Array): { readonly serial: string; readonly ofOther: boolean } {
  const ofOther = key.byteLength > otherIssuerOctets && key[0] === 0;
  return { serial: Buffer.from(ofOther ? key.subarray(otherIssuerOctets) : key).toString('hex'), ofOther };
}
