import { createVerify, type Verify } from 'node:crypto';
import { PortreeveError } from '../lib/errors.ts';
import { readSignatureScheme, type SignatureScheme } from './signature-algorithm.ts';

/**
 * Bytes of a message whose signature needs the message as a whole (Ed25519, Ed448, ML-DSA: it is gone over twice, or
 * hashed together with the signature). They are held in memory; everything else is hashed as it goes by.
 */
export const wholeMessageBytes = 64 * 1024 * 1024;

/** A signed message that goes by in chunks, and can then be verified under as many keys as were announced. */
export interface SignedStream {
  /** Throws PDP_LIMIT_EXCEEDED past `wholeMessageBytes` where the message has to be held. */
  update(bytes: Uint8Array): void;
  /** `data` for `verifySignature`. */
  data(digest: SignatureScheme['digest']): Verify | Uint8Array;
}

/**
 * Begins to take in a message that is said to be signed by the algorithm of this AlgorithmIdentifier (DER), to be
 * verified at most `keys` times. Of an algorithm that is broken or not known nothing is taken in: `verifySignature`
 * never asks for it then.
 */
export function signedStream(algorithmDer: Uint8Array, keys: number): SignedStream {
  const digest = digestOf(algorithmDer);
  if (digest === undefined || keys === 0) return { update: () => undefined, data: noMore };
  if (digest === null) return heldMessage();
  const verifiers = Array.from({ length: keys }, () => createVerify(digest));
  return {
    update: (bytes) => {
      for (const verifier of verifiers) verifier.update(bytes);
    },
    data: () => verifiers.pop() ?? noMore(),
  };
}

function heldMessage(): SignedStream {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  let whole: Uint8Array | undefined;
  return {
    update: (part) => {
      bytes += part.byteLength;
      if (bytes > wholeMessageBytes) {
        throw new PortreeveError(
          'PDP_LIMIT_EXCEEDED',
          `its signature algorithm needs all of it at once, and it has more than ${wholeMessageBytes} bytes`,
        );
      }
      parts.push(Buffer.from(part));
    },
    data: () => (whole ??= Buffer.concat(parts)),
  };
}

function digestOf(algorithmDer: Uint8Array): SignatureScheme['digest'] | undefined {
  try {
    return readSignatureScheme(algorithmDer)?.digest;
  } catch {
    // Whoever verifies reads it again and answers that no such signature is valid.
    return undefined;
  }
}

function noMore(): never {
  throw new PortreeveError('PDP_INTERNAL', 'a signature was to be verified under more keys than announced');
}
