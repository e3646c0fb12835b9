import { integer, sequence, tlv } from '../../src/ca/der.ts';
import type { RawExtension } from '../../src/ca/index.ts';
import { nameOf } from '../../src/ca/x509.ts';

/** A DistributionPointName: a URI, a distinguished name, or a name relative to the issuer's. */
export interface PointName {
  readonly uri?: string;
  readonly dn?: string;
  readonly relative?: string;
}

export interface Point extends PointName {
  /** Bits of ReasonFlags. */
  readonly reasons?: readonly number[];
  /** DN text. */
  readonly crlIssuer?: string;
}

export interface Scope extends PointName {
  readonly only?: 'user' | 'ca' | 'attribute';
  readonly reasons?: readonly number[];
  readonly indirect?: boolean;
}

const onlyTags = { user: 0x81, ca: 0x82, attribute: 0x85 } as const;
const yes = Buffer.from([0xff]);

/** cRLDistributionPoints (RFC 5280 section 4.2.1.13). */
export function distributionPoints(...points: readonly Point[]): RawExtension {
  const value = sequence(
    ...points.map((point) =>
      sequence(
        ...pointName(point),
        ...(point.reasons ? [tlv(0x81, flags(point.reasons))] : []),
        ...(point.crlIssuer === undefined ? [] : [tlv(0xa2, tlv(0xa4, nameDer(point.crlIssuer)))]),
      ),
    ),
  );
  return { oid: '2.5.29.31', critical: false, value };
}

/** issuingDistributionPoint (RFC 5280 section 5.2.5). */
export function issuingPoint(scope: Scope): RawExtension {
  const fields = [
    ...pointName(scope),
    ...(scope.only && scope.only !== 'attribute' ? [tlv(onlyTags[scope.only], yes)] : []),
    ...(scope.reasons ? [tlv(0x83, flags(scope.reasons))] : []),
    ...(scope.indirect ? [tlv(0x84, yes)] : []),
    ...(scope.only === 'attribute' ? [tlv(onlyTags.attribute, yes)] : []),
  ];
  return { oid: '2.5.29.28', critical: true, value: sequence(...fields) };
}

/** deltaCRLIndicator (RFC 5280 section 5.2.4). */
export function deltaIndicator(base: number): RawExtension {
  return { oid: '2.5.29.27', critical: true, value: integer(base.toString(16)) };
}

/** certificateIssuer of a CRL entry (RFC 5280 section 5.3.3). */
export function certificateIssuer(dn: string): RawExtension {
  return { oid: '2.5.29.29', critical: true, value: sequence(tlv(0xa4, nameDer(dn))) };
}

export function nameDer(dn: string): Buffer {
  return Buffer.from(nameOf(dn).toArrayBuffer());
}

function pointName({ uri, dn, relative }: PointName): Buffer[] {
  if (uri !== undefined) return [tlv(0xa0, tlv(0xa0, tlv(0x86, Buffer.from(uri))))];
  if (dn !== undefined) return [tlv(0xa0, tlv(0xa0, tlv(0xa4, nameDer(dn))))];
  // A Name of one relative name is a SEQUENCE of one short SET: two octets each before their contents.
  if (relative !== undefined) return [tlv(0xa0, tlv(0xa1, nameDer(relative).subarray(4)))];
  return [];
}

function flags(bits: readonly number[]): Buffer {
  const octets = Buffer.alloc(2);
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] as number) | (0x80 >> (bit & 7));
  const short = octets[1] === 0 ? octets.subarray(0, 1) : octets;
  const last = short.at(-1) as number;
  const unused = last === 0 ? 0 : Math.log2(last & -last);
  return Buffer.concat([Buffer.from([unused]), short]);
}
