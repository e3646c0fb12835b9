import { rmSync, statSync } from 'node:fs';
import { PortreeveError } from '../lib/errors.ts';

/** Which file stands at a path; device and inode together are the file itself, whatever its name. */
export interface FileState {
  readonly device: bigint;
  readonly inode: bigint;
  /** Bytes. */
  readonly size: number;
}

/** What stands at a path now; undefined where there is nothing. Throws what the file system throws otherwise. */
export function fileState(path: string): FileState | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && { device: found.dev, inode: found.ino, size: Number(found.size) };
}

/** Whether two states are of one file; nothing is never the same as nothing. */
export function isSameFile(a: FileState | undefined, b: FileState | undefined): boolean {
  return a !== undefined && b !== undefined && a.device === b.device && a.inode === b.inode;
}

/** Where SQLite keeps what is committed and not yet in the file itself. */
export function logPath(path: string): string {
  return `${path}-wal`;
}

/** Removes a write-ahead log and its index by name; whoever has them open keeps what they have. */
export function removeLog(path: string): void {
  rmSync(logPath(path), { force: true });
  rmSync(`${path}-shm`, { force: true });
}

/**
 * Refuses a file that cannot be a whole store, before SQLite opens it: one without a byte beside a log that has some
 * was cut short (SQLite would remove the log and begin a new store), and with `existing` any empty file was.
 */
export function refuseEmpty(path: string, existing: boolean): void {
  if (fileState(path)?.size !== 0) return;
  if (!existing && (fileState(logPath(path))?.size ?? 0) === 0) return;
  throw new PortreeveError(
    'PDP_STORE_UNAVAILABLE',
    `store ${path}: the file is empty, and was not always: it was cut short or an empty file was put in its place; ` +
      `stop every process, and restore the last backup`,
  );
}

/** Bytes of a log's header, and of the header of each page in it (sqlite.org/fileformat2.html section 4.1). */
const logHeader = { file: 32, frame: 24 };

/**
 * Refuses a file that was cut short: pages that it should have, by its own count, are neither in it nor can they be in
 * its log. One that was cut within what the log holds is whole to SQLite too.
 */
export function refuseCutShort(path: string, pages: number, pageBytes: number): void {
  // The log first: what is moved out of it meanwhile is then in the file.
  const logged = fileState(logPath(path))?.size ?? 0;
  const size = fileState(path)?.size ?? 0;
  const inLog = Math.max(0, Math.floor((logged - logHeader.file) / (pageBytes + logHeader.frame)));
  if (pages - Math.floor(size / pageBytes) <= inLog) return;
  throw new PortreeveError(
    'PDP_STORE_UNAVAILABLE',
    `store ${path}: the file was cut short: it has ${size} bytes and should have ${pages * pageBytes}; ` +
      `stop every process, keep a copy, and restore the last backup`,
  );
}
