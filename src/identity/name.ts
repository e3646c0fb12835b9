import { toHex } from '../lib/bytes.ts';
import { derError, type Tlv } from '../lib/der/reader.ts';
import { tags } from '../lib/der/tags.ts';
import { checkSetOrder, readOid, readString } from '../lib/der/values.ts';
import { prepareText } from './name-text.ts';
import type { DistinguishedName, NameAttribute } from './types.ts';

export { nameText } from './name-text.ts';

/** Attributes of X.520 are strings but for this one, whose value is a BIT STRING. */
const uniqueIdentifier = '2.5.4.45';

const stringTags: ReadonlySet<number> = new Set([
  tags.utf8String,
  tags.numericString,
  tags.printableString,
  tags.teletexString,
  tags.ia5String,
  tags.visibleString,
  tags.universalString,
  tags.bmpString,
]);

/**
 * Reads a Name (RFC 5280 section 4.1.2.4), which may be empty. Its relative names must be sets in DER order and its
 * strings valid for their type and free of NUL. Throws PDP_DER_INVALID.
 */
export function parseName(tlv: Tlv): DistinguishedName {
  if (tlv.tag !== tags.sequence) throw derError('Name is not a SEQUENCE');
  const rdns: NameAttribute[][] = [];
  const keys: string[] = [];
  const names = tlv.open();
  while (!names.done) {
    const rdn = readRelativeName(names.read(tags.set));
    rdns.push(rdn);
    keys.push(
      rdn.length === 1 ? attributeKey(rdn[0] as NameAttribute) : rdn.map(attributeKey).sort().join('+'),
    );
  }
  // A copy has room for what is in it, and for no more: thousands of names are remembered.
  return { der: tlv.whole, rdns: rdns.slice(), key: keys.join(',') };
}

/** Names that were read before, by `nameBytes`. */
export type KnownNames = ReadonlyMap<string, DistinguishedName>;

/** What a Name is known by: its DER. */
export function nameBytes(der: Uint8Array): string {
  return Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('latin1');
}

/** As `parseName`, or the same name as it was read before: what one CA issued bears one name thousands of times. */
export function knownName(tlv: Tlv, known: KnownNames | undefined): DistinguishedName {
  return known?.get(nameBytes(tlv.whole)) ?? parseName(tlv);
}

/** Whether subject and issuer are the same, non-empty name (RFC 5280 section 6.1: self-issued). */
export function isSelfIssued(certificate: {
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
}): boolean {
  return certificate.subject.key !== '' && certificate.subject.key === certificate.issuer.key;
}

/** Every value of one attribute in a name, in the name's order. */
export function attributeValues(name: DistinguishedName, oid: string): string[] {
  return name.rdns.flat().flatMap((attribute) => (attribute.oid === oid ? [attribute.value] : []));
}

function readRelativeName(tlv: Tlv): NameAttribute[] {
  const set = tlv.open();
  const elements: Tlv[] = [set.read(tags.sequence)];
  while (!set.done) elements.push(set.read(tags.sequence));
  checkSetOrder(elements);
  return elements.map(readAttribute);
}

function readAttribute(tlv: Tlv): NameAttribute {
  const reader = tlv.open();
  const oid = readOid(reader.read(tags.oid));
  const value = reader.next();
  reader.end();
  if (stringTags.has(value.tag)) return { oid, value: readString(value) };
  if (oid.startsWith('2.5.4.') && oid !== uniqueIdentifier)
    throw derError(`attribute ${oid} is not a string`);
  return { oid, value: `#${toHex(value.whole)}` };
}

/** One attribute of the comparison form. `\`, `+` and `,` are escaped, so that different names never run together. */
function attributeKey(attribute: NameAttribute): string {
  const text = prepareText(attribute.value);
  return `${attribute.oid}=${/[\\+,]/.test(text) ? text.replace(/[\\+,]/g, '\\$&') : text}`;
}
