import { readFileSync } from 'node:fs';
import type { BundleKeyConfig } from '../../config/types.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { bundleFilesOf } from '../../policy/bundle.ts';
import type { SignatureAlgorithm, VerificationKey } from '../../policy/signatures/types.ts';
import { verifySignatures } from '../../policy/signatures/verify.ts';
import { readVerifyKeys } from '../sources/statement-keys.ts';

/** The id of the key that has signed a bundle; null where none need have. Throws as `admitBundle`. */
export async function bundleSigner(
  bytes: Uint8Array,
  keys: readonly BundleKeyConfig[],
): Promise<string | null> {
  if (keys.length === 0) return null;
  const { keyId } = await verifySignatures(bundleFilesOf(bytes), keys.map(readKey));
  return keyId;
}

/** Read anew each time: bundles come seldom, and a key that was replaced counts for the next one. */
function readKey({ key_id: id, file, algorithm, scope }: BundleKeyConfig): VerificationKey {
  const about = `key ${JSON.stringify(id)} of policy.signed_by`;
  try {
    const [key, ...others] = readVerifyKeys(readFileSync(file, 'utf8'), file);
    if (!key || others.length > 0) throw new Error(`${file} holds ${others.length + 1} keys, and not one`);
    return { id, key, algorithm: algorithm as SignatureAlgorithm, scope };
  } catch (thrown) {
    throw new PortreeveError('PDP_CONFIG_INVALID', `${about}: ${describeThrown(thrown)}`, { cause: thrown });
  }
}
