/** Object identifiers of time-stamps (RFC 3161, RFC 5652, RFC 5035, RFC 5816). */
export const timestampOids = {
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  rsaEncryption: '1.2.840.113549.1.1.1',
} as const;

/** Digests that a time-stamp may rest on, by OID: nothing that lets two documents have the same one. */
export const digestOids: ReadonlyMap<string, 'sha256' | 'sha384' | 'sha512'> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

export const sha256Oid = '2.16.840.1.101.3.4.2.1';

/** RSASSA-PKCS1-v1_5 by its digest (RFC 8017), for signers that name the key's algorithm and the digest apart. */
export const rsaWithDigest: Readonly<Record<'sha256' | 'sha384' | 'sha512', string>> = {
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
};
