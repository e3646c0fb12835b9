import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DurableFolder } from '../../audit/log/durable.ts';

/** Folder of cursors, beside the log. */
export const sinkFolder = 'sinks';

/** How far a sink has come. */
export interface Cursor {
  /** Index of the next entry to send. */
  readonly next: number;
  /** Hash of the entry before it, hex; null where none was sent. */
  readonly last: string | null;
  /** Entries that retention removed before they were sent. */
  readonly dropped: number;
  /** Entries that the receiver took and refused for good. */
  readonly rejected: number;
}

/** Keeps the cursors of sinks, each in a file of its own. */
export class CursorFolder {
  readonly #folder: DurableFolder;

  constructor(path: string) {
    this.#folder = new DurableFolder(path);
  }

  /**
   * The cursor that is kept; undefined where there never was one, `damaged` for what is none any more. Throws what the
   * file system says.
   */
  async read(name: string): Promise<Cursor | 'damaged' | undefined> {
    try {
      return parseCursor(await readFile(join(this.#folder.root, fileOf(name)), 'utf8')) ?? 'damaged';
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      if (thrown instanceof SyntaxError) return 'damaged';
      throw thrown;
    }
  }

  /** Brings the cursor to the disk. Throws what the file system says. */
  async keep(name: string, cursor: Cursor): Promise<void> {
    await this.#folder.write(fileOf(name), Buffer.from(`${JSON.stringify(cursor)}\n`));
    await this.#folder.settle();
  }
}

function fileOf(name: string): string {
  return `${name}.json`;
}

function parseCursor(text: string): Cursor | undefined {
  const { next, last, dropped, rejected } = (JSON.parse(text) ?? {}) as Readonly<Record<string, unknown>>;
  const counts = [next, dropped, rejected];
  if (!counts.every((one) => Number.isSafeInteger(one) && (one as number) >= 0)) return undefined;
  if (last !== null && !(typeof last === 'string' && /^[0-9a-f]{64}$/.test(last))) return undefined;
  return { next: next as number, last, dropped: dropped as number, rejected: rejected as number };
}
