import { asPortreeveError } from '../../lib/errors.ts';
import { readKeyList } from '../log/keys.ts';
import { keyListPath } from '../log/types.ts';
import type { KeyList, LogKey } from '../log/types.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { isSignedBy, parseNote, parseVerifier } from '../tlog/note.ts';
import type { Note, NoteVerifier } from '../tlog/note.ts';
import type { Findings } from './findings.ts';

/** A key that counts for the log, and up to which size its signature alone is enough. */
export interface TrustedKey {
  readonly verifier: NoteVerifier;
  /** Null for the key in use. */
  readonly until: number | null;
}

export interface KeyHistory {
  readonly keys: readonly TrustedKey[];
  /** Whether the reader brought one; else they are the log's own word. */
  readonly given: boolean;
}

/**
 * The keys that count for a log: those that the reader gave, each key that one of them named as its successor by its
 * signature, and those that came before. Without any given the log's own list is taken, and that is said.
 */
export async function readKeyHistory(
  files: LogFiles,
  given: readonly NoteVerifier[],
  findings: Findings,
): Promise<KeyHistory> {
  const list = await listOf(files, findings);
  const known = list.flatMap((key) => knownKey(key, findings));
  const chained = known.map((_, place) => place === 0 || succeeds(list[place], known[place - 1]));
  const isOf = (one: NoteVerifier): boolean => known.some(({ verifier }) => verifier.text === one.text);
  const begin =
    given.length === 0
      ? 0
      : known.findIndex(({ verifier }) => given.some(({ text }) => text === verifier.text));
  const strangers = given.filter((one) => !isOf(one));
  if (known.length > 0) {
    for (const { text } of strangers)
      findings.fail('key.unknown', null, `the log was never signed with the key ${text}`);
  }
  const broken = chained.findIndex((right, place) => !right && place > Math.max(0, begin));
  if (broken >= 0) {
    const [before, after] = [known[broken - 1], known[broken]].map((key) => key?.verifier.text ?? '');
    findings.fail('key.succession', null, `the key ${after} took over without the signature of ${before}`);
  }
  if (given.length === 0) {
    const problem =
      known.length === 0
        ? 'no key was given, and the log has none'
        : 'no key was given: the keys are those that lie in the log, and whoever replaces all of it replaces them too';
    if (known.length === 0) findings.fail('key.list', null, problem);
    else findings.remark('keys.own', null, problem);
  }
  const end = broken >= 0 ? broken : known.length;
  const trusted = begin >= 0 ? known.slice(0, end) : [];
  return {
    keys: [...trusted, ...strangers.map((verifier) => ({ verifier, until: null }))],
    given: given.length > 0,
  };
}

async function listOf(files: LogFiles, findings: Findings): Promise<KeyList['keys']> {
  try {
    return (await readKeyList(files))?.keys ?? [];
  } catch (thrown) {
    if (asPortreeveError(thrown).code !== 'PDP_KEYS_INVALID') throw thrown;
    findings.fail('key.list', null, `${keyListPath} is no list of keys`);
    return [];
  }
}

function knownKey({ key, until }: LogKey, findings: Findings): readonly TrustedKey[] {
  try {
    return [{ verifier: parseVerifier(key), until: until?.size ?? null }];
  } catch {
    findings.fail('key.list', null, `${keyListPath} has a key that is none: ${key}`);
    return [];
  }
}

/** Whether the key before has signed a text of which one line is this key. */
function succeeds(key: LogKey | undefined, before: TrustedKey | undefined): boolean {
  if (!key || !before || key.succession === null) return false;
  try {
    const note = parseNote(Buffer.from(key.succession));
    return note.text.split('\n').includes(key.key) && isSignedBy(note, before.verifier);
  } catch {
    return false;
  }
}

/** Whether a key that counts at this size has signed. */
export function isSignedAt(note: Note, origin: string, size: number, { keys }: KeyHistory): boolean {
  return keys.some(
    ({ verifier, until }) =>
      verifier.name === origin && (until === null || size <= until) && isSignedBy(note, verifier),
  );
}
