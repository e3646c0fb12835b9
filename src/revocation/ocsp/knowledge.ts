import type { Certificate } from '../../identity/types.ts';
import type { OcspReader } from './reader.ts';

/** A responder that is asked about the certificates of one CA. Lengths of time in milliseconds. */
export interface OcspResponder {
  /** Configured name of the CA. */
  readonly name: string;
  readonly issuer: Certificate;
  readonly url: string;
  /** PEM file of the CAs that its TLS server must chain to; null = those that the platform trusts. */
  readonly ca: string | null;
  readonly nonce: 'never' | 'optional' | 'required';
  readonly hash: 'sha1' | 'sha256';
  /** Certificates that may sign answers about the CA's certificates, by configuration alone. */
  readonly signers: readonly Certificate[];
  readonly ratePerSecond: number;
  readonly timeout: number;
  /** Longest age of an answer; null = its nextUpdate alone counts. */
  readonly maxAge: number | null;
}

/** What decisions know of OCSP. */
export interface OcspKnowledge {
  /** By the SHA-256 (hex) of the CA's SubjectPublicKeyInfo. */
  readonly responders: ReadonlyMap<string, OcspResponder>;
  /** Whether stapled answers that say good count. */
  readonly staplesCount: boolean;
  readonly reader: OcspReader;
}
