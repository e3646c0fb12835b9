import type { DerReader } from '../../../lib/der/reader.ts';
import type { Tlv } from '../../../lib/der/reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../../../lib/der/tags.ts';
import {
  readBoolean,
  readOctetAlignedBits,
  readOctets,
  readOid,
  readSmallInteger,
  readTime,
  readUnsignedHex,
} from '../../../lib/der/values.ts';
import { OperandError } from '../operands.ts';
import { numberOf } from '../number.ts';
import { civilAt } from '../time/civil.ts';
import { formatTime } from '../time/format.ts';
import { rfc3339Nano } from '../time/layout.ts';
import type { RegoObject } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { signatureAlgorithmOf } from './algorithms.ts';
import { readExtension } from './extensions.ts';
import type { Extension, Fields } from './extensions.ts';
import { nameValue } from './name.ts';
import { publicKeyFields } from './public-key.ts';
import { base64, objectFrom, oidValue } from './values.ts';

/** Fields that are there without any extension, as Go's zero values print. */
const withoutExtensions: Fields = {
  KeyUsage: numberOf(0),
  ExtKeyUsage: null,
  UnknownExtKeyUsage: null,
  BasicConstraintsValid: false,
  IsCA: false,
  MaxPathLen: numberOf(0),
  MaxPathLenZero: false,
  SubjectKeyId: null,
  AuthorityKeyId: null,
  OCSPServer: null,
  IssuingCertificateURL: null,
  DNSNames: null,
  EmailAddresses: null,
  IPAddresses: null,
  URIs: null,
  URIStrings: null,
  PermittedDNSDomainsCritical: false,
  PermittedDNSDomains: null,
  ExcludedDNSDomains: null,
  PermittedIPRanges: null,
  ExcludedIPRanges: null,
  PermittedEmailAddresses: null,
  ExcludedEmailAddresses: null,
  PermittedURIDomains: null,
  ExcludedURIDomains: null,
  CRLDistributionPoints: null,
  PolicyIdentifiers: null,
  Policies: null,
  InhibitAnyPolicy: numberOf(0),
  InhibitAnyPolicyZero: false,
  InhibitPolicyMapping: numberOf(0),
  InhibitPolicyMappingZero: false,
  RequireExplicitPolicy: numberOf(0),
  RequireExplicitPolicyZero: false,
  PolicyMappings: null,
};

/** One certificate (RFC 5280 section 4.1) with the fields of Go's x509.Certificate. Throws where it is none. */
export function certificateValue(certificate: Tlv): RegoObject {
  if (certificate.tag !== tags.sequence) throw new OperandError('no certificate');
  const outer = certificate.open();
  const tbs = outer.read(tags.sequence);
  const algorithm = outer.read(tags.sequence);
  const signature = readOctetAlignedBits(outer.read(tags.bitString));
  outer.end();
  const reader = tbs.open();
  const version = readVersion(reader);
  const serial = readUnsignedHex(reader.read(tags.integer));
  const inner = reader.read(tags.sequence);
  if (serial.negative || !Buffer.from(inner.whole).equals(algorithm.whole))
    throw new OperandError('no certificate');
  const issuer = reader.read(tags.sequence);
  const validity = reader.enter(tags.sequence);
  const [starts, ends] = [validity.next(), validity.next()].map((time) => timeValue(readTime(time)));
  validity.end();
  const subject = reader.read(tags.sequence);
  const key = reader.read(tags.sequence);
  const extensions = readExtensions(reader, version);
  const fields = extensions.map((extension) => readExtension(extension));
  const unhandled = extensions.filter(({ critical }, index) => critical && fields[index] === undefined);
  return objectFrom({
    ...withoutExtensions,
    Raw: base64(certificate.whole),
    RawTBSCertificate: base64(tbs.whole),
    RawSubjectPublicKeyInfo: base64(key.whole),
    RawSubject: base64(subject.whole),
    RawIssuer: base64(issuer.whole),
    Signature: base64(signature),
    SignatureAlgorithm: numberOf(signatureAlgorithmOf(algorithm)),
    ...publicKeyFields(key),
    Version: numberOf(version),
    SerialNumber: numberOf(BigInt(`0x${serial.hex}`)),
    Issuer: nameValue(issuer),
    Subject: nameValue(subject),
    NotBefore: starts ?? null,
    NotAfter: ends ?? null,
    Extensions: extensions.length === 0 ? null : extensions.map(extensionValue),
    ExtraExtensions: null,
    UnhandledCriticalExtensions: unhandled.length === 0 ? null : unhandled.map(({ oid }) => oidValue(oid)),
    ...fields.reduce<Fields>((all, some) => ({ ...all, ...some }), {}),
  });
}

/** 1 where it is left out. */
function readVersion(reader: DerReader): number {
  const tagged = reader.optional(contextConstructed(0));
  return tagged ? readSmallInteger(tagged.open().next()) + 1 : 1;
}

function readExtensions(reader: DerReader, version: number): readonly Extension[] {
  if (version > 1) [1, 2].forEach((id) => reader.optional(contextPrimitive(id)));
  const tagged = version === 3 ? reader.optional(contextConstructed(3)) : undefined;
  if (!tagged) return [];
  const list = tagged.open().enter(tags.sequence);
  const found: Extension[] = [];
  while (!list.done) {
    const extension = list.enter(tags.sequence);
    const oid = readOid(extension.next());
    const critical = extension.peekTag() === tags.boolean && readBoolean(extension.next());
    if (found.some((other) => other.oid === oid)) throw new OperandError('an extension twice');
    found.push({ oid, critical, value: readOctets(extension.next()) });
    extension.end();
  }
  return found;
}

function extensionValue({ oid, critical, value }: Extension): RegoValue {
  return objectFrom({ Id: oidValue(oid), Critical: critical, Value: base64(value) });
}

function timeValue(milliseconds: number): string {
  const civil = civilAt(BigInt(milliseconds) * 1_000_000n, 0);
  return formatTime({ civil, offset: 0, zone: () => 'UTC' }, rfc3339Nano);
}
