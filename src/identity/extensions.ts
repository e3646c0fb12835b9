import { DerReader, derError } from '../lib/der/reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../lib/der/tags.ts';
import {
  namedBits,
  readBitString,
  readBoolean,
  readOctets,
  readOid,
  readSmallInteger,
} from '../lib/der/values.ts';
import { CertificateError } from './certificate-error.ts';
import {
  readCertificatePolicies,
  readInhibitAnyPolicy,
  readNameConstraints,
  readPolicyConstraints,
  readPolicyMappings,
} from './constraint-values.ts';
import { checkDistributionPoints } from './distribution-points.ts';
import { parseGeneralNames } from './general-names.ts';
import { ExtensionList, ReadExtension } from './extension-list.ts';
import { extensionOids, policyQualifierOids } from './oids.ts';
import type { Certificate, Extension } from './types.ts';

/** What the extensions say, as `Certificate` holds it. */
export type ExtensionFields = Pick<
  Certificate,
  | 'extensions'
  | 'basicConstraints'
  | 'keyUsage'
  | 'extendedKeyUsage'
  | 'subjectAltNames'
  | 'subjectKeyId'
  | 'authorityKeyId'
  | 'nameConstraints'
  | 'policies'
  | 'policyMappings'
  | 'policyConstraints'
  | 'inhibitAnyPolicy'
  | 'unknownCritical'
>;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type ReadValue = (value: DerReader, fields: Mutable<ExtensionFields>) => void;

const keyUsageNames = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

/** The extensions that are processed, each with its reader. Every other one that is critical is `unknownCritical`. */
const readers: ReadonlyMap<string, ReadValue> = new Map<string, ReadValue>([
  [extensionOids.subjectKeyIdentifier, readSubjectKeyId],
  [extensionOids.keyUsage, readKeyUsage],
  [extensionOids.subjectAltName, readSubjectAltName],
  [extensionOids.basicConstraints, readBasicConstraints],
  [extensionOids.authorityKeyIdentifier, readAuthorityKeyId],
  [extensionOids.extendedKeyUsage, readExtendedKeyUsage],
  [
    extensionOids.nameConstraints,
    (value, fields) => void (fields.nameConstraints = readNameConstraints(value)),
  ],
  [
    extensionOids.certificatePolicies,
    (value, fields) => void (fields.policies = readCertificatePolicies(value)),
  ],
  [extensionOids.policyMappings, (value, fields) => void (fields.policyMappings = readPolicyMappings(value))],
  [
    extensionOids.policyConstraints,
    (value, fields) => void (fields.policyConstraints = readPolicyConstraints(value)),
  ],
  [
    extensionOids.inhibitAnyPolicy,
    (value, fields) => void (fields.inhibitAnyPolicy = readInhibitAnyPolicy(value)),
  ],
]);

/** What a certificate without extensions says. */
export function noExtensions(): ExtensionFields {
  return { extensions: new ExtensionList([]), subjectAltNames: [], unknownCritical: [] };
}

/**
 * Reads Extensions (RFC 5280 section 4.2) from the SEQUENCE that holds them. Throws CertificateError: two of one kind
 * with reason `chain.duplicate_extension`, a broken one naming it; PDP_DER_INVALID where the list itself is broken.
 */
export function parseExtensions(list: DerReader): ExtensionFields {
  const all: Extension[] = [];
  const seen = new Set<string>();
  const unknownCritical: string[] = [];
  const fields: Mutable<ExtensionFields> = { ...noExtensions(), unknownCritical };
  if (list.done) throw derError('Extensions without any');
  while (!list.done) {
    const extension = readExtension(list.enter(tags.sequence));
    if (seen.has(extension.oid)) {
      throw new CertificateError(`extension ${extension.oid} twice`, { reason: 'chain.duplicate_extension' });
    }
    seen.add(extension.oid);
    all.push(extension);
    const read = readers.get(extension.oid);
    if (read !== undefined) readValue(extension, read, fields);
    else if (extension.critical && !isProcessedElsewhere(extension)) unknownCritical.push(extension.oid);
  }
  fields.extensions = new ExtensionList(all);
  refuseUnknownQualifiers(fields, unknownCritical);
  return fields;
}

