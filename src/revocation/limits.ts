/** Every limit on CRLs, in one place. Over a limit the CRL is refused as a whole. */
export const crlLimits = {
  /** Bytes of one file or one DER CRL; at some 40 bytes an entry, about six million entries. */
  bytes: 256 * 1024 * 1024,
  /** Bytes of one CRL, PEM or DER, that is read as a stream, unless the configuration says otherwise. */
  streamBytes: 1024 * 1024 * 1024,
  /** Entries of one CRL that is read as a stream. */
  entries: 20_000_000,
  /** Bytes of one entry. */
  entryBytes: 64 * 1024,
  /** Names of certificate issuers in one entry, which are names of one CA: each is a row for every entry that follows. */
  entryIssuers: 16,
  /** Bytes of any other field of a CRL that is read as a stream: its issuer, its extensions, its signature. */
  fieldBytes: 1024 * 1024,
  /** CRLs in one PEM bundle. */
  perFile: 256,
  /** Extensions of one CRL, or of one entry. */
  extensions: 32,
  /** Octets of a serial number. Certificates stop at 20; longer ones on a list match nothing and do no harm. */
  serialOctets: 64,
  /** Octets of cRLNumber (RFC 5280 section 5.2.3). */
  numberOctets: 20,
  /** Distribution points of one certificate. */
  distributionPoints: 64,
  /** Certification paths of CRL issuers that are validated for one question. */
  issuerPaths: 32,
  /** Signatures over CRLs that are verified for one question; an honest one needs one for each certificate. */
  signatures: 48,
  /** CRL issuers whose own revocation hangs on further CRL issuers. */
  issuerDepth: 4,
  /** Files in one watched folder. */
  filesPerFolder: 10_000,
} as const;

/** How far a CRL's thisUpdate may lie ahead of our clock, milliseconds. */
export const clockSkewMs = 5 * 60_000;
