import { X509Certificate, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { builtinLimits, within } from '../limits.ts';
import { OperandError } from '../operands.ts';

/** A key that signatures are verified with. */
export interface VerificationKey {
  /** Of its JWK; empty where that names none, or the key is no JWK. */
  readonly alg: string;
  readonly kid: string;
  /** A public key, or the bytes of a shared one. */
  readonly key: KeyObject | Buffer;
  /** A private key was given: its public half is taken by `decode_verify` alone, as in OPA. */
  readonly private: boolean;
}

const known = new Map<string, readonly VerificationKey[]>();
const mostKnown = 100;

/** Algorithms that OPA verifies; keys of others are left out. */
export const algorithms: ReadonlySet<string> = new Set(
  ['RS', 'PS', 'ES', 'HS']
    .flatMap((family) => [256, 384, 512].map((size) => `${family}${size}`))
    .concat('EdDSA'),
);

/** The keys of a PEM certificate, a PEM public key, a JWK or a set of them. Throws OperandError. */
export function readKeys(text: string): readonly VerificationKey[] {
  const again = known.get(text);
  if (again) return again;
  within(text.length, builtinLimits.documentCharacters, 'characters of keys');
  const keys = text.includes('-----BEGIN') ? [pemKey(text)] : jwks(text);
  if (known.size >= mostKnown) known.clear();
  known.set(text, keys);
  return keys;
}

/** One block, nothing behind it. */
function pemKey(text: string): VerificationKey {
  const match = /(?:^|\n)-----BEGIN ([A-Z ]+)-----\r?\n([^-]*)-----END \1-----[ \t]*(?:\r?\n|$)/.exec(text);
  if (!match || match.index + match[0].length !== text.length) throw new OperandError('not one PEM block');
  const der = Buffer.from(match[2] ?? '', 'base64');
  const key = attempt(() => {
    if (match[1] === 'CERTIFICATE') return new X509Certificate(der).publicKey;
    if (match[1] === 'PUBLIC KEY') return createPublicKey({ key: der, format: 'der', type: 'spki' });
    throw new OperandError('neither a certificate nor a public key');
  });
  return { alg: '', kid: '', key, private: false };
}

function jwks(text: string): readonly VerificationKey[] {
  const document = attempt(() => JSON.parse(text) as unknown);
  if (typeof document !== 'object' || document === null) throw new OperandError('no JWK');
  const listed = (document as { readonly keys?: unknown }).keys;
  const keys = Array.isArray(listed) ? (listed as readonly unknown[]) : [document];
  return keys.map(jwk).filter(({ alg }) => alg === '' || algorithms.has(alg));
}

function jwk(value: unknown): VerificationKey {
  if (typeof value !== 'object' || value === null) throw new OperandError('no JWK');
  const { kty, alg = '', kid = '', k, d } = value as Readonly<Record<string, unknown>>;
  if (typeof alg !== 'string' || typeof kid !== 'string') throw new OperandError('no JWK');
  if (kty === 'oct') {
    if (typeof k !== 'string' || !/^[A-Za-z0-9_-]+$/.test(k)) throw new OperandError('no JWK');
    return { alg, kid, key: Buffer.from(k, 'base64url'), private: false };
  }
  const key = attempt(() => createPublicKey({ key: value, format: 'jwk' }));
  return { alg, kid, key, private: d !== undefined };
}

function attempt<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw new OperandError('no key', { cause });
  }
}
