import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes } from '../../lib/bytes.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { leafHash } from '../tlog/hash.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { tilePath, tileWidth } from '../tlog/tile-path.ts';
import { prefixedAt, wholeEntries } from './frame.ts';
import { journalIndices, journalName, removeJournal } from './journal.ts';
import type { Journal } from './journal.ts';
import type { Tree } from './tree.ts';

/** What was found behind the last checkpoint. */
export interface Recovered {
  readonly entries: number;
  /** Bytes that were no whole entry, and were cut off. */
  readonly tornBytes: number;
  /** When the file that goes on was last written to (ms since 1970); null where it is new. */
  readonly lastWrite: number | null;
}

/**
 * Brings the tree of the last checkpoint to where the journal ends, and the journal to where its last whole entry does;
 * nothing that is whole is written again. Throws PDP_AUDIT_UNAVAILABLE where what the checkpoint covers is not there.
 */
export async function recover(
  folder: string,
  { files, journal, tree }: { files: LogFiles; journal: Journal; tree: Tree },
): Promise<Recovered> {
  const covered = tree.size;
  const journalFolder = join(folder, 'journal');
  const first = Math.floor(covered / tileWidth);
  for (let index = first; ; index += 1) {
    const full = await files.read(tilePath({ level: 'entries', index, width: tileWidth }));
    if (full !== undefined) {
      takeFull(Buffer.from(full), index, tree);
      continue;
    }
    const path = join(journalFolder, journalName(index));
    const found = index === first ? await coveredPart(folder, { files, path, tree }) : await fileOf(path);
    const ends = wholeEntries(found, tileWidth, isRecord);
    appendBehind(tree, index, found, ends);
    const bytes = ends.at(-1) ?? 0;
    const lastWrite = found.byteLength === 0 ? null : (await stat(path)).mtimeMs;
    journal.resume(index, ends.length, bytes);
    if (ends.length === tileWidth) continue;
    const stale = await tidy(journalFolder, first, index);
    return { entries: tree.size - covered, tornBytes: found.byteLength - bytes + stale, lastWrite };
  }
}

/** A bundle that was moved to its place before the checkpoint that covers it. */
function takeFull(bytes: Buffer, index: number, tree: Tree): void {
  const ends = wholeEntries(bytes, tileWidth, () => true);
  if (ends.length !== tileWidth || ends.at(-1) !== bytes.byteLength) {
    throw damaged(`the bundle of entries from ${index * tileWidth} is not whole`);
  }
  checkCovered(bytes, ends, tree, index);
  appendBehind(tree, index, bytes, ends);
}

/** The journal's file of the bundle that the checkpoint ends in; taken from the published bundle where it is not right. */
async function coveredPart(
  folder: string,
  { files, path, tree }: { files: LogFiles; path: string; tree: Tree },
): Promise<Buffer> {
  const width = tree.size % tileWidth;
  const index = Math.floor(tree.size / tileWidth);
  const found = await fileOf(path);
  if (width === 0 || isCovered(found, tree)) return found;
  const published = await files.read(tilePath({ level: 'entries', index, width }));
  if (published === undefined || !isCovered(Buffer.from(published), tree)) {
    throw damaged(
      `neither ${path} nor the published bundle in ${folder} has the entries ${index * tileWidth} to ${tree.size - 1} that its checkpoint covers`,
    );
  }
  await writeFile(`${path}.tmp`, published, { flush: true, mode: 0o640 });
  await rename(`${path}.tmp`, path);
  return Buffer.from(published);
}

function isCovered(bytes: Buffer, tree: Tree): boolean {
  const leaves = tree.lastLeaves();
  const ends = wholeEntries(bytes, leaves.length, () => true);
  return (
    ends.length === leaves.length &&
    leaves.every((leaf, place) => equalBytes(leaf, leafHash(entryAt(bytes, ends, place))))
  );
}

function checkCovered(bytes: Buffer, ends: readonly number[], tree: Tree, index: number): void {
  if (Math.floor(tree.size / tileWidth) !== index) return;
  const same = tree
    .lastLeaves()
    .every((leaf, place) => equalBytes(leaf, leafHash(entryAt(bytes, ends, place))));
  if (!same) throw damaged(`the bundle of entries from ${index * tileWidth} is not what its tile says`);
}

function appendBehind(tree: Tree, index: number, bytes: Buffer, ends: readonly number[]): void {
  for (let place = tree.size - index * tileWidth; place < ends.length; place += 1) {
    tree.append(prefixedAt(bytes, ends, place));
  }
}

function entryAt(bytes: Buffer, ends: readonly number[], place: number): Buffer {
  return bytes.subarray((place === 0 ? 0 : (ends[place - 1] as number)) + 2, ends[place]);
}

/** Records are JSON: what a crash has left of one, also as a hole of zeros, is none. */
function isRecord(entry: Buffer): boolean {
  try {
    JSON.parse(entry.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

/** Removes files of bundles that are in place already, and of those behind the one that goes on; answers the latter's bytes. */
async function tidy(folder: string, first: number, last: number): Promise<number> {
  const others = (await journalIndices(folder)).filter((index) => index < first || index > last);
  let bytes = 0;
  for (const index of others) if (index > last) bytes += (await stat(join(folder, journalName(index)))).size;
  await removeJournal(folder, others);
  return bytes;
}

async function fileOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw thrown;
  }
}

function damaged(problem: string): PortreeveError {
  return new PortreeveError('PDP_AUDIT_UNAVAILABLE', problem);
}
