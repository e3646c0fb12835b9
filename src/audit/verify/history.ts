import { equalBytes } from '../../lib/bytes.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import { keptCheckpointsPath, listName } from '../log/types.ts';
import { parseCheckpoint } from '../tlog/checkpoint.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { Hash } from '../tlog/hash.ts';
import type { EarlierRoots } from './earlier-roots.ts';
import type { Findings } from './findings.ts';
import { isSignedAt } from './keys.ts';
import type { KeyHistory } from './keys.ts';
import { namesIn } from './place.ts';
import type { LogPlace } from './place.ts';

/** What findings call the reader's own checkpoint. */
export const heldName = 'that you hold';

/** An earlier checkpoint that the log must agree with. */
export interface Earlier {
  readonly checkpoint: SignedCheckpoint;
  /** `heldName`, or where it is kept. */
  readonly name: string;
}

/** Reads a checkpoint that was signed for the log; undefined, and said, where it is none. */
export function readSigned(
  bytes: Uint8Array,
  keys: KeyHistory,
  name: string,
  findings: Findings,
): SignedCheckpoint | undefined {
  let checkpoint: SignedCheckpoint;
  try {
    checkpoint = parseCheckpoint(bytes);
  } catch (thrown) {
    if (asPortreeveError(thrown).code !== 'PDP_INPUT_MALFORMED') throw thrown;
    findings.fail(
      'checkpoint.malformed',
      null,
      `the checkpoint${name} is damaged: it is no signed tree head`,
    );
    return undefined;
  }
  const { origin, size, note } = checkpoint;
  if (isSignedAt(note, origin, size, keys)) return checkpoint;
  const known = keys.keys
    .map(({ verifier }) => verifier.text.slice(0, verifier.text.lastIndexOf('+')))
    .join(', ');
  const problem = `${origin} at ${size} is not signed by a key that counts there (${known || 'none'})`;
  findings.fail('key.wrong', null, `the checkpoint${name} of ${problem}`);
  return undefined;
}

/** A checkpoint that the log has kept, as it lies there; without bytes where its list names it and it is not there. */
export interface KeptFile {
  readonly path: string;
  readonly bytes: Uint8Array | undefined;
}

const listPath = `${keptCheckpointsPath}/${listName}`;

/**
 * The checkpoints that the log itself has kept. To be read before the current one: a log that is being written would else
 * seem to end before what it has kept.
 */
export async function readKept(place: LogPlace): Promise<readonly KeptFile[]> {
  const listed = await listedNames(place);
  const found = (await place.list(keptCheckpointsPath)) ?? [];
  const files: KeptFile[] = listed ? [] : [{ path: listPath, bytes: undefined }];
  for (const name of [...new Set([...found, ...(listed ?? [])])].sort()) {
    if (/\.(tmp|json)$/.test(name)) continue;
    const path = `${keptCheckpointsPath}/${name}`;
    files.push({ path, bytes: await place.read(path) });
  }
  // A server that thins them takes them from the list first.
  const still = files.some(({ bytes }) => bytes === undefined) ? await listedNames(place) : [];
  const isNamed = (path: string): boolean =>
    still?.some((name) => path.endsWith(`/${name}`)) ?? path === listPath;
  return files.filter(({ path, bytes }) => bytes !== undefined || isNamed(path));
}

/** What the list names; nothing where there is none, undefined where it is no list. */
async function listedNames(place: LogPlace): Promise<readonly string[] | undefined> {
  const bytes = await place.read(listPath);
  return bytes === undefined ? [] : namesIn(bytes);
}

/** Those of them that were signed for the log, by size. What is named and not there is told. */
export function keptCheckpoints(
  files: readonly KeptFile[],
  keys: KeyHistory,
  findings: Findings,
): readonly Earlier[] {
  return files
    .flatMap(({ path, bytes }) => {
      if (bytes === undefined) {
        const problem = path === listPath ? 'is no list of files' : `is not there, and ${listPath} names it`;
        findings.fail('history.missing', null, `${path} ${problem}`);
        return [];
      }
      const checkpoint = readSigned(bytes, keys, ` ${path}`, findings);
      return checkpoint ? [{ checkpoint, name: `in ${path}` }] : [];
    })
    .sort((a, b) => a.checkpoint.size - b.checkpoint.size);
}

