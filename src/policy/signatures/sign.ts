import type { KeyObject } from 'node:crypto';
import { CompactSign } from 'jose';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { hashBundleFile } from './hash-file.ts';
import { signaturesFile, type SignatureAlgorithm } from './types.ts';

/** Who signs, and for what. */
export interface Signer {
  readonly key: KeyObject;
  readonly algorithm: SignatureAlgorithm;
  /** What verifiers know the key by; left out = the signature names none. */
  readonly keyId?: string | undefined;
  readonly scope?: string | undefined;
}

/**
 * The files of a bundle together with their `.signatures.json`, in the form that OPA verifies: a JWT over the names and
 * SHA-256 hashes of all other files. EdDSA, RS* give the same bytes for the same files; ES* and PS* have a random
 * part. Throws PDP_USAGE where the key cannot sign by the algorithm.
 */
export async function signFiles(
  files: ReadonlyMap<string, Uint8Array>,
  { key, algorithm, keyId, scope }: Signer,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const unsigned = [...files].filter(([name]) => name !== signaturesFile);
  const payload = {
    files: unsigned
      .map(([name, content]) => ({
        name,
        hash: hashBundleFile(name, content, 'SHA-256'),
        algorithm: 'SHA-256',
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    keyid: keyId,
    scope,
  };
  const token = await tokenOver(payload, key, algorithm);
  const signatures = Buffer.from(`${JSON.stringify({ signatures: [token] })}\n`);
  return new Map([...unsigned, [signaturesFile, signatures]]);
}

async function tokenOver(payload: object, key: KeyObject, alg: SignatureAlgorithm): Promise<string> {
  try {
    return await new CompactSign(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader({ alg, typ: 'JWT' })
      .sign(key);
  } catch (cause) {
    const problem = `the signing key cannot sign by ${alg}: ${describeThrown(cause)}`;
    throw new PortreeveError('PDP_USAGE', problem, { cause });
  }
}

/** The algorithm that a private key signs by unless another is named; undefined for a kind of key that cannot sign here. */
export function usualAlgorithm(key: KeyObject): SignatureAlgorithm | undefined {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return 'EdDSA';
    case 'rsa':
      return 'RS256';
    case 'ec':
      return curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
    default:
      return undefined;
  }
}

const curves: Readonly<Record<string, SignatureAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};
