import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import { describeThrown } from '../../lib/errors.ts';
import { refused } from './failures.ts';

const maxKeys = 8;

/**
 * The public keys of a file: PEM (one block after another), a JWK or a JWKS; at most 8. Private keys are refused: they
 * have no business beside a verifier. Throws PDP_SOURCE_REFUSED naming the file.
 */
export function readVerifyKeys(text: string, file: string): readonly KeyObject[] {
  try {
    const keys = text.trimStart().startsWith('{') ? jwkKeys(text) : pemKeys(text);
    if (keys.length === 0) throw new Error('there is no key in it');
    if (keys.length > maxKeys) throw new Error(`more than ${maxKeys} keys`);
    return keys;
  } catch (thrown) {
    throw refused(`key file ${file}: ${describeThrown(thrown)}`, thrown);
  }
}

function pemKeys(text: string): KeyObject[] {
  if (text.includes('PRIVATE KEY')) throw new Error('holds a private key; give it the public one');
  const blocks = text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  return blocks.map((block) => createPublicKey(block));
}

function jwkKeys(text: string): KeyObject[] {
  const value = JSON.parse(text) as { readonly keys?: readonly JWK[] } & JWK;
  return (value.keys ?? [value]).map((jwk) => {
    if (jwk.d !== undefined || jwk.kty === 'oct')
      throw new Error('holds a private or symmetric key; give it the public one');
    return createPublicKey({ key: jwk, format: 'jwk' });
  });
}
