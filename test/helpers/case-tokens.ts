import { attestedKey, generateKeys, publicJwk, resultClaims, signToken } from '../../src/ca/index.ts';
import type { CryptoKeyPair } from '../../src/ca/index.ts';
import { fleetTime, leaf, moment } from './case-certificates.ts';
import { fleet } from './case-files.ts';
import type { Case, CaseConnection, DescribedToken } from './case-types.ts';

/** Keys of the fleet's verifiers, made once in a run. */
const keys = new Map<string, Promise<CryptoKeyPair>>();

function keysOf(verifier: string): Promise<CryptoKeyPair> {
  const words = fleet.verifiers[verifier];
  if (!words) throw new Error(`the fleet has no verifier ${verifier}`);
  const known = keys.get(verifier) ?? generateKeys(words.key);
  keys.set(verifier, known);
  return known;
}

/** What a verifier publishes: a set, or a single key where it does not name it. */
export async function publishedKeys(verifier: string): Promise<string> {
  const { kid } = fleet.verifiers[verifier] as { kid?: string };
  const jwk = publicJwk(await keysOf(verifier), kid);
  return JSON.stringify(kid === undefined ? jwk : { keys: [jwk] });
}

/** What a connection claims, with its token issued. */
export async function claimsOf(
  one: Pick<Case, 'connection' | 'certificate'>,
): Promise<CaseConnection['claims']> {
  const { claims, token } = one.connection;
  if (!token) return claims;
  return { ...claims, attestation: await issued(token, one) };
}

async function issued(token: DescribedToken, { certificate }: Pick<Case, 'certificate'>): Promise<string> {
  const verifier = fleet.verifiers[token.by];
  if (!verifier) throw new Error(`the fleet has no verifier ${token.by}`);
  const key = await keyOf(token, certificate);
  const parts = Object.entries(token.submods ?? { platform: {} });
  const claims = resultClaims({
    dialect: verifier.dialect,
    issuedAt: moment(token.issued, fleetTime - 60_000),
    ...(token.expires === null ? {} : { expiresAt: moment(token.expires, fleetTime + 1_800_000) }),
    developer: 'https://verifier.example',
    build: 'lab 1.0',
    ...(token.nonce !== undefined && { nonce: Buffer.from(token.nonce, 'base64url') }),
    submods: Object.fromEntries(
      parts.map(([label, part]) => [
        label,
        {
          status: part.status ?? 'affirming',
          vector: part.vector ?? { executables: 2, hardware: 2 },
          policy: 'policy:1',
          ...(key && { key }),
          ...(part.more && { more: part.more }),
        },
      ]),
    ),
    ...(token.more && { more: token.more }),
  });
  const header = { ...(verifier.kid !== undefined && { kid: verifier.kid }), ...token.header };
  return damaged(signToken(await keysOf(token.signed_by ?? token.by), claims, header), token);
}

/** By default the key of the certificate that is shown. */
async function keyOf({ key_of: of }: DescribedToken, certificate: Case['certificate']) {
  if (of === null) return undefined;
  const shown = of ?? certificate;
  return shown === undefined ? undefined : attestedKey((await leaf(shown)).keys);
}

function damaged(token: string, { damage }: DescribedToken): string {
  if (damage === undefined) return token;
  const [header = '', , signature = ''] = token.split('.');
  const other = Buffer.from('{"iat":1,"iat":2}').toString('base64url');
  return damage === 'claims' ? `${header}.${other}.${signature}` : token.slice(0, token.lastIndexOf('.'));
}
