import { join } from 'node:path';
import { openSideFile } from '../../store/side-file.ts';
import type { SideFile } from '../../store/side-file.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import { equalBytes } from '../../lib/bytes.ts';
import { rootFromTiles } from '../tlog/prove.ts';
import type { TreeLog } from '../sources/types.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { termKeyBytes } from './term.ts';
import { damagedIndex, readingIndex } from './damaged.ts';
import { indexFormat, indexName, indexSchema } from './schema.ts';

/** Which tiles an index has: from `first` up to below `next`. */
export interface Covered {
  readonly first: number;
  readonly next: number;
}

/** Opens the index beside a log. As `openSideFile`. */
export function openIndexFile(folder: string, mode: 'read_write' | 'read_only'): SideFile | undefined {
  return openSideFile({ path: join(folder, indexName), mode, schema: indexSchema, format: indexFormat });
}

/** Throws as `damagedIndex` where it says none. */
export function coveredBy(index: SideFile): Covered {
  const value = (key: string): number => {
    const found =
      readingIndex(() => index.get('SELECT value FROM meta WHERE key = ?', key))?.['value'] ?? '0';
    const tile = typeof found === 'string' && /^\d{1,15}$/.test(found) ? Number(found) : undefined;
    if (tile === undefined) throw damagedIndex();
    return tile;
  };
  return { first: value('first'), next: value('next') };
}

/** What the terms of this index are made with. Throws as `damagedIndex` for what is no key. */
export function termKeyOf(index: SideFile): Uint8Array {
  const key = readingIndex(() => index.get("SELECT value FROM meta WHERE key = 'key'"))?.['value'];
  if (typeof key !== 'string' || !isKey.test(key)) throw damagedIndex();
  return Buffer.from(key, 'hex');
}

const isKey = new RegExp(`^[0-9a-f]{${2 * termKeyBytes}}$`);

/** Says which tiles the index has. Call within a change. */
export function putCovered(index: SideFile, { first, next }: Covered): void {
  put(index, 'first', String(first));
  put(index, 'next', String(next));
}

/** Says of which tree the index is. Call within a change. */
export function putTree(index: SideFile, { checkpoint }: TreeLog): void {
  put(index, 'origin', checkpoint.origin);
  put(index, 'size', String(checkpoint.size));
  put(index, 'root', Buffer.from(checkpoint.root).toString('hex'));
}

function put(index: SideFile, key: string, value: string): void {
  index.run(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    key,
    value,
  );
}

/**
 * Whether the index was made from this log: the tree that it last saw is the beginning of the one that is there, and has all
 * the tiles that the index says it has. An index without any is of every log. Throws as `damagedIndex`.
 */
export async function isIndexOf(index: SideFile, { checkpoint, files }: TreeLog): Promise<boolean> {
  const text = (key: string): string | undefined => {
    const value = readingIndex(() => index.get('SELECT value FROM meta WHERE key = ?', key))?.['value'];
    return typeof value === 'string' ? value : undefined;
  };
  const [origin, size, root] = [text('origin'), Number(text('size') ?? 0), text('root')];
  const { first, next } = coveredBy(index);
  if (origin === undefined || root === undefined) return next === 0;
  // What it lacks is looked for in the log: one that claims to have more would hide it.
  if (first > next || next > Math.floor(size / tileWidth)) return false;
  if (origin !== checkpoint.origin || !Number.isSafeInteger(size) || size < 0 || size > checkpoint.size)
    return false;
  if (size === 0) return true;
  try {
    return equalBytes(await rootFromTiles(files, size), Buffer.from(root, 'hex'));
  } catch (thrown) {
    // Retention may have taken the tiles that this needs; what is found is compared with the tree entry by entry.
    return asPortreeveError(thrown).code === 'PDP_NOT_FOUND';
  }
}
