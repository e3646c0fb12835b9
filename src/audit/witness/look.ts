import { describeThrown } from '../../lib/errors.ts';
import type { PortreeveError } from '../../lib/errors.ts';
import { openCheckpoint, parseCheckpoint } from '../tlog/checkpoint.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { NoteVerifier } from '../tlog/note.ts';
import type { OutsiderProblem, Sighting } from './types.ts';

/** A problem, before it is known where it stands. */
export type ProblemFound = Pick<OutsiderProblem, 'kind' | 'message'>;

/** What a kept line came to: a tree and who saw it, or what is wrong. */
export type Looked =
  | { readonly checkpoint: SignedCheckpoint; readonly sightings: readonly Sighting[] }
  | { readonly problem: ProblemFound };

export function invalid(message: string): Looked {
  return { problem: { kind: 'invalid', message } };
}

export function unknown(message: string): Looked {
  return { problem: { kind: 'unknown', message } };
}

/**
 * The checkpoint that a line holds, signed by the log; a problem where it is none, or by no key of the log that the
 * caller knows.
 */
export function ownCheckpoint(
  text: string | Uint8Array,
  log: readonly NoteVerifier[],
): SignedCheckpoint | { readonly problem: ProblemFound } {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  try {
    return openCheckpoint(bytes, log);
  } catch (thrown) {
    const { code, message } = thrown as PortreeveError;
    if (code === 'PDP_KEYS_INVALID') return { problem: { kind: 'unknown', message } };
    return { problem: { kind: 'invalid', message: describeThrown(thrown) } };
  }
}

/** Reads a checkpoint without a look at its signatures; undefined where it is none. */
export function textOf(checkpoint: string): string | undefined {
  try {
    return parseCheckpoint(Buffer.from(checkpoint)).note.text;
  } catch {
    return undefined;
  }
}
