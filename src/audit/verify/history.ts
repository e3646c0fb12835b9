import { equalBytes } from '../../lib/bytes.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import { keptCheckpointsPath } from '../log/types.ts';
import { parseCheckpoint } from '../tlog/checkpoint.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { Hash } from '../tlog/hash.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { proveConsistency } from '../tlog/prove.ts';
import { verifyConsistency } from '../tlog/verify-proof.ts';
import type { Findings } from './findings.ts';
import { isSignedAt } from './keys.ts';
import type { KeyHistory } from './keys.ts';
import type { LogPlace } from './place.ts';

/** An earlier checkpoint that the log must agree with. */
export interface Earlier {
  readonly checkpoint: SignedCheckpoint;
  /** `that you hold`, or where it is kept. */
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

/** A checkpoint that the log has kept, as it lies there. */
export interface KeptFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * The checkpoints that the log itself has kept. To be read before the current one: a log that is being written would else
 * seem to end before what it has kept.
 */
export async function readKept(place: LogPlace): Promise<readonly KeptFile[]> {
  const files: KeptFile[] = [];
  for (const name of [...((await place.list(keptCheckpointsPath)) ?? [])].sort()) {
    const path = `${keptCheckpointsPath}/${name}`;
    const bytes = /\.(tmp|json)$/.test(name) ? undefined : await place.read(path);
    if (bytes !== undefined) files.push({ path, bytes });
  }
  return files;
}

/** Those of them that were signed for the log, by size. */
export function keptCheckpoints(
  files: readonly KeptFile[],
  keys: KeyHistory,
  findings: Findings,
): readonly Earlier[] {
  return files
    .flatMap(({ path, bytes }) => {
      const checkpoint = readSigned(bytes, keys, ` ${path}`, findings);
      return checkpoint ? [{ checkpoint, name: `in ${path}` }] : [];
    })
    .sort((a, b) => a.checkpoint.size - b.checkpoint.size);
}

interface HistoryCheck {
  readonly files: LogFiles;
  readonly current: SignedCheckpoint;
  readonly earlier: readonly Earlier[];
  /** Roots that were worked out, by size. */
  readonly roots: ReadonlyMap<number, Hash>;
  /** Whether the entries are those of the current checkpoint, or where they are not. */
  readonly tree: 'sound' | 'placed' | 'other';
  readonly findings: Findings;
}

/**
 * Holds earlier checkpoints against the tree: each must be the beginning of it. Where one is not, the history was
 * rewritten or forked after the last one that is.
 */
export async function checkHistory(check: HistoryCheck): Promise<void> {
  const { current, earlier, roots, tree, findings } = check;
  let agreed = 0;
  let differs: number | undefined;
  const unread: Earlier[] = [];
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
    const own = roots.get(size);
    const agrees = own ? equalBytes(own, root) : await isBeginning(check, one);
    if (agrees === undefined) {
      unread.push(one);
    } else if (agrees) {
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

function tellUnread(unread: readonly Earlier[], findings: Findings): void {
  const last = unread.at(-1);
  if (last === undefined) return;
  const most = `the checkpoint ${last.name} (${last.checkpoint.size} entries)`;
  const what = unread.length === 1 ? most : `${unread.length} earlier checkpoints, the last of them ${most},`;
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

/** Whether the tiles lead from the earlier tree to the current one; undefined where they are gone. */
async function isBeginning(
  { files, current }: HistoryCheck,
  { checkpoint }: Earlier,
): Promise<boolean | undefined> {
  try {
    const proof = await proveConsistency(files, checkpoint.size, current.size);
    return verifyConsistency(checkpoint, current, proof);
  } catch (thrown) {
    const { code } = asPortreeveError(thrown);
    if (code === 'PDP_NOT_FOUND') return undefined;
    if (code === 'PDP_INPUT_MALFORMED') return undefined;
    throw thrown;
  }
}
