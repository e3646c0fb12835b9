import type { KeyObject } from 'node:crypto';

/**
 * Algorithms (RFC 7518, RFC 8037) that a bundle may be signed by: those of OPA but for HS*, whose one secret would let every
 * PDP that verifies bundles sign them too.
 */
export const signatureAlgorithms = [
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
] as const;

export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

/** A key whose signatures count. */
export interface VerificationKey {
  /** What signatures name it by (`keyid`). */
  readonly id: string;
  readonly key: KeyObject;
  /** The one algorithm that it signs by. */
  readonly algorithm: SignatureAlgorithm;
  /** What its signatures must name as their `scope`; undefined or null = they must name none. */
  readonly scope?: string | null | undefined;
}

/** Who signed a bundle. */
export interface VerifiedSignature {
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  readonly scope: string | null;
}

/** The file of a bundle that holds its signature. */
export const signaturesFile = '.signatures.json';
