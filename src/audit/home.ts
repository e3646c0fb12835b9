import { dirname, join } from 'node:path';
import type { Config } from '../config/types.ts';

/**
 * How records are kept: `strict` on the disk before the answer leaves, `relaxed` shortly after, `file` as lines of a plain
 * file that nothing verifies, `none` not at all.
 */
export type RecordMode = 'strict' | 'relaxed' | 'file' | 'none';

/** The mode that a configuration asks for: a path that ends in `.ndjson` is a plain file. */
export function recordMode({ path, mode }: Pick<Config['audit'], 'path' | 'mode'>): RecordMode {
  if (mode === 'none') return 'none';
  return isPlainFile(path) ? 'file' : mode;
}

/** Whether a path names a plain file of lines, and not the folder of a log. */
export function isPlainFile(path: string): boolean {
  return path.endsWith('.ndjson');
}

/** The folder that holds what records name by digest: in the log's folder, or beside the plain file. */
export function keptFolderOf(path: string): string {
  return join(isPlainFile(path) ? dirname(path) : path, 'kept');
}

/** The folder that holds what records hide (`audit.redact`): in the log's folder, or beside the plain file. */
export function openingFolderOf(path: string): string {
  return join(isPlainFile(path) ? dirname(path) : path, 'reveal');
}
