import { bitString, integer, sequence } from './der.ts';
import { signatureAlgorithm, signBytes, type CryptoKeyPair, type HashName } from './keys.ts';

/** The certificate with another serial number (hex, `-` for negative), signed anew. `der` is one of our own making. */
export function withSerial(der: Uint8Array, serial: string, keys: CryptoKeyPair, hash: HashName): Buffer {
  const tbs = header(der, header(der, 0).content);
  const version = header(der, tbs.content);
  const old = header(der, version.end);
  const renumbered = sequence(
    der.subarray(tbs.content, version.end),
    integer(serial),
    der.subarray(old.end, tbs.end),
  );
  const signature = bitString(signBytes(keys, hash, renumbered));
  return sequence(renumbered, signatureAlgorithm(keys, hash), signature);
}

/** Where the content of the DER element at `start` begins and ends. */
function header(der: Uint8Array, start: number): { readonly content: number; readonly end: number } {
  const first = der[start + 1] ?? 0;
  const count = first < 0x80 ? 0 : first & 0x7f;
  let length = count === 0 ? first : 0;
  for (const octet of der.subarray(start + 2, start + 2 + count)) length = length * 256 + octet;
  const content = start + 2 + count;
  return { content, end: content + length };
}
