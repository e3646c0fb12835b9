import type { Certificate, DistinguishedName } from '../../identity/types.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { CrlExtension } from '../crl-extensions.ts';

/** Which certificate a single response is about (RFC 6960 section 4.1.1). */
export interface CertId {
  /** Undefined for a digest that this program does not compare. */
  readonly hash: 'sha1' | 'sha256' | undefined;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  /** Lower-case hex without leading zero octets. */
  readonly serial: string;
}

/** What a responder says of one certificate. */
export interface SingleResponse {
  readonly certId: CertId;
  readonly status: 'good' | 'revoked' | 'unknown';
  /** Of `revoked`. */
  readonly revokedAt?: EpochMs;
  /** RFC 5280 reason number; 0 where none is given. */
  readonly reason?: number;
  readonly thisUpdate: EpochMs;
  /** Absent where newer information is to be had at any time. */
  readonly nextUpdate?: EpochMs;
  /** Critical extensions, none of which is processed: the response must not be used. */
  readonly unknownCritical: readonly string[];
}

/** Who signed, by the name or by the SHA-1 of the key (RFC 6960 section 4.2.1). */
export type ResponderId =
  | { readonly by: 'name'; readonly name: DistinguishedName }
  | { readonly by: 'key'; readonly keyHash: Uint8Array };

/** A BasicOCSPResponse, read but not yet believed. Byte fields are views into what was given. */
export interface BasicResponse {
  /** ResponseData as it was signed. */
  readonly tbs: Uint8Array;
  readonly responder: ResponderId;
  readonly producedAt: EpochMs;
  readonly responses: readonly SingleResponse[];
  readonly nonce?: Uint8Array;
  readonly unknownCritical: readonly string[];
  readonly signatureAlgorithm: { readonly oid: string; readonly der: Uint8Array };
  readonly signature: Uint8Array;
  /** DER of the certificates that came with it. */
  readonly certificates: readonly Uint8Array[];
}

/** An answer of a responder: a response, or that it gives none. */
export type OcspResponse = { readonly digest: string } & (
  | {
      readonly status: 'malformed_request' | 'internal_error' | 'try_later' | 'sig_required' | 'unauthorized';
      readonly basic?: undefined;
    }
  | { readonly status: 'successful'; readonly basic: BasicResponse }
);

export type { CrlExtension as OcspExtension };

/**
 * What a verified answer says of one certificate, in the form in which it stands in facts. Times in milliseconds since
 * 1970.
 */
export interface OcspAnswer {
  /** SHA-256 (hex) of the whole answer. */
  readonly digest: string;
  readonly next_update: EpochMs | null;
  readonly produced_at: EpochMs;
  /** Name of the revocation's reason; null where it is not revoked. */
  readonly reason: string | null;
  readonly revoked_at: EpochMs | null;
  /** SHA-256 (hex) of the key that signed it. */
  readonly signer_key: string;
  /**
   * From when on its signer's word is nobody's any more: that one's certificate expires, or it is known to be unrevoked for
   * no longer. Absent for the CA itself, and where it revokes.
   */
  readonly signer_until?: EpochMs;
  readonly status: 'good' | 'revoked' | 'on_hold' | 'unknown';
  readonly this_update: EpochMs;
}

/** Whoever signed an answer, and what gives the right to: being the CA, the configuration, or a certificate of the CA. */
export interface AnswerSigner {
  readonly certificate: Certificate;
  readonly role: 'issuer' | 'configured' | 'delegate';
}

/** What was known by OCSP of one certificate of a path: facts, from which its status is told again. */
export interface OcspFact {
  /** The newest answer of the configured responder; null where none is kept whose signer counts now, or that revokes. */
  readonly answer: OcspAnswer | null;
  /** Where the CRL comes from that was judged beside it; null without one. */
  readonly crl_source: string | null;
  /** Longest age of an answer, milliseconds; null = its nextUpdate alone counts. */
  readonly max_age: number | null;
  /** URL of the responder; null where none is configured for the issuer. */
  readonly responder: string | null;
  /** The answer that came with the connection, where it can be believed to be its signer's. */
  readonly stapled: OcspAnswer | null;
  /** Whether a stapled answer counts as one of the responder's; else only one that revokes does. */
  readonly stapled_counts: boolean;
  /** Why the stapled answer cannot be used; null where it can, or there is none. */
  readonly stapled_problem: string | null;
}
