/** Key purposes (RFC 5280 section 4.2.1.12) by the names that people know them by. */
const purposes: Readonly<Record<string, string>> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
  anyExtendedKeyUsage: '2.5.29.37.0',
};

const names: ReadonlyMap<string, string> = new Map(
  Object.entries(purposes).map(([name, oid]) => [oid, name]),
);

/** Arcs of up to 39 digits: the 128 bits under 2.25 (ITU-T X.667). */
const dotted = /^[0-2](?:\.(?:0|[1-9]\d{0,38})){1,32}$/;

/** The OID of a purpose given by name or as an OID; undefined for what is neither. */
export function purposeOid(text: string): string | undefined {
  if (Object.hasOwn(purposes, text)) return purposes[text];
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
