import { PortreeveError } from '../../../lib/errors.ts';
import { bytesOf, type Times } from '../issue/issuer.ts';
import { keysOf } from '../issue/keys.ts';
import { moment } from '../moment.ts';
import type { AttestationWords, VerifierWords } from '../words.ts';

type Verifiers = Readonly<Record<string, VerifierWords>>;

function verifierKeys(name: string, { key = 'ec-p256' }: VerifierWords) {
  return keysOf(`verifier ${name}`, key);
}

/** What a verifier publishes: a JWK Set with its one key. */
export async function publishedKeys(name: string, words: VerifierWords): Promise<string> {
  const { publicJwk } = await import('../../../ca/index.ts');
  return JSON.stringify({ keys: [publicJwk(await verifierKeys(name, words), words.kid ?? name)] });
}

/**
 * The attestation result that a case presents, as a compact JWS. `key` is the certificate's, DER SubjectPublicKeyInfo.
 * Throws PDP_CASES_INVALID for a verifier that is not described.
 */
export async function tokenOf(
  words: AttestationWords,
  verifiers: Verifiers,
  { at }: Times,
  key: Uint8Array | undefined,
): Promise<string> {
  if (words.file !== undefined) return Buffer.from(bytesOf(words.file)).toString('utf8').trim();
  if (words.fault === 'not_a_token') return 'not.a.token';
  const { attestedKey, resultClaims, signToken } = await import('../../../ca/index.ts');
  const name = words.verifier ?? Object.keys(verifiers)[0] ?? 'verifier';
  const verifier = described(name, verifiers);
  const { about = 'this_key', nonce } = words;
  const attested =
    about === 'no_key' ? undefined : about === 'other_key' ? attestedKey(await keysOf('another key')) : key;
  const parts = Object.entries(words.parts ?? { platform: {} });
  const claims = resultClaims({
    dialect: verifier.dialect ?? 'ear',
    issuedAt: moment(words.issued, at, at - 60_000),
    ...(words.expires !== null && { expiresAt: moment(words.expires, at, at + 1_740_000) }),
    developer: 'https://verifier.example',
    build: 'cases',
    ...(nonce !== undefined && { nonce: Buffer.from(nonce, 'base64url') }),
    submods: Object.fromEntries(
      parts.map(([label, part]) => [
        label,
        {
          status: part.status ?? words.status ?? 'affirming',
          vector: part.vector ?? words.vector ?? { executables: 2, hardware: 2 },
          policy: 'policy:1',
          ...(attested && { key: attested }),
          ...(part.claims && { more: part.claims }),
        },
      ]),
    ),
    ...(words.claims && { more: words.claims }),
  });
  const signer = words.signed_by ?? name;
  const keys = await verifierKeys(signer, described(signer, verifiers));
  return damaged(signToken(keys, claims, { kid: verifier.kid ?? name, ...words.header }), words.fault);
}

function described(name: string, verifiers: Verifiers): VerifierWords {
  const words = verifiers[name];
  if (words) return words;
  const known = Object.keys(verifiers).join(', ') || 'none: describe it under fixtures.verifiers';
  throw new PortreeveError(
    'PDP_CASES_INVALID',
    `there is no verifier ${JSON.stringify(name)}; there are ${known}`,
  );
}

function damaged(token: string, fault: AttestationWords['fault']): string {
  const [header = '', , signature = ''] = token.split('.');
  if (fault === 'no_signature') return token.slice(0, token.lastIndexOf('.'));
  if (fault !== 'claims') return token;
  return `${header}.${Buffer.from('{"iat":1}').toString('base64url')}.${signature}`;
}
