import { asPortreeveError } from '../../lib/errors.ts';
import { readKeyList } from '../log/keys.ts';
import type { RecordEntry, RecordLog } from '../sources/types.ts';
import { leafHash } from '../tlog/hash.ts';
import { isOf, isSignedBy, parseVerifier } from '../tlog/note.ts';
import type { NoteVerifier } from '../tlog/note.ts';
import { proveInclusion } from '../tlog/prove.ts';
import { verifyInclusion } from '../tlog/verify-proof.ts';

/** What can be shown for one entry, as far as its log goes. */
export interface ProofStatus {
  /**
   * `in_tree`: the entry stands in the tree that the checkpoint is of. `not_in_tree`: it does not. `unproved`: hashes
   * that the proof needs are damaged or cannot be had. `none`: it is a line of a file, for which nothing vouches.
   */
  readonly is: 'in_tree' | 'not_in_tree' | 'unproved' | 'none';
  /** Why it is unproved. */
  readonly problem?: string;
  readonly log?: string;
  /** Size of the tree that the checkpoint is of. */
  readonly size?: number;
  /** Hashes of the proof. */
  readonly hashes?: number;
  /**
   * Whether a key of the list that lies in the log has signed the checkpoint; null without a list: nobody verified any
   * signature then.
   */
  readonly signed?: boolean | null;
  /** A signature by the log's name stands on the checkpoint, whoever made it. */
  readonly claimed?: boolean;
  /** Names of others that have signed it; their signatures were not verified. */
  readonly others?: readonly string[];
}

/** Whether all was shown that can be: the entry stands in a tree that a key of the log has signed; of a line nothing can. */
export function isShown({ is, signed }: ProofStatus): boolean {
  return is === 'none' || (is === 'in_tree' && signed === true);
}

/** Proves an entry by the log's own tiles and keys. Whoever trusts neither verifies with keys of his own. */
export async function proofStatus(
  { tree }: RecordLog,
  { index, bytes }: Pick<RecordEntry, 'index' | 'bytes'>,
): Promise<ProofStatus> {
  if (!tree) return { is: 'none' };
  const { origin, size, root, note } = tree.checkpoint;
  const keys = await ownKeys(tree.files);
  const about = {
    ...{
      log: origin,
      size,
      signed: keys && keys.some((key) => key.name === origin && isSignedBy(note, key)),
    },
    claimed: note.signatures.some(({ name }) => name === origin),
    others: note.signatures
      .filter((one) => one.name !== origin && !keys?.some((key) => isOf(one, key)))
      .map(({ name }) => name),
  };
  try {
    const proof = await proveInclusion(tree.files, size, index);
    const holds = verifyInclusion({ index, size, leaf: leafHash(bytes), root }, proof);
    return { is: holds ? 'in_tree' : 'not_in_tree', hashes: proof.length, ...about };
  } catch (thrown) {
    return { is: 'unproved', problem: asPortreeveError(thrown).message, ...about };
  }
}

async function ownKeys(
  files: NonNullable<RecordLog['tree']>['files'],
): Promise<readonly NoteVerifier[] | null> {
  try {
    const list = await readKeyList(files);
    return list ? list.keys.map(({ key }) => parseVerifier(key)) : null;
  } catch {
    // A list that cannot be read proves nothing; `audit verify` says what is wrong with it.
    return [];
  }
}
