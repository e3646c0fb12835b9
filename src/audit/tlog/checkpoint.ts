import { PortreeveError } from '../../lib/errors.ts';
import { hashBytes } from './hash.ts';
import { isSignedBy, parseNote, signNote, strictBase64 } from './note.ts';
import type { Note, NoteSigner, NoteVerifier } from './note.ts';
import type { TreeHead } from './verify-proof.ts';

/** What a checkpoint says, C2SP tlog-checkpoint. */
export interface Checkpoint extends TreeHead {
  readonly origin: string;
  /** Further lines, which are signed too. */
  readonly extensions: readonly string[];
}

/** A checkpoint with the note that it was read from. */
export interface SignedCheckpoint extends Checkpoint {
  readonly note: Note;
  /** The file, byte for byte. */
  readonly bytes: Uint8Array;
}

/** The text of a checkpoint, which is what is signed. */
export function checkpointText({ origin, size, root, extensions }: Checkpoint): string {
  return [origin, String(size), Buffer.from(root).toString('base64'), ...extensions]
    .map((line) => `${line}\n`)
    .join('');
}

/** Signs a checkpoint; the log's own signature first. */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly NoteSigner[]): Uint8Array {
  return Buffer.from(signNote(checkpointText(checkpoint), signers));
}

/** Reads a checkpoint strictly; nothing is verified. Throws PDP_INPUT_MALFORMED, saying what is wrong. */
export function parseCheckpoint(bytes: Uint8Array): SignedCheckpoint {
  const note = parseNote(bytes);
  const [origin = '', size = '', root = '', ...extensions] = note.text.slice(0, -1).split('\n');
  const hash = strictBase64(root);
  if (origin === '') throw malformed('has no origin');
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)))
    throw malformed('has no size');
  if (hash?.byteLength !== hashBytes) throw malformed('has no root hash');
  if (extensions.includes('')) throw malformed('has an empty line');
  return { origin, size: Number(size), root: hash, extensions, note, bytes };
}

/**
 * Reads a checkpoint of the log that one of the verifiers stands for: its origin is their name, and one of them has
 * signed it. Throws PDP_INPUT_MALFORMED for what is none, PDP_KEYS_INVALID where none has signed it.
 */
export function openCheckpoint(bytes: Uint8Array, verifiers: readonly NoteVerifier[]): SignedCheckpoint {
  const checkpoint = parseCheckpoint(bytes);
  const named = verifiers.filter(({ name }) => name === checkpoint.origin);
  if (!named.some((verifier) => isSignedBy(checkpoint.note, verifier))) {
    const known = verifiers.map(({ text }) => text.slice(0, text.lastIndexOf('+'))).join(', ');
    const problem = `the checkpoint of ${checkpoint.origin} at ${checkpoint.size} is signed by none of ${known}`;
    throw new PortreeveError('PDP_KEYS_INVALID', problem);
  }
  return checkpoint;
}

function malformed(problem: string): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `checkpoint: it ${problem}`);
}
