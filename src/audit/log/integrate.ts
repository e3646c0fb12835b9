import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { signCheckpoint, parseCheckpoint } from '../tlog/checkpoint.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { Hash } from '../tlog/hash.ts';
import { checkpointPath } from '../tlog/log-files.ts';
import { writeNote } from '../tlog/note.ts';
import type { NoteSignature } from '../tlog/note.ts';
import { tilePath, tileWidth, widthAt } from '../tlog/tile-path.ts';
import type { TileName } from '../tlog/tile-path.ts';
import type { Kept } from './journal.ts';
import type { OpenState } from './open-state.ts';
import type { NewTile } from './tree.ts';

/** The tree at one moment, and what is to be put in place for it. */
export interface Snapshot {
  readonly size: number;
  readonly root: Hash;
  readonly tiles: readonly NewTile[];
  readonly kept: Kept;
}

/** What is to be put in place for all entries that were hashed so far; appends may go on meanwhile. */
export function snapshot({ tree, journal }: OpenState): Snapshot {
  return { size: tree.size, root: tree.root(), tiles: tree.newTiles(), kept: journal.kept() };
}

/**
 * Puts bundles and tiles on the disk, then the checkpoint that names them, and removes partial ones that full ones have
 * replaced. Throws what the file system says; the next attempt puts the same in place again.
 */
export async function place(
  state: OpenState,
  { size, root, tiles, kept }: Snapshot,
): Promise<SignedCheckpoint> {
  const { journal, durable, tree, origin, signers } = state;
  const before = state.checkpoint.size;
  await journal.sync();
  for (const { index, path } of journal.fullBelow(size)) {
    const name: TileName = { level: 'entries', index, width: tileWidth };
    await durable.adopt(path, tilePath(name));
    journal.moved(index);
  }
  const work = tiles.map(({ name, bytes }) => durable.write(tilePath(name), bytes));
  if (size % tileWidth !== 0) work.push(placePartial(state, kept, size % tileWidth));
  await Promise.all(work);
  await durable.settle();
  const bytes = signCheckpoint({ origin, size, root, extensions: [] }, signers);
  await durable.write(checkpointPath, bytes);
  await durable.settle();
  tree.taken(size);
  state.checkpoint = parseCheckpoint(bytes);
  await Promise.all(replacedPartials(tiles, before).map((path) => rm(join(durable.root, path), removal)));
  return state.checkpoint;
}

const removal = { recursive: true, force: true };

/** Folders of partial tiles and bundles that are full by now. */
function replacedPartials(tiles: readonly NewTile[], before: number): readonly string[] {
  return tiles
    .filter(({ name }) => name.width === tileWidth && widthAt(name.level, name.index, before) > 0)
    .flatMap(({ name }) => (name.level === 0 ? [name, { ...name, level: 'entries' as const }] : [name]))
    .map((name) => `${tilePath(name)}.p`);
}

async function placePartial(
  { durable }: OpenState,
  { path, index, bytes }: Kept,
  width: number,
): Promise<void> {
  const file = await readFile(path);
  await durable.write(tilePath({ level: 'entries', index, width }), file.subarray(0, bytes));
}

/** Adds signatures to the checkpoint in place; false where it is another one by now. Throws what the file system says. */
export async function countersign(
  state: OpenState,
  size: number,
  signatures: readonly NoteSignature[],
): Promise<boolean> {
  const { note, size: current } = state.checkpoint;
  if (size !== current) return false;
  const bytes = Buffer.from(writeNote({ text: note.text, signatures: [...note.signatures, ...signatures] }));
  const checkpoint = parseCheckpoint(bytes);
  await state.durable.write(checkpointPath, bytes);
  await state.durable.settle();
  state.checkpoint = checkpoint;
  return true;
}

/** Signs the tree of the checkpoint in place anew, with the keys that sign now. Throws what the file system says. */
export async function resign(state: OpenState): Promise<void> {
  const { origin, size, root } = state.checkpoint;
  const bytes = signCheckpoint({ origin, size, root, extensions: [] }, state.signers);
  await state.durable.write(checkpointPath, bytes);
  await state.durable.settle();
  state.checkpoint = parseCheckpoint(bytes);
}
