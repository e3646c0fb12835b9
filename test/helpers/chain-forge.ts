import { createHash, type KeyObject, sign } from 'node:crypto';
import { der } from '../unit/lib/der/encode.ts';

/** A certificate as its parts, so that each may be wrong, and signed all the same. */
export interface Blueprint {
  /** The number in the field: 2 for version 3; undefined = no field. */
  version: number | undefined;
  serial: number[];
  issuer: Buffer;
  subject: Buffer;
  notBefore: Buffer;
  notAfter: Buffer;
  keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  uniqueIds: Buffer[];
  extensions: Part[];
  /** AlgorithmIdentifiers inside and outside. */
  inner: Buffer;
  outer: Buffer;
  /** What happens to the finished bytes. */
  damage: (whole: Buffer) => Buffer;
}

/** One extension; `critical` undefined writes no flag, false writes the default. */
export interface Part {
  readonly oid: string;
  readonly critical: boolean | undefined;
  readonly value: Buffer;
}

export const ecdsaSha256 = der(0x30, oid('1.2.840.10045.4.3.2'));

/** An OBJECT IDENTIFIER; arcs below 2^28. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const septets = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) septets.unshift(0x80 | (left & 0x7f));
    return septets;
  });
  return der(0x06, octets);
}

/** A name of commonName and organization; `tag` is the type of its strings. */
export function name(commonName: string, organisation = 'Example', tag = 0x0c): Buffer {
  const rdn = (type: string, value: string): Buffer => der(0x31, der(0x30, oid(type), der(tag, value)));
  return der(0x30, rdn('2.5.4.10', organisation), rdn('2.5.4.3', commonName));
}

/** `20261121120000Z` as UTCTime, or as GeneralizedTime. */
export function time(text: string, form: 'utc' | 'generalized' = 'utc'): Buffer {
  return form === 'utc' ? der(0x17, text.slice(2)) : der(0x18, text);
}

export function keyId(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

/** The DER of a blueprint, signed by `issuer`. */
export function forge(o: Blueprint, issuer: KeyObject): Buffer {
  const version = o.version === undefined ? [] : [der(0xa0, der(0x02, [o.version]))];
  const extensions = o.extensions.length === 0 ? [] : [der(0xa3, der(0x30, ...o.extensions.map(extension)))];
  const tbs = der(
    0x30,
    ...version,
    der(0x02, o.serial),
    o.inner,
    o.issuer,
    der(0x30, o.notBefore, o.notAfter),
    o.subject,
    o.keys.publicKey.export({ type: 'spki', format: 'der' }),
    ...o.uniqueIds,
    ...extensions,
  );
  const signature = sign('sha256', tbs, issuer);
  return o.damage(der(0x30, tbs, o.outer, der(0x03, [0], signature)));
}

function extension({ oid: kind, critical, value }: Part): Buffer {
  const flag = critical === undefined ? [] : [der(0x01, [critical ? 0xff : 0])];
  return der(0x30, oid(kind), ...flag, der(0x04, value));
}
