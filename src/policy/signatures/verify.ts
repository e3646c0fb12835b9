import { compactVerify } from 'jose';
import { describeThrown, PortreeveError, type ErrorCode } from '../../lib/errors.ts';
import { hashBundleFile } from './hash-file.ts';
import { readSignature, type ListedFile, type ReadSignature } from './read-signature.ts';
import {
  signatureAlgorithms,
  signaturesFile,
  type VerificationKey,
  type VerifiedSignature,
} from './types.ts';

/**
 * Verifies the signature of a bundle's files (name without leading slash → content, as `bundleFilesOf` gives them) as OPA
 * does (https://www.openpolicyagent.org/docs/management-bundles#signing): one of `keys` signed a list of exactly these
 * files with these hashes, by the algorithm and for the scope that the key is configured with. A signature that names no
 * key is held against the only one there is.
 *
 * Throws PDP_BUNDLE_SIGNATURE_ with MISSING (unsigned), MALFORMED, KEY_UNKNOWN, ALGORITHM (of the token or of a file's
 * hash), WRONG (not signed by that key), SCOPE, FILE_ADDED (in the bundle and not in the list), FILE_MISSING (in the list
 * only) or FILE_CHANGED, and PDP_BUNDLE_INVALID where a document of the bundle is no JSON.
 */
export async function verifySignatures(
  files: ReadonlyMap<string, Uint8Array>,
  keys: readonly VerificationKey[],
): Promise<VerifiedSignature> {
  const bytes = files.get(signaturesFile);
  if (!bytes) throw refused('MISSING', 'it is not signed: it has no .signatures.json');
  const signature = readSignature(bytes);
  const key = keyOf(signature, keys);
  refuseOtherAlgorithm(signature, key);
  await verifyToken(signature, key);
  refuseOtherScope(signature, key);
  compareFiles(files, signature.files);
  return { keyId: key.id, algorithm: key.algorithm, scope: signature.scope ?? null };
}

function keyOf({ keyId }: ReadSignature, keys: readonly VerificationKey[]): VerificationKey {
  const found = keyId === undefined && keys.length === 1 ? keys[0] : keys.find(({ id }) => id === keyId);
  if (found) return found;
  const known = keys.map(({ id }) => JSON.stringify(id)).join(', ') || 'none';
  const what =
    keyId === undefined ? 'its signature names no key' : `it is signed by ${JSON.stringify(keyId)}`;
  throw refused('KEY_UNKNOWN', `${what}; the keys that count are ${known}`);
}

/** Before any key is used: what a token says of itself must not choose how it is verified. */
function refuseOtherAlgorithm({ algorithm }: ReadSignature, key: VerificationKey): void {
  if (algorithm === key.algorithm) return;
  const known = (signatureAlgorithms as readonly string[]).includes(algorithm);
  const why = known
    ? `the key ${JSON.stringify(key.id)} signs by ${key.algorithm}`
    : `what counts is one of ${signatureAlgorithms.join(', ')}`;
  throw refused('ALGORITHM', `it is signed by ${JSON.stringify(algorithm)}; ${why}`);
}

async function verifyToken({ token }: ReadSignature, { id, key, algorithm }: VerificationKey): Promise<void> {
  try {
    await compactVerify(token, key, { algorithms: [algorithm] });
  } catch (cause) {
    throw refused(
      'WRONG',
      `the key ${JSON.stringify(id)} has not signed it: ${describeThrown(cause)}`,
      cause,
    );
  }
}

function refuseOtherScope({ scope }: ReadSignature, key: VerificationKey): void {
  const wanted = key.scope ?? undefined;
  if (scope === wanted) return;
  const [is, must] = [scope, wanted].map((one) =>
    one === undefined ? 'for no scope' : `for the scope ${JSON.stringify(one)}`,
  );
  throw refused('SCOPE', `it is signed ${is}, and has to be ${must}`);
}

function compareFiles(files: ReadonlyMap<string, Uint8Array>, listed: readonly ListedFile[]): void {
  const names = new Set(listed.map(({ name }) => name));
  for (const name of files.keys()) {
    if (name === signaturesFile || names.has(name)) continue;
    throw refused('FILE_ADDED', `${JSON.stringify(name)} is not among the files that were signed`);
  }
  for (const { name, hash, algorithm } of listed) {
    const content = files.get(name);
    if (!content) throw refused('FILE_MISSING', `${JSON.stringify(name)} was signed and is not there`);
    if (hashBundleFile(name, content, algorithm) !== hash) {
      throw refused('FILE_CHANGED', `${JSON.stringify(name)} is not as it was signed`);
    }
  }
}

type SignatureCode = ErrorCode extends infer Code
  ? Code extends `PDP_BUNDLE_SIGNATURE_${infer Rest}`
    ? Rest
    : never
  : never;

function refused(code: SignatureCode, problem: string, cause?: unknown): PortreeveError {
  return new PortreeveError(`PDP_BUNDLE_SIGNATURE_${code}`, `policy bundle: ${problem}`, { cause });
}
