import { asPortreeveError } from '../../lib/errors.ts';
import { readKeyList } from '../log/keys.ts';
import { keyListPath } from '../log/types.ts';
import type { KeyList, LogKey } from '../log/types.ts';
import { parseCheckpoint } from '../tlog/checkpoint.ts';
import { checkpointPath } from '../tlog/log-files.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { isSignedBy, parseNote, parseVerifier } from '../tlog/note.ts';
import type { Note, NoteVerifier } from '../tlog/note.ts';
import type { Findings } from './findings.ts';

/**
 * The keys that bear a log's name, of those that were given for several; all of them where it has none to read. The name
 * is the log's own word: no key counts by it.
 */
export async function keysFor(
  files: LogFiles,
  given: readonly NoteVerifier[],
): Promise<{ readonly name: string | null; readonly keys: readonly NoteVerifier[] }> {
  const bytes = await files.read(checkpointPath);
  if (bytes === undefined) return { name: null, keys: given };
  try {
    const name = parseCheckpoint(bytes).origin;
    return { name, keys: given.filter((key) => key.name === name) };
  } catch {
    // Told by whoever reads the checkpoint in the ordinary way.
    return { name: null, keys: given };
  }
}

/** A key that counts for the log, and up to which size its signature alone is enough. */
export interface TrustedKey {
  readonly verifier: NoteVerifier;
  /** Null for the key in use. */
  readonly until: number | null;
  /**
   * Whether what the reader holds vouches for it. One that came before the reader's own key only names itself: its
   * checkpoints can accuse the log of having another history, and nothing is believed by them.
   */
  readonly isVouched: boolean;
}

export interface KeyHistory {
  readonly keys: readonly TrustedKey[];
  /** Whether the reader brought one; else they are the log's own word. */
  readonly given: boolean;
}

/**
 * The keys that count for a log: those that the reader gave, each key that one of them named as its successor by its
 * signature, and, for what the log has kept of old, those that came before. Up to which size a key counts stands under its
 * own signature too, in what it says of its successor. Without any given the log's own list is taken, and that is said.
 */
export async function readKeyHistory(
  files: LogFiles,
  given: readonly NoteVerifier[],
  findings: Findings,
): Promise<KeyHistory> {
  const list = await listOf(files, findings);
  const known = list.flatMap((key) => knownKey(key, findings));
  const successions = known.map((_, place) => successionOf(list[place], known[place - 1]));
  const isOf = (one: NoteVerifier): boolean => known.some(({ verifier }) => verifier.text === one.text);
  const begin =
    given.length === 0
      ? 0
      : known.findLastIndex(({ verifier }) => given.some(({ text }) => text === verifier.text));
  const strangers = given.filter((one) => !isOf(one));
  if (known.length > 0) {
    for (const { text } of strangers)
      findings.fail('key.unknown', null, `the log was never signed with the key ${text}`);
  }
  const broken = successions.findIndex((one, place) => one === undefined && place > Math.max(0, begin));
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
    keys: [
      ...trusted.map((key, place) => ({
        ...key,
        until: place + 1 < end ? (successions[place + 1] ?? key.until) : key.until,
        isVouched: place >= begin,
      })),
      ...strangers.map((verifier) => ({ verifier, until: null, isVouched: true })),
    ],
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

function knownKey({ key, until }: LogKey, findings: Findings): readonly Omit<TrustedKey, 'isVouched'>[] {
  try {
    return [{ verifier: parseVerifier(key), until: until?.size ?? null }];
  } catch {
    findings.fail('key.list', null, `${keyListPath} has a key that is none: ${key}`);
    return [];
  }
}

/** Size up to which the key before has signed that it counts alone, and that this key follows it; undefined where it has not. */
function successionOf(
  key: LogKey | undefined,
  before: Pick<TrustedKey, 'verifier'> | undefined,
): number | undefined {
  if (!key || !before || key.succession === null) return undefined;
  try {
    const note = parseNote(Buffer.from(key.succession));
    const [what, next, size = '', time, ...more] = note.text.split('\n');
    const isOne =
      what === 'portreeve log key' &&
      next === key.key &&
      time !== undefined &&
      more.length === 1 &&
      more[0] === '';
    return isOne && /^\d{1,15}$/.test(size) && isSignedBy(note, before.verifier) ? Number(size) : undefined;
  } catch {
    return undefined;
  }
}

/** Those alone that the log's present checkpoint may be signed by. */
export function vouchedFor(history: KeyHistory): KeyHistory {
  return { ...history, keys: history.keys.filter(({ isVouched }) => isVouched) };
}

/** Whether a key that counts at this size has signed. */
export function isSignedAt(note: Note, origin: string, size: number, { keys }: KeyHistory): boolean {
  return keys.some(
    ({ verifier, until }) =>
      verifier.name === origin && (until === null || size <= until) && isSignedBy(note, verifier),
  );
}
