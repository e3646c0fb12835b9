import { mkdir, open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { fstatSync, mkdirSync, statSync, writevSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { dirname } from 'node:path';
import { describeThrown, PortreeveError } from '../lib/errors.ts';
import { bytesOf } from './line-block.ts';
import type { Lines } from './line-block.ts';
import { rotate } from './rotate.ts';

export interface LogOptions {
  readonly path: string;
  /** A batch that would make the file longer begins a new one. */
  readonly rotateBytes: number;
  /** Rotated files that are kept: `path.1` is the newest. */
  readonly keep: number;
  /** Told where the file at the path is no longer the one that was written to, and the path was opened anew. */
  readonly onReplaced?: (problem: string) => void;
  /**
   * The volume may stand still (a share of another machine): every call is handed to another thread, so that nobody else
   * in the process waits with it. Costs several times as much.
   */
  readonly mayHang?: boolean;
}

/** An append-only file of JSON lines. */
export interface NdjsonLog {
  /**
   * Appends lines in one write, in the order of the calls, to the file that is then at the path. Rejects with
   * PDP_AUDIT_UNAVAILABLE; nothing of that call is then in the file, as far as the volume lets it be taken back.
   */
  append(lines: readonly Lines[]): Promise<void>;
  /** Closes the file after what was appended; the next call opens what is then at the path. */
  reopen(): Promise<void>;
  /** Waits for what was appended and closes the file. */
  close(): Promise<void>;
}

interface OpenFile {
  readonly handle: FileHandle;
  size: number;
  /** The file ends in the middle of a line, left by a crash or a full volume. */
  torn: boolean;
  /** A file proper takes bytes into memory; a device, a FIFO or a share may keep its writer waiting. */
  readonly atOnce: boolean;
}

const lineFeed = 0x0a;

/** Opens the log lazily at its first append, so that a volume that comes later is no error before it is needed. */
export function openNdjsonLog(options: LogOptions): NdjsonLog {
  const writer = new LogWriter(options);
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    append: (lines) => (lines.length === 0 ? Promise.resolve() : inTurn(() => writer.write(lines))),
    reopen: () => inTurn(() => writer.close()).catch(() => undefined),
    close: () => inTurn(() => writer.close()),
  };
}

class LogWriter {
  readonly #options: LogOptions;
  #file: OpenFile | undefined;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  async write(lines: readonly Lines[]): Promise<void> {
    const parts = lines.map(bytesOf);
    try {
      // A file that was removed while it was being written to took the lines with it.
      for (let kept = false; !kept; kept = !(await this.#isGone())) await this.#writeOnce(parts);
    } catch (cause) {
      await this.#abandon();
      const problem = `audit log ${this.#options.path}: ${describeThrown(cause)}`;
      throw new PortreeveError('PDP_AUDIT_UNAVAILABLE', problem, { cause });
    }
  }

  async #writeOnce(parts: readonly Uint8Array[]): Promise<void> {
    const length = parts.reduce((sum, part) => sum + part.byteLength, 0);
    const file = await this.#fileFor(length);
    // A line that never got its end is ended now: its reader sees one damaged line, and not this one with it.
    await writeAll(file, file.torn ? [Buffer.of(lineFeed), ...parts] : parts);
    file.size += length + (file.torn ? 1 : 0);
    file.torn = false;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.handle.close();
  }

  async #fileFor(bytes: number): Promise<OpenFile> {
    const { path, rotateBytes, keep } = this.#options;
    await this.#followPath();
    const file = (this.#file ??= await this.#open());
    if (file.size === 0 || file.size + bytes <= rotateBytes) return file;
    await this.close();
    await rotate(path, keep);
    return (this.#file = await this.#open());
  }

  /** Leaves a file that others have moved, removed or replaced; what they have cut off no longer counts to its size. */
  async #followPath(): Promise<void> {
    const file = this.#file;
    if (!file) return;
    const there = await this.#statAt();
    if (there && isSameFile(there, await this.#statOf(file))) {
      file.size = Number(there.size);
      return;
    }
    await this.close();
    const how = there ? 'was replaced by another' : 'was moved away or removed';
    this.#options.onReplaced?.(`the log ${this.#options.path} ${how} while it was written to: opened anew`);
  }

  /** Whether the file has lost its last name, and is not what is at the path (some volumes do not count names). */
  async #isGone(): Promise<boolean> {
    const file = this.#file;
    if (!file) return false;
    const own = await this.#statOf(file);
    if (own.nlink > 0n) return false;
    const there = await this.#statAt();
    return !there || !isSameFile(there, own);
  }

  async #open(): Promise<OpenFile> {
    const { path, mayHang = false } = this.#options;
    if (mayHang) await mkdir(dirname(path), { recursive: true });
    else mkdirSync(dirname(path), { recursive: true });
    return openForAppend(path, mayHang);
  }

  #statAt(): BigIntStats | undefined | Promise<BigIntStats | undefined> {
    const { path, mayHang } = this.#options;
    if (!mayHang) return statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat(path, { bigint: true }).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'ENOENT') return undefined;
      throw thrown;
    });
  }

  #statOf({ handle }: OpenFile): BigIntStats | Promise<BigIntStats> {
    return this.#options.mayHang ? handle.stat({ bigint: true }) : fstatSync(handle.fd, { bigint: true });
  }

  /**
   * Takes back what a failed write left behind, so that whoever tries the batch again does not write lines twice; the
   * next call opens the file anew and looks at how it ends.
   */
  async #abandon(): Promise<void> {
    const file = this.#file;
    await file?.handle.truncate(file.size).catch(() => undefined);
    await this.close().catch(() => undefined);
  }
}

function isSameFile(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

async function openForAppend(path: string, mayHang: boolean): Promise<OpenFile> {
  const handle = await open(path, 'a+', 0o640);
  const found = await handle.stat();
  const { size } = found;
  const torn = size > 0 && (await lastByte(handle, size)) !== lineFeed;
  return { handle, size, torn, atOnce: found.isFile() && !mayHang };
}

/**
 * Writes all parts, in as many calls as the volume makes of them. To a file proper at once: handing the call to another
 * thread costs several times what copying some records does, and whoever writes here has asked for the file's state in
 * the same way before.
 */
async function writeAll({ handle, atOnce }: OpenFile, parts: readonly Uint8Array[]): Promise<void> {
  let left = parts;
  while (left.length > 0) {
    const bytesWritten = atOnce ? writevSync(handle.fd, left) : (await handle.writev(left)).bytesWritten;
    left = after(left, bytesWritten);
  }
}

/** What of the parts follows their first `count` bytes. */
function after(parts: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let rest = count;
  let index = 0;
  for (; index < parts.length; index += 1) {
    const { byteLength } = parts[index] as Uint8Array;
    if (rest < byteLength) break;
    rest -= byteLength;
  }
  const [first, ...others] = parts.slice(index);
  return first === undefined ? [] : [first.subarray(rest), ...others];
}

async function lastByte(handle: FileHandle, size: number): Promise<number | undefined> {
  const byte = Buffer.alloc(1);
  const { bytesRead } = await handle.read(byte, 0, 1, size - 1);
  return bytesRead === 1 ? byte[0] : undefined;
}
