import { describeThrown } from '../../lib/errors.ts';
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
 * The checkpoint that a line holds, of the log that the keys stand for; a problem where it is none. Its signature is not
 * verified: what is consistent with the present checkpoint needs none, and what is not is looked at by `whoseFault`.
 */
export function keptCheckpoint(
  text: string | Uint8Array,
  log: readonly NoteVerifier[],
): SignedCheckpoint | { readonly problem: ProblemFound } {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  try {
    const checkpoint = parseCheckpoint(bytes);
    if (log.some(({ name }) => name === checkpoint.origin)) return checkpoint;
    return {
      problem: { kind: 'unknown', message: `it is a checkpoint of another log, ${checkpoint.origin}` },
    };
  } catch (thrown) {
    return { problem: { kind: 'invalid', message: describeThrown(thrown) } };
  }
}

/** A contradiction stands only where the log itself has signed what it contradicts; else somebody made it up. */
export function whoseFault(
  problem: ProblemFound,
  { bytes }: SignedCheckpoint,
  log: readonly NoteVerifier[],
): ProblemFound {
  if (problem.kind !== 'contradicts') return problem;
  try {
    openCheckpoint(bytes, log);
    return problem;
  } catch (thrown) {
    return { kind: 'unknown', message: describeThrown(thrown) };
  }
}

/** The text of a checkpoint, for comparison; undefined where it is none. */
export function textOf(checkpoint: string): string | undefined {
  try {
    return parseCheckpoint(Buffer.from(checkpoint)).note.text;
  } catch {
    return undefined;
  }
}
