import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { entriesOf } from '../tlog/entry-bundle.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { tilePath, tileWidth } from '../tlog/tile-path.ts';
import type { TileName } from '../tlog/tile-path.ts';
import type { DurableFolder } from './durable.ts';
import { minimumIndexPath } from './types.ts';
import type { Retention } from './types.ts';

/** The first entry that is still there; 0 where nothing was ever removed. */
export async function readMinimumIndex(files: LogFiles): Promise<number> {
  const bytes = await files.read(minimumIndexPath);
  const text = bytes === undefined ? '' : Buffer.from(bytes).toString('utf8').trim();
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

/**
 * The minimum index that retention allows: whole bundles below the checkpoint, of which every record is older than it
 * says, or the oldest ones as long as the log has more bytes. Never less than `minimum`; the same without a retention.
 */
export async function prunableUpTo(
  files: LogFiles,
  retention: Retention,
  { minimum, size, bytes, now }: { minimum: number; size: number; bytes: number | null; now: EpochMs },
): Promise<number> {
  const { maxAgeMs, maxBytes } = retention;
  const last = Math.floor(size / tileWidth);
  let index = Math.ceil(minimum / tileWidth);
  let left = bytes ?? 0;
  for (; index < last; index += 1) {
    const bundle = await files.read(tilePath({ level: 'entries', index, width: tileWidth }));
    if (bundle === undefined) continue;
    const tooMuch = maxBytes !== null && left > maxBytes;
    const tooOld = maxAgeMs !== null && newestIn(bundle) < now - maxAgeMs;
    if (!tooMuch && !tooOld) break;
    left -= bundle.byteLength;
  }
  return Math.max(minimum, index * tileWidth);
}

/** When the bundle's last dated record was made; never, and so not old, where none says so. */
function newestIn(bundle: Uint8Array): EpochMs {
  for (const entry of entriesOf(bundle, tileWidth).toReversed()) {
    const at = timeOf(entry);
    if (at !== undefined) return at;
  }
  return Infinity;
}

function timeOf(entry: Uint8Array): EpochMs | undefined {
  try {
    const { time } = JSON.parse(Buffer.from(entry).toString('utf8')) as { time?: unknown };
    return typeof time === 'string' ? parseInstant(time) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Removes the full tiles and bundles whose end is not above a minimum index (C2SP tlog-tiles, Pruning), once that index
 * is on the disk; answers how many bytes went. Proofs between trees and of entries above it remain, and so do the hashes
 * (8 KiB of a level) with which a tree of one of `sizes` ended: who holds its checkpoint can be shown that the log goes on.
 */
export async function pruneBelow(
  durable: DurableFolder,
  before: number,
  minimum: number,
  sizes: readonly number[] = [],
): Promise<number> {
  await durable.write(minimumIndexPath, Buffer.from(`${minimum}\n`));
  await durable.settle();
  const staying = new Set(sizes.flatMap(endsOf));
  let bytes = 0;
  for (const name of goingWith(before, minimum)) {
    const path = tilePath(name);
    if (!staying.has(path)) bytes += await remove(join(durable.root, path));
  }
  return bytes;
}

/** Of each level the tile of hashes in whose midst a tree of so many entries ends. */
function endsOf(size: number): readonly string[] {
  const paths: string[] = [];
  for (let [level, hashes] = [0, size]; hashes > 0; level += 1, hashes = Math.floor(hashes / tileWidth))
    if (hashes % tileWidth !== 0)
      paths.push(tilePath({ level, index: Math.floor(hashes / tileWidth), width: tileWidth }));
  return paths;
}

/**
 * What a process that ended meanwhile has left of a removal that the log tells of: entries below the minimum index that are
 * still there; null where none are.
 */
export function leftBelow(folder: string, minimum: number): { before: number; minimumIndex: number } | null {
  const last = Math.floor(minimum / tileWidth);
  let index = last;
  const isThere = (one: number): boolean =>
    existsSync(join(folder, tilePath({ level: 'entries', index: one, width: tileWidth })));
  while (index > 0 && isThere(index - 1)) index -= 1;
  return index < last ? { before: index * tileWidth, minimumIndex: minimum } : null;
}

/** Entries last, and of them the oldest first: whoever finds none below the minimum knows that all else is gone too. */
function* goingWith(before: number, minimum: number): Generator<TileName> {
  let levels = 0;
  while (tileWidth ** (levels + 1) <= minimum) levels += 1;
  for (let level = levels - 1; level >= 0; level -= 1) {
    const covered = tileWidth ** (level + 1);
    for (let index = Math.floor(before / covered); (index + 1) * covered <= minimum; index += 1) {
      yield { level, index, width: tileWidth };
      if (level === 0) yield { level: 'entries', index, width: tileWidth };
    }
  }
}

async function remove(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  await rm(path, { force: true });
  await rm(`${path}.p`, { recursive: true, force: true });
  return found?.size ?? 0;
}
