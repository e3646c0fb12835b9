import { KeyObject, sign } from 'node:crypto';
import type { CryptoKeyPair } from './keys.ts';
import { hashFor, kindOf, publicKeyDer } from './keys.ts';

/** What an attestation result says, before it is put into the words of a dialect. Times in milliseconds. */
export interface ResultOptions {
  /** `ear`: draft-ietf-rats-ear since its third version; `veraison`: its earlier versions. */
  readonly dialect: 'ear' | 'veraison';
  readonly issuedAt: number;
  readonly expiresAt?: number;
  readonly developer: string;
  readonly build: string;
  readonly submods: Readonly<Record<string, SubmodOptions>>;
  /** Of the result itself: bytes. */
  readonly nonce?: Uint8Array;
  /** Laid over the claims: for results that are not as they should be. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export interface SubmodOptions {
  readonly status: string | number;
  readonly vector?: Readonly<Record<string, number>>;
  readonly policy?: string;
  /** The key that is attested: DER SubjectPublicKeyInfo. */
  readonly key?: Uint8Array;
  readonly more?: Readonly<Record<string, unknown>>;
}

const words = {
  ear: {
    profile: 'tag:ietf.org,2026:rats/ear#04',
    verifier: 'ear_verifier_id',
    status: 'ear_status',
    vector: 'ear_trustworthiness_vector',
    key: 'ear_veraison_key_attestation',
  },
  veraison: {
    profile: 'tag:github.com,2023:veraison/ear',
    verifier: 'ear.verifier-id',
    status: 'ear.status',
    vector: 'ear.trustworthiness-vector',
    key: 'ear.veraison.key-attestation',
  },
} as const;

/** The claims of an attestation result in its dialect. */
export function resultClaims(options: ResultOptions): Record<string, unknown> {
  const { dialect, issuedAt, expiresAt, developer, build, submods, nonce, more } = options;
  const named = words[dialect];
  return {
    eat_profile: named.profile,
    iat: Math.floor(issuedAt / 1000),
    ...(expiresAt !== undefined && { exp: Math.floor(expiresAt / 1000) }),
    [named.verifier]: { developer, build },
    ...(nonce && { eat_nonce: base64url(nonce) }),
    submods: Object.fromEntries(
      Object.entries(submods).map(([label, one]) => [label, appraisalClaims(one, dialect)]),
    ),
    ...more,
  };
}

function appraisalClaims(options: SubmodOptions, dialect: ResultOptions['dialect']): Record<string, unknown> {
  const { status, vector, policy, key, more } = options;
  const named = words[dialect];
  const policies =
    dialect === 'ear' ? { ear_appraisal_policy_ids: [policy] } : { 'ear.appraisal-policy-id': policy };
  return {
    [named.status]: status,
    ...(vector && { [named.vector]: vector }),
    ...(policy !== undefined && policies),
    ...(key && { [named.key]: { akpub: base64url(key) } }),
    ...more,
  };
}

/** The JWS algorithm (RFC 7518, RFC 8037) of a key pair: ES256, ES384 or EdDSA. */
export function tokenAlgorithm(keys: CryptoKeyPair): string {
  const kind = kindOf(keys);
  if (kind === 'ed25519') return 'EdDSA';
  return kind === 'ec-p384' ? 'ES384' : 'ES256';
}

/**
 * Signs a compact JWS (RFC 7515 section 3.1) over claims, or over a text that need not be any. Members of `header` take
 * the place of the usual ones; undefined leaves one out.
 */
export function signToken(
  keys: CryptoKeyPair,
  claims: Readonly<Record<string, unknown>> | string,
  header: Readonly<Record<string, unknown>> = {},
): string {
  const head = JSON.stringify({ alg: tokenAlgorithm(keys), typ: 'JWT', ...header });
  const body = typeof claims === 'string' ? claims : JSON.stringify(claims);
  const signed = `${base64url(Buffer.from(head))}.${base64url(Buffer.from(body))}`;
  const hash = kindOf(keys) === 'ed25519' ? null : hashFor(keys).replace('-', '').toLowerCase();
  const key = KeyObject.from(keys.privateKey);
  return `${signed}.${base64url(sign(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }))}`;
}

/** The public key as a JWK (RFC 7517) with its algorithm, and a `kid` where one is given. */
export function publicJwk(keys: CryptoKeyPair, kid?: string): Record<string, unknown> {
  const jwk = KeyObject.from(keys.publicKey).export({ format: 'jwk' });
  return { ...jwk, alg: tokenAlgorithm(keys), use: 'sig', ...(kid !== undefined && { kid }) };
}

/** The key as results attest it: DER SubjectPublicKeyInfo. */
export function attestedKey(keys: CryptoKeyPair): Uint8Array {
  return publicKeyDer(keys);
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
