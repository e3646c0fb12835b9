import type { Tlv } from '../../../lib/der/reader.ts';
import { readOid } from '../../../lib/der/values.ts';

/** Numbers of Go's x509.SignatureAlgorithm, by OID. */
const signatures: Readonly<Record<string, number>> = {
  '1.2.840.113549.1.1.4': 2,
  '1.2.840.113549.1.1.5': 3,
  '1.3.14.3.2.29': 3,
  '1.2.840.113549.1.1.11': 4,
  '1.2.840.113549.1.1.12': 5,
  '1.2.840.113549.1.1.13': 6,
  '1.2.840.10040.4.3': 7,
  '2.16.840.1.101.3.4.3.2': 8,
  '1.2.840.10045.4.1': 9,
  '1.2.840.10045.4.3.2': 10,
  '1.2.840.10045.4.3.3': 11,
  '1.2.840.10045.4.3.4': 12,
  '1.3.101.112': 16,
};

const pssOid = '1.2.840.113549.1.1.10';

/** RSASSA-PSS with a hash, MGF1 of the same hash and a salt as long as it, by the parameters' DER in hex. */
const pss: Readonly<Record<string, number>> = Object.fromEntries(
  [
    [1, 0x20, 13],
    [2, 0x30, 14],
    [3, 0x40, 15],
  ].flatMap(([hash = 0, salt = 0, number = 0]) => {
    const oid = `06096086480165030402${byte(hash)}`;
    return ['0500', ''].map((absent) => {
      const algorithm = `30${byte(oid.length / 2 + absent.length / 2)}${oid}${absent}`;
      const mask = `06092a864886f70d010108${algorithm}`;
      const parts = [
        explicit(0xa0, algorithm),
        explicit(0xa1, `30${byte(mask.length / 2)}${mask}`),
        explicit(0xa2, `0201${byte(salt)}`),
      ].join('');
      return [`30${byte(parts.length / 2)}${parts}`, number];
    });
  }),
);

/** The number of a signature algorithm; 0 where Go knows none. */
export function signatureAlgorithmOf(algorithm: Tlv): number {
  const reader = algorithm.open();
  const oid = readOid(reader.next());
  if (oid !== pssOid) return signatures[oid] ?? 0;
  return reader.done ? 0 : (pss[Buffer.from(reader.next().whole).toString('hex')] ?? 0);
}

function explicit(tag: number, content: string): string {
  return `${byte(tag)}${byte(content.length / 2)}${content}`;
}

function byte(value: number): string {
  return value.toString(16).padStart(2, '0');
}
