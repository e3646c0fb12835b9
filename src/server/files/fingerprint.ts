import { readFile, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '../../lib/bytes.ts';
import type { EpochMs } from '../../lib/clock.ts';

/** What is remembered of one watched file. */
export interface Fingerprint {
  /** Where the links on the way to it end. */
  readonly real: string;
  /** Device and inode: which file it is, whatever is in it. */
  readonly file: string;
  /** Real path, inode, times and size: equal means that the content need not be read again. */
  readonly identity: string;
  /** SHA-256 of the content; of a large file its identity, so that touching one counts as a change. */
  readonly digest: string;
  /** It was read so soon after being written that another write could leave the same times behind. */
  readonly racy: boolean;
}

/** Bytes of a file above which its content is not read for its fingerprint: whoever uses it reads it in pieces. */
export const largeBytes = 8 * 1024 * 1024;

/** Within this time of a file's own mtime, times of the file system may not tell two writes apart (ms). */
const racyWithin = 100;

/**
 * Reads a file's fingerprint; undefined where it cannot be read. Following symbolic links to the end makes a swap of
 * any link on the way (Kubernetes' `..data`) another identity.
 */
export async function fingerprint(
  path: string,
  before: Fingerprint | undefined,
  now: EpochMs,
): Promise<Fingerprint | undefined> {
  try {
    const real = await realpath(path);
    const found = await stat(real, { bigint: true });
    if (!found.isFile()) return undefined;
    const file = `${found.dev}:${found.ino}`;
    const identity = [real, file, found.mtimeNs, found.ctimeNs, found.size].join(':');
    if (before?.identity === identity && !before.racy) return before;
    const digest = found.size > largeBytes ? identity : sha256Hex(await readFile(real));
    return { real, file, identity, digest, racy: Math.abs(now - Number(found.mtimeMs)) < racyWithin };
  } catch {
    return undefined;
  }
}

/**
 * The files that a watched path stands for: itself, or, for a folder, its entries except hidden ones (editors'
 * temporary files, Kubernetes' `..data`), sorted. A path that does not exist yet stands for itself.
 */
export async function filesOf(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = await readdir(path);
    return names
      .filter((name) => !name.startsWith('.'))
      .sort()
      .map((name) => join(path, name));
  } catch {
    return [path];
  }
}
