import { DerReader } from '../../../lib/der/reader.ts';
import type { Tlv } from '../../../lib/der/reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../../../lib/der/tags.ts';
import {
  namedBits,
  readBitString,
  readBoolean,
  readOctets,
  readOid,
  readSmallInteger,
  smallIntegerContent,
} from '../../../lib/der/values.ts';
import { numberOf } from '../number.ts';
import type { RegoValue } from '../value.ts';
import { alternativeNames, uriOf } from './alternative-names.ts';
import { nameConstraints } from './name-constraints.ts';
import { base64, listOrNull, objectFrom, oidValue } from './values.ts';

export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

export type Fields = Readonly<Record<string, RegoValue>>;

/** The fields that an extension gives; undefined where Go does not handle it, or not all of it. */
export function readExtension(extension: Extension): Fields | undefined {
  const read = Object.hasOwn(readers, extension.oid) ? readers[extension.oid] : undefined;
  if (!read) return undefined;
  const document = new DerReader(extension.value);
  const fields = read(document.next(), extension.critical);
  document.end();
  return fields;
}

const readers: Readonly<Record<string, (value: Tlv, critical: boolean) => Fields | undefined>> = {
  '2.5.29.15': (value) => ({
    KeyUsage: numberOf(
      namedBits(readBitString(value)).reduce((sum, bit) => (bit < 9 ? sum | (1 << bit) : sum), 0),
    ),
  }),
  '2.5.29.19': (value) => basicConstraints(value.open()),
  '2.5.29.17': (value) => alternativeNames(value),
  '2.5.29.30': (value, critical) => nameConstraints(value, critical),
  '2.5.29.31': (value) => ({ CRLDistributionPoints: listOrNull(elementsOf(value).flatMap(pointUris)) }),
  '2.5.29.35': (value) => {
    const id = value.open().optional(contextPrimitive(0));
    return { AuthorityKeyId: id ? base64(id.content) : null };
  },
  '2.5.29.36': (value) => policyConstraints(value.open()),
  '2.5.29.37': (value) => extendedUsage(elementsOf(value).map(readOid)),
  '2.5.29.14': (value) => ({ SubjectKeyId: base64(readOctets(value)) }),
  '2.5.29.32': (value) => {
    const policies = elementsOf(value).map((policy) => readOid(policy.open().next()));
    return { PolicyIdentifiers: listOrNull(policies.map(oidValue)), Policies: listOrNull(policies) };
  },
  '2.5.29.33': (value) => ({ PolicyMappings: listOrNull(elementsOf(value).map(mapping)) }),
  '2.5.29.54': (value) => withZero('InhibitAnyPolicy', readSmallInteger(value)),
  '1.3.6.1.5.5.7.1.1': (value) => authorityAccess(elementsOf(value)),
};

function elementsOf(value: Tlv): readonly Tlv[] {
  const reader = value.open();
  const found: Tlv[] = [];
  while (!reader.done) found.push(reader.next());
  return found;
}

function basicConstraints(reader: DerReader): Fields {
  const isCa = reader.peekTag() === tags.boolean && readBoolean(reader.next());
  const length = reader.done ? -1 : readSmallInteger(reader.next());
  reader.end();
  return {
    BasicConstraintsValid: true,
    IsCA: isCa,
    MaxPathLen: numberOf(length),
    MaxPathLenZero: length === 0,
  };
}

const purposes: readonly (string | undefined)[] = [
  '2.5.29.37.0',
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((last) => `1.3.6.1.5.5.7.3.${last}`),
  '1.3.6.1.4.1.311.10.3.3',
  '2.16.840.1.113730.4.1',
  '1.3.6.1.4.1.311.2.1.22',
  '1.3.6.1.4.1.311.61.1.1',
];

function extendedUsage(oids: readonly string[]): Fields {
  return {
    ExtKeyUsage: listOrNull(
      oids.filter((oid) => purposes.includes(oid)).map((oid) => numberOf(purposes.indexOf(oid))),
    ),
    UnknownExtKeyUsage: listOrNull(oids.filter((oid) => !purposes.includes(oid)).map(oidValue)),
  };
}

/** URIs of the full name of a distribution point. */
function pointUris(point: Tlv): readonly RegoValue[] {
  const name = point.open().optional(contextConstructed(0))?.open().optional(contextConstructed(0));
  return name ? elementsOf(name).flatMap((one) => uriOf(one) ?? []) : [];
}

function policyConstraints(reader: DerReader): Fields {
  const [explicit, mapping] = [reader.optional(contextPrimitive(0)), reader.optional(contextPrimitive(1))];
  reader.end();
  return {
    ...(explicit && withZero('RequireExplicitPolicy', smallIntegerContent(explicit.content))),
    ...(mapping && withZero('InhibitPolicyMapping', smallIntegerContent(mapping.content))),
  };
}

function withZero(name: string, value: number): Fields {
  return { [name]: numberOf(value), [`${name}Zero`]: value === 0 };
}

function mapping(pair: Tlv): RegoValue {
  const reader = pair.open();
  const [issuer, subject] = [readOid(reader.next()), readOid(reader.next())];
  return objectFrom({ IssuerDomainPolicy: issuer, SubjectDomainPolicy: subject });
}

function authorityAccess(descriptions: readonly Tlv[]): Fields {
  const uris = (method: string): RegoValue =>
    listOrNull(
      descriptions.flatMap((description) => {
        const reader = description.open();
        return readOid(reader.next()) === method ? (uriOf(reader.next()) ?? []) : [];
      }),
    );
  return { OCSPServer: uris('1.3.6.1.5.5.7.48.1'), IssuingCertificateURL: uris('1.3.6.1.5.5.7.48.2') };
}
