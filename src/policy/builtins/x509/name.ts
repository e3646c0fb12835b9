import type { Tlv } from '../../../lib/der/reader.ts';
import { tags } from '../../../lib/der/tags.ts';
import { readOid, readString } from '../../../lib/der/values.ts';
import type { RegoObject, RegoValue } from '../value.ts';
import { listOrNull, objectFrom, oidValue } from './values.ts';

/** Attributes that Go's pkix.Name has fields for, by OID: of some the last value counts, others are lists. */
const single: Readonly<Record<string, string>> = { '2.5.4.3': 'CommonName', '2.5.4.5': 'SerialNumber' };
const listed: Readonly<Record<string, string>> = {
  '2.5.4.6': 'Country',
  '2.5.4.10': 'Organization',
  '2.5.4.11': 'OrganizationalUnit',
  '2.5.4.7': 'Locality',
  '2.5.4.8': 'Province',
  '2.5.4.9': 'StreetAddress',
  '2.5.4.17': 'PostalCode',
};

interface Attribute {
  readonly oid: string;
  readonly value: string;
}

/** A distinguished name with the fields of Go's pkix.Name. */
export function nameValue(name: Tlv): RegoObject {
  const attributes = readAttributes(name);
  const valuesOf = (oid: string): readonly string[] =>
    attributes.filter((attribute) => attribute.oid === oid).map(({ value }) => value);
  const names = attributes.map(({ oid, value }): RegoValue =>
    objectFrom({ Type: oidValue(oid), Value: value }),
  );
  return objectFrom({
    ...Object.fromEntries(Object.entries(single).map(([oid, field]) => [field, valuesOf(oid).at(-1) ?? ''])),
    ...Object.fromEntries(Object.entries(listed).map(([oid, field]) => [field, listOrNull(valuesOf(oid))])),
    Names: listOrNull(names),
    ExtraNames: null,
  });
}

function readAttributes(name: Tlv): readonly Attribute[] {
  const found: Attribute[] = [];
  const sets = name.open();
  while (!sets.done) {
    const set = sets.enter(tags.set);
    while (!set.done) {
      const attribute = set.enter(tags.sequence);
      found.push({ oid: readOid(attribute.next()), value: readString(attribute.next()) });
      attribute.end();
    }
  }
  return found;
}
