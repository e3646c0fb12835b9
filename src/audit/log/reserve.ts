import { randomBytes } from 'node:crypto';
import { open, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Enough to open a log and to write the record of what goes, and the number of the first entry that stays. */
const reserveBytes = 262_144;

/** So many times as much must be free before it is taken. */
const plenty = 4;

/**
 * Room on a log's volume that is taken beforehand: removing makes room, but not before the log and the disk say what goes,
 * and a full volume has room for neither.
 */
export class Reserve {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, 'journal', 'reserve');
  }

  /**
   * Takes the room where it is not taken already. That there is none is no error: the next time there may be. With `spare`
   * only of a volume that has plenty, so that nobody lacks it for a moment.
   */
  async keep(spare = true): Promise<void> {
    try {
      const { bavail, bsize } = await statfs(dirname(this.#path));
      if (bavail * bsize < (spare ? plenty : 1) * reserveBytes) return;
      const file = await open(this.#path, 'wx', 0o640);
      try {
        // No file system can store it in less.
        await file.writeFile(randomBytes(reserveBytes));
        await file.datasync();
      } finally {
        await file.close();
      }
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST')
        await rm(this.#path, { force: true }).catch(() => undefined);
    }
  }

  /** Gives the room back to the volume; false where none was taken. Throws what the file system says. */
  async release(): Promise<boolean> {
    try {
      await rm(this.#path);
      return true;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw thrown;
    }
  }
}

/** Whether something failed for want of room on the volume, or within a quota. */
export function lacksRoom(thrown: unknown): boolean {
  const { code, cause } = (thrown ?? {}) as { code?: unknown; cause?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT' || (cause !== undefined && lacksRoom(cause));
}
