import { DerReader, type Tlv } from '../lib/der/reader.ts';
import { contextConstructed, tags } from '../lib/der/tags.ts';
import { readNull, readOid, readSmallInteger } from '../lib/der/values.ts';
import type { PublicKeyInfo } from './types.ts';

/** How a signature is to be verified. */
export interface SignatureScheme {
  /** Kinds of key that may make it. */
  readonly keys: readonly PublicKeyInfo['algorithm'][];
  /** OpenSSL's name of the digest; null where the algorithm has its own. */
  readonly digest: 'sha1' | 'md5' | 'sha256' | 'sha384' | 'sha512' | null;
  /** Octets of salt, for RSASSA-PSS. */
  readonly saltLength?: number;
}

const rsassaPss = '1.2.840.113549.1.1.10';
const mgf1 = '1.2.840.113549.1.1.8';

/** RSASSA-PKCS1-v1_5, whose parameters are NULL or absent (RFC 4055 section 5). */
const rsaSchemes: ReadonlyMap<string, SignatureScheme> = new Map([
  ['1.2.840.113549.1.1.4', { keys: ['rsa'], digest: 'md5' }],
  ['1.2.840.113549.1.1.5', { keys: ['rsa'], digest: 'sha1' }],
  ['1.2.840.113549.1.1.11', { keys: ['rsa'], digest: 'sha256' }],
  ['1.2.840.113549.1.1.12', { keys: ['rsa'], digest: 'sha384' }],
  ['1.2.840.113549.1.1.13', { keys: ['rsa'], digest: 'sha512' }],
]);

/** Algorithms without parameters: ECDSA (RFC 5758 section 3.2), EdDSA (RFC 8410), ML-DSA (RFC 9881). */
const plainSchemes: ReadonlyMap<string, SignatureScheme> = new Map([
  ['1.2.840.10045.4.1', { keys: ['ec'], digest: 'sha1' }],
  ['1.2.840.10045.4.3.2', { keys: ['ec'], digest: 'sha256' }],
  ['1.2.840.10045.4.3.3', { keys: ['ec'], digest: 'sha384' }],
  ['1.2.840.10045.4.3.4', { keys: ['ec'], digest: 'sha512' }],
  ['1.3.101.112', { keys: ['ed25519'], digest: null }],
  ['1.3.101.113', { keys: ['ed448'], digest: null }],
  ['2.16.840.1.101.3.4.3.17', { keys: ['ml-dsa-44'], digest: null }],
  ['2.16.840.1.101.3.4.3.18', { keys: ['ml-dsa-65'], digest: null }],
  ['2.16.840.1.101.3.4.3.19', { keys: ['ml-dsa-87'], digest: null }],
]);

const pssDigests: ReadonlyMap<string, SignatureScheme['digest']> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

/**
 * Reads an AlgorithmIdentifier of a signature; undefined for algorithms, digests and parameters that this program does
 * not verify. Throws PDP_DER_INVALID where it is broken.
 */
export function readSignatureScheme(algorithmDer: Uint8Array): SignatureScheme | undefined {
  const document = new DerReader(algorithmDer);
  const reader = document.enter(tags.sequence);
  document.end();
  const oid = readOid(reader.read(tags.oid));
  const parameters = reader.done ? undefined : reader.next();
  reader.end();
  if (oid === rsassaPss) return pssScheme(parameters);
  const rsa = rsaSchemes.get(oid);
  if (rsa !== undefined && parameters !== undefined) readNull(parameters);
  return rsa ?? (parameters === undefined ? plainSchemes.get(oid) : undefined);
}

/** Whether the scheme's digest no longer resists collisions. */
export function hasWeakDigest(scheme: SignatureScheme): boolean {
  return scheme.digest === 'sha1' || scheme.digest === 'md5';
}

/** RSASSA-PSS-params (RFC 4055 section 3.1); the mask must be made with the same digest as the message. */
function pssScheme(parameters: Tlv | undefined): SignatureScheme | undefined {
  if (parameters?.tag !== tags.sequence) return undefined;
  const reader = parameters.open();
  const digest = pssDigest(reader.optional(contextConstructed(0)));
  const maskDigest = pssMaskDigest(reader.optional(contextConstructed(1)));
  const salt = reader.optional(contextConstructed(2));
  const saltLength = salt === undefined ? 20 : readSmallInteger(onlyElement(salt));
  const trailer = reader.optional(contextConstructed(3));
  const trailerField = trailer === undefined ? 1 : readSmallInteger(onlyElement(trailer));
  reader.end();
  if (digest === undefined || digest !== maskDigest || trailerField !== 1) return undefined;
  return { keys: ['rsa', 'rsa-pss'], digest, saltLength };
}

function pssMaskDigest(explicit: Tlv | undefined): SignatureScheme['digest'] | undefined {
  if (explicit === undefined) return 'sha1';
  const generator = onlyElement(explicit).open();
  if (readOid(generator.read(tags.oid)) !== mgf1) return undefined;
  const digest = digestOf(generator.read(tags.sequence));
  generator.end();
  return digest;
}

function pssDigest(explicit: Tlv | undefined): SignatureScheme['digest'] | undefined {
  return explicit === undefined ? 'sha1' : digestOf(onlyElement(explicit));
}

function digestOf(algorithm: Tlv): SignatureScheme['digest'] | undefined {
  const reader = algorithm.open();
  const oid = readOid(reader.read(tags.oid));
  if (!reader.done) readNull(reader.next());
  reader.end();
  return pssDigests.get(oid);
}

function onlyElement(explicit: Tlv): Tlv {
  const reader = explicit.open();
  const element = reader.next();
  reader.end();
  return element;
}
