import { tags } from '../../lib/der/tags.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import { invalid } from '../crl-extensions.ts';
import { parseCrl, type CrlFields } from '../parse-crl.ts';
import type { TbsFrame } from './tbs-frame.ts';

/**
 * Reads the fields of a CRL whose entries went by with the code that reads a whole one: from the same CRL without
 * entries. Throws PDP_CRL_INVALID and PDP_CRL_REFUSED as `parseCrl` would of all of it.
 */
export function readFields(frame: TbsFrame, algorithm: Uint8Array, signature: Uint8Array): CrlFields {
  // The list of entries stands there, empty: what follows must not be taken for it.
  const tbs = sequence([frame.head, ...(frame.entries ? [sequence([])] : []), frame.tail]);
  if (frame.problem === undefined) return parseCrl(sequence([tbs, algorithm, signature]));
  try {
    parseCrl(sequence([tbs, algorithm, signature]));
  } catch (thrown) {
    // What stands before the break may refuse the CRL, as it does where all of it is at hand.
    if (asPortreeveError(thrown).code === 'PDP_CRL_REFUSED') throw thrown;
  }
  throw invalid(frame.problem.message, frame.problem);
}

function sequence(parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tags.sequence, ...derLength(content.byteLength)]), content]);
}

/** A length in its shortest form (X.690 section 10.1). */
function derLength(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}
