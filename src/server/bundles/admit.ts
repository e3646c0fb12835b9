import type { Config } from '../../config/types.ts';
import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import { parseBundle, type Bundle } from '../../policy/bundle.ts';
import { bundleSigner } from './signer.ts';

/** A bundle whose form and signature are right; what it does is another matter. */
export interface Admitted {
  readonly bundle: Bundle;
  /** Whose signature was verified; null where none need be. */
  readonly keyId: string | null;
}

/**
 * Reads a bundle's bytes and verifies that one of the configured keys has signed them, where there are any. Throws
 * PDP_BUNDLE_INVALID, PDP_FORMAT_NEWER where the bundle needs a newer program or input, PDP_BUNDLE_SIGNATURE_* naming
 * what is wrong with its signature, PDP_CONFIG_INVALID where a key's file cannot be read.
 */
export async function admitBundle(bytes: Uint8Array, { policy }: Pick<Config, 'policy'>): Promise<Admitted> {
  try {
    // Nothing of a bundle counts, not even for what it is refused, before its signature does.
    const keyId = await bundleSigner(bytes, policy.signed_by);
    return { bundle: parseBundle(bytes), keyId };
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown, 'PDP_BUNDLE_INVALID');
    if (message.length <= mostCharacters) throw thrown;
    throw new PortreeveError(code, `${message.slice(0, mostCharacters)}…`, { cause: thrown });
  }
}

/** Of what a bundle is refused for: the names in it are its own, of any length, and stand in status, logs and records. */
const mostCharacters = 2000;
