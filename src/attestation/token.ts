import { limits } from '../context/limits.ts';
import { sha256Hex } from '../lib/bytes.ts';
import { describeThrown } from '../lib/errors.ts';
import { isJsonObject, parseStrictJson } from '../lib/strict-json.ts';
import type { JsonObject } from '../lib/strict-json.ts';
import { decodeBase64url } from '../lib/base64url.ts';
import { attestationLimits } from './limits.ts';

/** Signature algorithms that verifiers may use; never `none`, never a MAC. `EdDSA` is Ed25519 here. */
export type TokenAlgorithm = 'ES256' | 'ES384' | 'EdDSA';

export const tokenAlgorithms: readonly TokenAlgorithm[] = ['ES256', 'ES384', 'EdDSA'];

/** A JWS in compact form (RFC 7515 section 3.1), taken apart; nothing of it is verified. */
export interface TokenParts {
  readonly algorithm: TokenAlgorithm;
  /** As the header spells the algorithm: RFC 9864 has `Ed25519` for what RFC 8037 calls `EdDSA`. */
  readonly spelling: string;
  readonly kid: string | undefined;
  /** SHA-256 (hex) of what is signed: the same for every signature over it. */
  readonly statement: string;
  readonly payload: Uint8Array;
}

/** Why a token is none, in words that follow "the token". */
export interface TokenProblem {
  readonly problem: string;
}

const types = new Set(['jwt', 'eat+jwt', 'eat-jwt', 'ear+jwt']);

/**
 * Takes a token apart, strictly: three parts in their one spelling, a small header without repeated members, an
 * algorithm of the list, no critical extensions (RFC 7515 section 4.1.11), and a type that says JWT or EAT where there is
 * one. Keys and places of keys that the header names (`jwk`, `jku`, `x5c`, `x5u`) are not looked at: whose keys count is
 * configured.
 */
export function readToken(token: string): TokenParts | TokenProblem {
  if (token.length > limits.attestationText) return { problem: `is longer than ${limits.attestationText}` };
  const [head = '', body = '', signature = '', ...more] = token.split('.');
  if (more.length > 0 || signature === '') return { problem: 'is not header, claims and signature' };
  const [header, payload, signed] = [head, body, signature].map(decodeBase64url);
  if (!header || !payload || !signed) return { problem: 'is not base64url' };
  const members = readHeader(header);
  if (typeof members === 'string') return { problem: members };
  return readMembers(members, { payload, statement: sha256Hex(`${head}.${body}`) });
}

/** The header's members, or what is wrong with it. */
function readHeader(bytes: Uint8Array): JsonObject | string {
  if (bytes.byteLength > attestationLimits.header) return 'has a header that is too long';
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = parseStrictJson(text, { depth: 4, values: 64 });
    return isJsonObject(value) ? value : 'has a header that is no object';
  } catch (thrown) {
    return `has a header that cannot be read: it ${describeThrown(thrown)}`;
  }
}

function readMembers(
  header: JsonObject,
  rest: Pick<TokenParts, 'payload' | 'statement'>,
): TokenParts | TokenProblem {
  const { alg, kid, typ } = header;
  const algorithm = tokenAlgorithms.find((one) => one === (alg === 'Ed25519' ? 'EdDSA' : alg));
  if (algorithm === undefined) return { problem: `has no algorithm of ${tokenAlgorithms.join(', ')}` };
  if ('crit' in header || 'b64' in header) return { problem: 'has critical extensions' };
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > attestationLimits.text)) {
    return { problem: 'has a `kid` that is no text' };
  }
  if (typ !== undefined && !(typeof typ === 'string' && types.has(typeName(typ)))) {
    return { problem: 'is of another type' };
  }
  return { ...rest, algorithm, spelling: alg as string, kid };
}

/** Media types without a tree may leave out `application/` (RFC 7515 section 4.1.9). */
function typeName(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '');
}