/** Where revocation is told is read when revocation is asked for; broken ones that are not critical deny nothing. */
function isProcessedElsewhere({ oid, value }: Extension): boolean {
  if (oid !== extensionOids.cRLDistributionPoints) return false;
  try {
    checkDistributionPoints(value);
    return true;
  } catch {
    return false;
  }
}

/** RFC 5280 section 4.2.1.4: critical policies whose qualifiers are not understood are an extension not processed. */
function refuseUnknownQualifiers(
  { extensions, policies }: Mutable<ExtensionFields>,
  unknown: string[],
): void {
  const { certificatePolicies } = extensionOids;
  if (policies === undefined || !extensions.get(certificatePolicies)?.critical) return;
  const understood = policies.every(({ qualifiers }) =>
    qualifiers.every((oid) => policyQualifierOids.has(oid)),
  );
  if (!understood) unknown.push(certificatePolicies);
}

function readExtension(reader: DerReader): Extension {
  const oid = readOid(reader.read(tags.oid));
  const flag = reader.optional(tags.boolean);
  const critical = flag !== undefined && readTrue(readBoolean(flag), 'critical');
  const value = readOctets(reader.read(tags.octetString));
  reader.end();
  return new ReadExtension(oid, critical, value);
}

/** X.690 section 11.5: a default is left out, never written. */
function readTrue(value: boolean, name: string): true {
  if (!value) throw derError(`${name} written as FALSE, its default`);
  return true;
}

function readValue(extension: Extension, read: ReadValue, fields: Mutable<ExtensionFields>): void {
  try {
    const document = new DerReader(extension.value);
    read(document, fields);
    document.end();
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : 'unreadable';
    throw new CertificateError(`extension ${extension.oid}: ${problem}`, { cause });
  }
}

function readSubjectKeyId(value: DerReader, fields: Mutable<ExtensionFields>): void {
  fields.subjectKeyId = readOctets(value.read(tags.octetString));
}

function readKeyUsage(value: DerReader, fields: Mutable<ExtensionFields>): void {
  const names: string[] = [];
  for (const bit of namedBits(readBitString(value.read(tags.bitString)))) {
    const name = keyUsageNames[bit];
    if (name === undefined) throw derError(`key usage bit ${bit}, which means nothing`);
    names.push(name);
  }
  fields.keyUsage = keyUsageOf(names);
}

/** Of nine bits there are few combinations: all certificates of one share one set. */
const keyUsages = new Map<string, ReadonlySet<string>>();

function keyUsageOf(names: readonly string[]): ReadonlySet<string> {
  const key = names.join(' ');
  const known = keyUsages.get(key) ?? new Set(names);
  keyUsages.set(key, known);
  return known;
}

function readSubjectAltName(value: DerReader, fields: Mutable<ExtensionFields>): void {
  fields.subjectAltNames = parseGeneralNames(value.enter(tags.sequence));
}

function readBasicConstraints(value: DerReader, fields: Mutable<ExtensionFields>): void {
  const reader = value.enter(tags.sequence);
  const flag = reader.optional(tags.boolean);
  const ca = flag !== undefined && readTrue(readBoolean(flag), 'cA');
  const length = reader.optional(tags.integer);
  reader.end();
  fields.basicConstraints = length === undefined ? { ca } : { ca, pathLen: readSmallInteger(length) };
}

/** RFC 5280 section 4.2.1.1; issuer and serial are only checked for their form, the key identifier is what is used. */
function readAuthorityKeyId(value: DerReader, fields: Mutable<ExtensionFields>): void {
  const reader = value.enter(tags.sequence);
  fields.authorityKeyId = reader.optional(contextPrimitive(0))?.content;
  const issuer = reader.optional(contextConstructed(1));
  if (issuer !== undefined) parseGeneralNames(issuer.open());
  reader.optional(contextPrimitive(2));
  reader.end();
}

function readExtendedKeyUsage(value: DerReader, fields: Mutable<ExtensionFields>): void {
  const reader = value.enter(tags.sequence);
  const purposes = [readOid(reader.read(tags.oid))];
  while (!reader.done) purposes.push(readOid(reader.read(tags.oid)));
  fields.extendedKeyUsage = purposes;
}
