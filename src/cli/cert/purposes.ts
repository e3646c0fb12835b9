import { keyPurposes } from '../../lib/key-purposes.ts';

const names: ReadonlyMap<string, string> = new Map(
  Object.entries(keyPurposes).map(([name, oid]) => [oid, name]),
);

/** Arcs of up to 39 digits: the 128 bits under 2.25 (ITU-T X.667). */
const dotted = /^[0-2](?:\.(?:0|[1-9]\d{0,38})){1,32}$/;

/** The OID of a purpose given by name or as an OID; undefined for what is neither. */
export function purposeOid(text: string): string | undefined {
  if (Object.hasOwn(keyPurposes, text)) return keyPurposes[text];
  return isOid(text) ? text : undefined;
}

/** The name of a purpose, or its OID where it has none. */
export function purposeName(oid: string): string {
  return names.get(oid) ?? oid;
}

/** Whether a text is an object identifier in dotted form. */
export function isOid(text: string): boolean {
  return dotted.test(text);
}
