/** Object identifiers of RFC 6960 and RFC 9654. */
export const ocspOids = {
  basicResponse: '1.3.6.1.5.5.7.48.1.1',
  nonce: '1.3.6.1.5.5.7.48.1.2',
  /** Extension of a responder's certificate: its own revocation need not be checked (RFC 6960 section 4.2.2.2.1). */
  noCheck: '1.3.6.1.5.5.7.48.1.5',
  /** Key purpose of a responder that its CA has delegated to (section 4.2.2.2). */
  signing: '1.3.6.1.5.5.7.3.9',
} as const;

/** Digests by which CertIDs name an issuer. */
export const certIdHashes: ReadonlyMap<string, 'sha1' | 'sha256'> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
]);