interface HistoryCheck {
  readonly current: SignedCheckpoint;
  readonly earlier: readonly Earlier[];
  /** Roots that were worked out, by size. */
  readonly roots: ReadonlyMap<number, Hash>;
  /** Those of trees that end before what was read. */
  readonly before: EarlierRoots;
  /** Whether the entries are those of the current checkpoint, or where they are not. */
  readonly tree: 'sound' | 'placed' | 'other';
  readonly findings: Findings;
}

/**
 * Holds earlier checkpoints against the tree: each must be the beginning of it. Where one is not, the history was
 * rewritten or forked after the last one that is.
 */
export async function checkHistory(check: HistoryCheck): Promise<void> {
  const { current, earlier, roots, before, tree, findings } = check;
  let agreed = 0;
  let differs: number | undefined;
  const unread: Unread[] = [];
  for (const one of earlier) {
    const { size, root, origin } = one.checkpoint;
    if (origin !== current.origin) {
      findings.fail('history.forked', null, `the checkpoint ${one.name} is of another log, ${origin}`);
      continue;
    }
    if (size > current.size) {
      const problem = `the checkpoint ${one.name} covers ${size}: at least ${size - current.size} were cut off`;
      findings.fail(
        'history.truncated',
        current.size,
        `the log ends at ${current.size} entries, and ${problem}`,
      );
      continue;
    }
    const known = roots.get(size);
    const own = known ? { root: known } : await before.at(size);
    if ('lacking' in own) {
      unread.push({ ...one, ...own });
    } else if (equalBytes(own.root, root)) {
      agreed = Math.max(agreed, size);
    } else {
      differs = Math.min(differs ?? size, size);
      if (tree === 'sound') findings.fail('history.forked', agreed, forkText(one, agreed));
    }
  }
  // Where the entries are not those of the checkpoint, earlier ones tell between which of them that is.
  tellUnread(unread, findings);
  if (tree === 'other') tellRoot(check, agreed, differs);
}

interface Unread extends Earlier {
  /** Tiles that it takes. */
  readonly lacking: readonly string[];
  readonly why: 'gone' | 'damaged';
}

/**
 * What cannot be compared. Of checkpoints that the log keeps that is a remark: retention took what they stand for. The
 * reader's own is what he verifies the log by, so that nothing is verified without it. Damaged tiles were told.
 */
function tellUnread(unread: readonly Unread[], findings: Findings): void {
  for (const { name, checkpoint, lacking, why } of unread) {
    if (name !== heldName) continue;
    const takes = lacking.join(' and ');
    const how =
      why === 'damaged'
        ? `${takes} is not as it was`
        : `it takes ${takes}, gone with older entries: ask the operator for a copy (hashes alone), or for an export with this checkpoint`;
    const problem = `nothing shows that the log continues the checkpoint ${name} (${checkpoint.size} entries)`;
    findings.fail('history.uncompared', null, `${problem}: ${how}`);
  }
  const gone = unread.filter(({ name, why }) => name !== heldName && why === 'gone');
  const last = gone.at(-1);
  if (last === undefined) return;
  const most = `the checkpoint ${last.name} (${last.checkpoint.size} entries)`;
  const what = gone.length === 1 ? most : `${gone.length} earlier checkpoints, the last of them ${most},`;
  findings.remark('log.unread', null, `${what} cannot be compared: tiles of that time are gone`);
}

function forkText({ name, checkpoint: { size } }: Earlier, agreed: number): string {
  return `the log is not the one that the checkpoint ${name} was signed for: of its ${size} entries some from ${agreed} on are others (history was rewritten, or forked)`;
}

function tellRoot({ current, findings }: HistoryCheck, agreed: number, differs: number | undefined): void {
  const until = Math.min(differs ?? current.size, current.size);
  const what = `the entries are not those that the checkpoint at ${current.size} was signed for`;
  findings.fail(
    'root.differs',
    agreed,
    `${what}: they differ between entry ${agreed} and entry ${until - 1}`,
  );
}
