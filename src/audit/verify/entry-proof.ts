import { PortreeveError } from '../../lib/errors.ts';
import { openCheckpoint } from '../tlog/checkpoint.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { cosignatureOf } from '../tlog/cosignature.ts';
import type { Cosignature } from '../tlog/cosignature.ts';
import { leafHash } from '../tlog/hash.ts';
import { readEntries } from '../tlog/log-files.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import type { NoteVerifier } from '../tlog/note.ts';
import { parseProof, writeProof } from '../tlog/proof-file.ts';
import { proveInclusion } from '../tlog/prove.ts';
import { tileWidth, widthAt } from '../tlog/tile-path.ts';
import { verifyInclusion } from '../tlog/verify-proof.ts';

/**
 * Proves that an entry stands in the tree of a checkpoint: a `.tlog-proof` (C2SP tlog-proof) with the entry in it, which
 * needs no log to be verified. Throws PDP_NOT_FOUND where there is no such entry, or what a proof needs is gone;
 * PDP_INPUT_MALFORMED where the log's own tiles do not prove it.
 */
export async function proveEntry(
  files: LogFiles,
  checkpoint: SignedCheckpoint,
  index: number,
): Promise<Uint8Array> {
  const { size, root } = checkpoint;
  const proof = await proveInclusion(files, size, index);
  const bundle = Math.floor(index / tileWidth);
  const entry = (await readEntries(files, bundle, widthAt('entries', bundle, size)))[index % tileWidth];
  if (entry === undefined || !verifyInclusion({ index, size, leaf: leafHash(entry), root }, proof)) {
    const problem = `entry ${index} cannot be proved: the log's files are not those of its checkpoint`;
    throw new PortreeveError('PDP_INPUT_MALFORMED', `${problem} (audit verify says where)`);
  }
  return writeProof({ index, proof, checkpoint, extra: entry });
}

/** What a proof proves. */
export interface Proved {
  readonly index: number;
  readonly entry: Uint8Array;
  readonly checkpoint: SignedCheckpoint;
  readonly cosignatures: readonly Cosignature[];
}

/**
 * Verifies a proof by keys of the log: the entry in it stands at its index in the tree that one of them signed. Throws
 * PDP_INPUT_MALFORMED for what is no proof, or proves nothing; PDP_KEYS_INVALID where no key given has signed.
 */
export function checkProof(
  bytes: Uint8Array,
  keys: readonly NoteVerifier[],
  witnesses: readonly NoteVerifier[],
): Proved {
  const { index, proof, extra, checkpoint: found } = parseProof(bytes);
  const checkpoint = openCheckpoint(found.bytes, keys);
  if (extra === undefined) throw new PortreeveError('PDP_INPUT_MALFORMED', 'the proof has no entry in it');
  const { size, root, origin } = checkpoint;
  if (!verifyInclusion({ index, size, leaf: leafHash(extra), root }, proof)) {
    const problem = `the proof is wrong: this is not entry ${index} of the ${size} that ${origin} has signed`;
    throw new PortreeveError('PDP_INPUT_MALFORMED', problem);
  }
  const cosignatures = witnesses.flatMap((witness) => cosignatureOf(checkpoint.note, witness) ?? []);
  return { index, entry: extra, checkpoint, cosignatures };
}
