import { createPublicKey } from 'node:crypto';
import { PortreeveError } from '../../lib/errors.ts';
import { bundleFilesOf } from '../../policy/bundle.ts';
import { packFiles } from '../../policy/pack-bundle.ts';
import { readSignature } from '../../policy/signatures/read-signature.ts';
import { signFiles, type Signer } from '../../policy/signatures/sign.ts';
import { signaturesFile } from '../../policy/signatures/types.ts';
import { verifySignatures } from '../../policy/signatures/verify.ts';
import { bundleDifferences } from './differences.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/**
 * Signs and packs a bundle's files. Where the bundle that was there before holds the same files, and this signer has signed
 * it so, its bytes are taken over: ECDSA and PSS have a random part, and the same sources are to stay the same bundle.
 */
export async function signAndPack(files: Files, signer: Signer, before?: Uint8Array): Promise<Uint8Array> {
  if (before && (await isSignedBy(before, files, signer))) return before;
  return packFiles(await signFiles(files, signer));
}

/** Whether a packed bundle holds exactly these files, signed by this signer under this name and for this scope. */
export async function isSignedBy(packed: Uint8Array, files: Files, signer: Signer): Promise<boolean> {
  try {
    const there = bundleFilesOf(packed);
    if (bundleDifferences(there, files).length > 0) return false;
    const { id, key, algorithm, scope } = verificationKey(signer);
    await verifySignatures(there, [{ id, key, algorithm, scope }]);
    return readSignature(there.get(signaturesFile) as Uint8Array).keyId === signer.keyId;
  } catch (thrown) {
    if (thrown instanceof PortreeveError) return false;
    throw thrown;
  }
}

function verificationKey({ key, algorithm, keyId, scope }: Signer) {
  return { id: keyId ?? '', key: createPublicKey(key), algorithm, scope };
}
