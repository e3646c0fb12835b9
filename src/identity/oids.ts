/** Object identifiers of certificate extensions (RFC 5280 section 4.2). */
export const extensionOids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  cRLDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
} as const;

/** Key purposes (RFC 5280 section 4.2.1.12). */
export const purposeOids = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** The policy that stands for every policy (RFC 5280 section 4.2.1.4). */
export const anyPolicyOid = '2.5.29.32.0';

/** Policy qualifiers that RFC 5280 section 4.2.1.4 defines: CPS pointer and user notice. */
export const policyQualifierOids: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.2.1', '1.3.6.1.5.5.7.2.2']);

/** Kinds of otherName that are read. */
export const otherNameOids = {
  /** RFC 4108 section 5. */
  hardwareModuleName: '1.3.6.1.5.5.7.8.4',
  /** RFC 9598. */
  smtpUtf8Mailbox: '1.3.6.1.5.5.7.8.9',
  /** RFC 10031. */
  macAddress: '1.3.6.1.5.5.7.8.12',
} as const;

/** Attributes of names that identities are taken from (RFC 5280 appendix A.1). */
export const attributeOids = {
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  organization: '2.5.4.10',
  emailAddress: '1.2.840.113549.1.9.1',
  /** Matter Core specification section 6.1.1. */
  matterVendor: '1.3.6.1.4.1.37244.2.1',
  matterProduct: '1.3.6.1.4.1.37244.2.2',
} as const;
