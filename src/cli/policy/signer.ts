import { resolve } from 'node:path';
import { PortreeveError } from '../../lib/errors.ts';
import { usualAlgorithm, type Signer } from '../../policy/signatures/sign.ts';
import type { SignatureAlgorithm } from '../../policy/signatures/types.ts';
import { readPrivateKey } from '../sign.ts';

/** What a command line says of signing. */
export interface SigningOptions {
  readonly sign?: string;
  readonly signingAlg?: SignatureAlgorithm;
  readonly keyId?: string;
  readonly scope?: string;
}

/**
 * Who signs by a command line's options; undefined where nobody does. Throws PDP_USAGE where the key cannot be read, is of a
 * kind that cannot sign, or options for signing stand without a key.
 */
export async function signerOf(options: SigningOptions, folder: string): Promise<Signer | undefined> {
  const { sign, signingAlg, keyId, scope } = options;
  if (sign === undefined) {
    if (signingAlg === undefined && keyId === undefined && scope === undefined) return undefined;
    throw new PortreeveError(
      'PDP_USAGE',
      '--signing-alg, --key-id and --scope are of --sign, which is missing',
    );
  }
  const file = resolve(folder, sign);
  const key = await readPrivateKey(file);
  const algorithm = signingAlg ?? usualAlgorithm(key);
  if (algorithm === undefined) {
    throw new PortreeveError(
      'PDP_USAGE',
      `private key ${file}: its kind (${key.asymmetricKeyType}) signs no bundles`,
    );
  }
  return { key, algorithm, keyId, scope };
}
