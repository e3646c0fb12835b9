import { calculateJwkThumbprint, importJWK } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { isJsonObject, parseStrictJson } from '../../lib/strict-json.ts';
import type { JsonObject, JsonValue } from '../../lib/strict-json.ts';
import { attestationLimits } from '../limits.ts';
import type { TokenAlgorithm } from '../token.ts';

/** A public key of a verifier. */
export interface VerifierKey {
  /** RFC 7638 with SHA-256, base64url. */
  readonly thumbprint: string;
  readonly kid: string | null;
  /** Published as the only key, not in a set: tokens need not name it. */
  readonly alone: boolean;
  readonly algorithm: TokenAlgorithm;
  /** RFC 7517 members that make the key, canonical JSON; what is kept. */
  readonly jwk: string;
}

/** What was read, and how many public keys of kinds that no token may be signed with were passed over. */
export interface KeySet {
  readonly keys: readonly VerifierKey[];
  readonly passedOver: number;
}

const algorithmOf: Readonly<Record<string, TokenAlgorithm>> = {
  'EC P-256': 'ES256',
  'EC P-384': 'ES384',
  'OKP Ed25519': 'EdDSA',
};

/** Members that only private or symmetric keys have (RFC 7518 section 6). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * Reads a JWK Set (RFC 7517 section 5), a single JWK, or Veraison's discovery document, which holds one. The whole set is
 * refused where any key in it is private or symmetric (then somebody published a secret), where two keys have one `kid`,
 * and where no key is of use. Throws PDP_KEYS_INVALID.
 */
export async function readKeySet(bytes: Uint8Array): Promise<KeySet> {
  const { listed, alone } = keysIn(parse(bytes));
  if (listed.length > attestationLimits.keys) throw invalid(`has more than ${attestationLimits.keys} keys`);
  for (const jwk of listed) refuseSecrets(jwk);
  const usable = listed.filter(isUsable);
  const keys = await Promise.all(usable.map((jwk) => readKey(jwk, alone)));
  if (keys.length === 0) throw invalid('has no public key for ES256, ES384 or EdDSA signatures');
  refuseTwins(keys);
  return { keys, passedOver: listed.length - usable.length };
}

/** The key ready to verify with. */
export async function importKey({
  jwk,
  algorithm,
}: Pick<VerifierKey, 'jwk' | 'algorithm'>): Promise<CryptoKey> {
  return (await importJWK(JSON.parse(jwk) as JWK, algorithm)) as CryptoKey;
}

function parse(bytes: Uint8Array): JsonObject {
  if (bytes.byteLength > attestationLimits.keySet)
    throw invalid(`is larger than ${attestationLimits.keySet} bytes`);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const value = parseStrictJson(text, attestationLimits);
    if (isJsonObject(value)) return value;
  } catch (thrown) {
    throw invalid(`cannot be read: the text ${describeThrown(thrown)}`, thrown);
  }
  throw invalid('is no object');
}

function keysIn(document: JsonObject): { readonly listed: readonly JsonObject[]; readonly alone: boolean } {
  const { keys } = document;
  if (Array.isArray(keys)) {
    return { alone: false, listed: (keys as readonly JsonValue[]).map(objectOnly) };
  }
  if (keys !== undefined) throw invalid('has `keys` that are no list');
  return { alone: true, listed: [objectOnly(document['ear-verification-key'] ?? document)] };
}

function objectOnly(value: JsonValue): JsonObject {
  if (isJsonObject(value)) return value;
  throw invalid('has a key that is no object');
}

function refuseSecrets(jwk: JsonObject): void {
  if (jwk['kty'] === 'oct') throw invalid('has a symmetric key: whoever can verify with it can sign with it');
  if (secretMembers.some((name) => name in jwk))
    throw invalid('has a private key: it must be taken out of use, since it was published');
}

/** Keys for other purposes and of other kinds may stand beside those of use. */
function isUsable(jwk: JsonObject): boolean {
  const { use, key_ops: operations, alg } = jwk;
  const algorithm = algorithmOf[`${text(jwk, 'kty')} ${text(jwk, 'crv')}`];
  if (algorithm === undefined || (use !== undefined && use !== 'sig')) return false;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return false;
  return alg === undefined || alg === algorithm || (alg === 'Ed25519' && algorithm === 'EdDSA');
}

async function readKey(jwk: JsonObject, alone: boolean): Promise<VerifierKey> {
  const { kid, kty, crv, x, y } = jwk;
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > attestationLimits.text))
    throw invalid('has a key whose `kid` is no text');
  const algorithm = algorithmOf[`${text(jwk, 'kty')} ${text(jwk, 'crv')}`] as TokenAlgorithm;
  const members = { kty, crv, x, ...(y !== undefined && { y }) };
  try {
    const canonical = canonicalJson(members);
    // Refuses what is no point of its curve.
    await importKey({ jwk: canonical, algorithm });
    const thumbprint = await calculateJwkThumbprint(members as JWK, 'sha256');
    return { thumbprint, kid: kid ?? null, alone, algorithm, jwk: canonical };
  } catch (thrown) {
    throw invalid(`has a key that is none: ${describeThrown(thrown)}`, thrown);
  }
}

function refuseTwins(keys: readonly VerifierKey[]): void {
  const kids = keys.flatMap(({ kid }) => kid ?? []);
  if (new Set(kids).size !== kids.length) throw invalid('has two keys with one `kid`');
  if (new Set(keys.map(({ thumbprint }) => thumbprint)).size !== keys.length)
    throw invalid('has one key twice');
}

function text(jwk: JsonObject, name: string): string {
  const value = jwk[name];
  return typeof value === 'string' ? value : '';
}

function invalid(problem: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_KEYS_INVALID', `the set of verifier keys ${problem}`, { cause });
}
