import { fdatasync, ftruncateSync, openSync, closeSync, writevSync, fstatSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PortreeveError } from '../../lib/errors.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { syncFolder } from './durable.ts';
import type { Framed } from './frame.ts';

const datasync = promisify(fdatasync);

/** Name of the file in `journal/` that becomes the bundle with this index. */
export function journalName(index: number): string {
  return String(index).padStart(12, '0');
}

/** How far the entries go that are kept, in the file of the bundle that they end in. */
export interface Kept {
  readonly index: number;
  readonly path: string;
  readonly count: number;
  readonly bytes: number;
}

/** A bundle that is being written: its file is the bundle once it has all its entries. */
interface Writing {
  readonly index: number;
  readonly path: string;
  readonly fd: number;
  count: number;
  bytes: number;
  /** Bytes of it that are on the disk. */
  synced: number;
}

/** Where a journal ends. */
export type Position = readonly { readonly index: number; readonly count: number; readonly bytes: number }[];

/**
 * The write-ahead files of a log: one for each bundle of entries, in the bundle's own form, so that a full one only
 * needs to be renamed. Errors are the file system's; what a failed call has written is taken back.
 */
export class Journal {
  readonly #folder: string;
  /** Bundles that are not in their place yet, the oldest first; the last one takes what comes. */
  #files: Writing[] = [];
  /** The bundle that was begun last; its file may be in its place by now, where it was full when a checkpoint came. */
  #newest = -1;
  #folderChanged = false;
  #kept: Kept | undefined;
  #sound = true;
  /** Calls of `sync` that are under way; no file is closed under them. */
  readonly #syncs = new Set<Promise<unknown>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Goes on behind `count` entries and `bytes` bytes of the file of a bundle, which is made where it is not there. */
  resume(index: number, count: number, bytes: number): void {
    const file = this.#open(index);
    Object.assign(file, { count, bytes, synced: 0 });
    if (fstatSync(file.fd).size !== bytes) ftruncateSync(file.fd, bytes);
    this.keep();
  }

  #open(index: number): Writing {
    const path = join(this.#folder, journalName(index));
    const fd = openSync(path, 'a+', 0o640);
    const file = { index, path, fd, count: 0, bytes: 0, synced: 0 };
    this.#files.push(file);
    this.#newest = index;
    this.#folderChanged = true;
    return file;
  }

  /**
   * Entries are with the operating system when it returns; after a failure `takeBack` removes what is. Throws
   * PDP_AUDIT_UNAVAILABLE once that has failed.
   */
  append({ bytes, ends }: Framed): void {
    if (!this.#sound) throw unsound();
    for (let from = 0; from < ends.length;) {
      const file = this.#fileWithRoom();
      const to = Math.min(ends.length, from + tileWidth - file.count);
      const part = bytes.subarray(from === 0 ? 0 : ends[from - 1], ends[to - 1]);
      file.bytes += part.byteLength;
      file.count += to - from;
      writeAll(file.fd, part);
      from = to;
    }
  }

  /** Brings all that was appended to the disk. */
  sync(): Promise<void> {
    const sync = this.#sync().finally(() => this.#syncs.delete(sync));
    this.#syncs.add(sync);
    return sync;
  }

  async #sync(): Promise<void> {
    const dirty = this.#files.filter(({ bytes, synced }) => synced < bytes);
    const reached = dirty.map(({ bytes }) => bytes);
    const names = this.#folderChanged;
    this.#folderChanged = false;
    try {
      await Promise.all([
        ...dirty.map(({ fd }) => datasync(fd)),
        ...(names ? [syncFolder(this.#folder)] : []),
      ]);
    } catch (thrown) {
      this.#folderChanged ||= names;
      throw thrown;
    }
    dirty.forEach((file, place) => (file.synced = reached[place] as number));
  }

  /** Where the journal ends, for `takeBack`. */
  position(): Position {
    return this.#files.map(({ index, count, bytes }) => ({ index, count, bytes }));
  }

  /**
   * Forgets what was appended behind a position; a file that was begun since then stays, empty. Where that fails the
   * journal is not sound any more: why the append failed is what its caller tells.
   */
  takeBack(position: Position): void {
    try {
      for (const file of this.#files) this.#takeBackIn(file, position);
    } catch {
      this.#sound = false;
    }
  }

  #takeBackIn(file: Writing, position: Position): void {
    const { count, bytes } = position.find(({ index }) => index === file.index) ?? { count: 0, bytes: 0 };
    if (file.bytes === bytes) return;
    ftruncateSync(file.fd, bytes);
    Object.assign(file, { count, bytes, synced: Math.min(file.synced, bytes) });
  }

  /** False once its counts may not be those of its files: only opening the log anew finds out what is there. */
  get isSound(): boolean {
    return this.#sound;
  }

  /** What was appended so far is kept. */
  keep(): void {
    // Behind it stands an empty one that was begun by what was taken back.
    const last = this.#files.findLast((file) => file.count > 0) ?? this.#files[0];
    const { index, path, count, bytes } = last as Writing;
    this.#kept = { index, path, count, bytes };
  }

  /** How far the entries go that are kept. */
  kept(): Kept {
    return this.#kept as Kept;
  }

  /** Full bundles that are below `size`, with their files. */
  fullBelow(size: number): readonly { readonly index: number; readonly path: string }[] {
    return this.#files.filter(({ index, count }) => count === tileWidth && (index + 1) * tileWidth <= size);
  }

  /** A full bundle's file was moved to its place. */
  moved(index: number): void {
    const place = this.#files.findIndex((file) => file.index === index);
    const [file] = this.#files.splice(place, 1);
    if (file) void this.#closeLater(file);
  }

  close(): void {
    for (const file of this.#files.splice(0)) void this.#closeLater(file);
  }

  async #closeLater({ fd }: Writing): Promise<void> {
    await Promise.allSettled(this.#syncs);
    closeSync(fd);
  }

  #fileWithRoom(): Writing {
    const room = this.#files.find(({ count }) => count < tileWidth);
    return room ?? this.#open(this.#newest + 1);
  }
}

function unsound(): PortreeveError {
  return new PortreeveError('PDP_AUDIT_UNAVAILABLE', 'what a failed append has left could not be removed');
}

/** Indices of the bundles that have a file in `journal/`. */
export async function journalIndices(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => /^\d{12}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Removes files of bundles from `journal/`. */
export async function removeJournal(folder: string, indices: readonly number[]): Promise<void> {
  for (const index of indices) await rm(join(folder, journalName(index)), { force: true });
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.byteLength;) at += writevSync(fd, [bytes.subarray(at)]);
}
