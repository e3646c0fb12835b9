/** Object identifiers of certificate extensions (RFC 5280 section 4.2). */
export const extensionOids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
} as const;

/** Key purposes (RFC 5280 section 4.2.1.12). */
export const purposeOids = {
  any: '2.5.29.37.0',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** Attributes of names that identities are taken from (RFC 5280 appendix A.1). */
export const attributeOids = {
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
} as const;
