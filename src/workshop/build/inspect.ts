import type { KeyObject } from 'node:crypto';
import { sha256Hex } from '../../lib/bytes.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { bundleFilesOf, bundleFrom, readBundleFile, type Bundle } from '../../policy/bundle.ts';
import type { DeclaredReason } from '../../policy/custom-reasons.ts';
import { isObject } from '../../policy/is-object.ts';
import { readSelfTest } from '../../policy/self-test-file.ts';
import { readSignature } from '../../policy/signatures/read-signature.ts';
import { usualAlgorithm } from '../../policy/signatures/sign.ts';
import { signaturesFile, type SignatureAlgorithm } from '../../policy/signatures/types.ts';
import { verifySignatures } from '../../policy/signatures/verify.ts';
import { metadataOf } from './differences.ts';
import type { OnlyUse } from '../../policy/verdict-memory.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/** A key that a bundle's signature is to be verified by. */
export interface KeyOfVerifier {
  readonly key: KeyObject;
  /** By its kind where left out. */
  readonly algorithm?: SignatureAlgorithm | undefined;
  /** The name that the signature must give it; whatever it gives where left out. */
  readonly id?: string | undefined;
  readonly scope?: string | undefined;
}

/** All that a bundle says of itself; its form is that of `policy inspect --json`. */
export interface BundleTold {
  readonly sha256: string;
  readonly bytes: number;
  readonly revision: string;
  readonly entrypoint: string;
  readonly input_version: number;
  /** null: the rules may read all. */
  readonly input_keys: readonly string[] | null;
  /** Of these, the ones that rules only name (`told`), or only ask of whether they are null. */
  readonly input_only: Readonly<Record<string, OnlyUse>>;
  readonly requires: string | null;
  readonly compat: 'opa-envoy' | null;
  readonly compiler: string | null;
  /** SHA-256 by name; null where another builder made it. */
  readonly sources: Readonly<Record<string, unknown>> | null;
  readonly reasons: Readonly<Record<string, DeclaredReason>>;
  readonly self_test_cases: number;
  readonly signature: {
    readonly algorithm: string;
    readonly key_id: string | null;
    readonly scope: string | null;
    readonly verified: boolean;
  } | null;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}

export interface Inspected {
  readonly bundle: Bundle;
  readonly told: BundleTold;
}

/**
 * Reads a bundle file and tells what it says of itself. With a key its signature is verified first. Throws as `readBundle`
 * and, with a key, as `verifySignatures` do.
 */
export async function inspectBundle(file: string, verifier?: KeyOfVerifier): Promise<Inspected> {
  const bytes = readBundleFile(file);
  const files = bundleFilesOf(bytes);
  if (verifier) await verify(files, verifier);
  const bundle = bundleFrom(bytes, file);
  const { compiler, sources, reasons } = metadataOf(files.get('.manifest'));
  return {
    bundle,
    told: {
      sha256: bundle.digest,
      bytes: bytes.byteLength,
      revision: bundle.revision,
      entrypoint: bundle.entrypoint,
      input_version: bundle.inputVersion,
      input_keys: bundle.inputKeys ?? null,
      input_only: bundle.inputOnly ?? {},
      requires: bundle.requires ?? null,
      compat: bundle.compat,
      compiler: typeof compiler === 'string' ? compiler : null,
      sources: isObject(sources) ? sources : null,
      // Their form was checked with the manifest.
      reasons: isObject(reasons) ? (reasons as Record<string, DeclaredReason>) : {},
      self_test_cases: readSelfTest(bundle)?.cases.length ?? 0,
      signature: signatureTold(files, verifier !== undefined),
      files: [...files].map(([name, content]) => ({
        name,
        bytes: content.byteLength,
        sha256: sha256Hex(content),
      })),
    },
  };
}

async function verify(files: Files, { key, algorithm, id, scope }: KeyOfVerifier): Promise<void> {
  const by = algorithm ?? usualAlgorithm(key);
  if (by === undefined) {
    throw new PortreeveError(
      'PDP_USAGE',
      `a public key of the kind ${key.asymmetricKeyType} verifies no bundles`,
    );
  }
  await verifySignatures(files, [{ id: id ?? namedBy(files), key, algorithm: by, scope }]);
}

/** The name that the signature gives its key: who gives the key itself need not know it. */
function namedBy(files: Files): string {
  const signature = files.get(signaturesFile);
  return (signature && readSignature(signature).keyId) ?? '';
}

function signatureTold(files: Files, verified: boolean): BundleTold['signature'] {
  const bytes = files.get(signaturesFile);
  if (!bytes) return null;
  const { algorithm, keyId, scope } = readSignature(bytes);
  return { algorithm, key_id: keyId ?? null, scope: scope ?? null, verified };
}
