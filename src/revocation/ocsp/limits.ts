/** Every limit on OCSP answers, in one place. Over a limit the answer is not used. */
export const ocspLimits = {
  /** Bytes of one answer, fetched or stapled. */
  bytes: 64 * 1024,
  /** Single responses in one answer. */
  singles: 64,
  /** Certificates that come with one answer. */
  certificates: 8,
  /** Octets of a serial number. */
  serialOctets: 20,
  /** Octets of a nonce in an answer (RFC 9654 section 2.1). */
  nonceOctets: 128,
  /** Signatures over one answer that are verified: several certificates may have the responder's name. */
  signatures: 4,
  /** Certificates that one request asks about. */
  requested: 16,
} as const;

/** Octets of the nonce that is sent (RFC 9654 section 2.1). */
export const nonceOctets = 32;

/** How long an answer counts that names no nextUpdate, milliseconds: newer ones are always to be had then. */
export const withoutNextUpdateMs = 60 * 60_000;
