import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { PolicyConfig } from '../../config/types.ts';
import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import { parseBundle } from '../../policy/bundle.ts';
import type { StoreHand } from '../helpers/store-hand.ts';
import { bundleSigner } from './signer.ts';

/** A bundle whose form and signature are right; what it does is another matter. */
export interface Admitted {
  /** SHA-256 of its bytes, lower-case hex. */
  readonly digest: string;
  readonly revision: string;
  /** Whose signature was verified; null where none need be. */
  readonly keyId: string | null;
}

/** The part of a configuration that says whose bundles count. */
export interface Admitting {
  readonly policy: Pick<PolicyConfig, 'signed_by'>;
}

/**
 * Reads a bundle's bytes and verifies that one of the configured keys has signed them, where there are any. Throws
 * PDP_BUNDLE_INVALID, PDP_FORMAT_NEWER where the bundle needs a newer program or input, PDP_BUNDLE_SIGNATURE_* naming
 * what is wrong with its signature, PDP_CONFIG_INVALID where a key's file cannot be read.
 */
export async function admitBundle(bytes: Uint8Array, { policy }: Admitting): Promise<Admitted> {
  try {
    // Nothing of a bundle counts, not even for what it is refused, before its signature does.
    const keyId = await bundleSigner(bytes, policy.signed_by);
    const { digest, revision } = parseBundle(bytes);
    return { digest, revision, keyId };
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown, 'PDP_BUNDLE_INVALID');
    if (message.length <= mostCharacters) throw thrown;
    throw new PortreeveError(code, `${message.slice(0, mostCharacters)}…`, { cause: thrown });
  }
}

/**
 * As `admitBundle`, by the hand where there is one and the bundle is large: a megabyte of data takes tens of milliseconds
 * to read. Throws PDP_CHANNEL_BROKEN, too.
 */
export async function admitBeside(
  bytes: Uint8Array,
  { policy }: Admitting,
  hand: StoreHand | undefined,
): Promise<Admitted> {
  const admitting: Admitting = { policy: { signed_by: policy.signed_by } };
  if (!hand || (await isSmall(bytes))) return admitBundle(bytes, admitting);
  return hand.do({ is: 'bundle', bytes, admitting });
}

/** Of what a bundle is refused for: the names in it are its own, of any length, and stand in status, logs and records. */
const mostCharacters = 2000;

/** Bytes of a bundle, unpacked, that are read within a millisecond or two. */
const smallBytes = 512 * 1024;

const unpack = promisify(gunzip);

/** Unpacked by another thread. What is no gzip file at all is small: reading it tells what is wrong. */
async function isSmall(bytes: Uint8Array): Promise<boolean> {
  if (bytes.byteLength > smallBytes) return false;
  try {
    await unpack(bytes, { maxOutputLength: smallBytes });
    return true;
  } catch (thrown) {
    return !(thrown instanceof RangeError);
  }
}
