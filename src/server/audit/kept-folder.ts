import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DurableFolder } from '../../audit/log/durable.ts';
import { dayFile } from '../../audit/witness/kept-lines.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/clock.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { readStandings, standingFile, writeStandings } from './standing.ts';
import type { Standing } from './standing.ts';

const listFile = 'list.json';
const lineFeed = 0x0a;

/**
 * A folder of what outsiders said (`witness` or `anchors`, beside the log): lines by day, the list of these files, and
 * where each outsider stands. One step at a time; all throw PDP_AUDIT_UNAVAILABLE.
 */
export class KeptFolder {
  readonly #path: string;
  readonly #durable: DurableFolder;
  #standings: Map<string, Standing> | undefined;
  /** Day files that this process has looked at: on the list, and ending with a whole line. */
  readonly #ready = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
    this.#durable = new DurableFolder(path);
  }

  /** Where each outsider stood when it was last written. */
  standings(): Promise<ReadonlyMap<string, Standing>> {
    return this.#inTurn(() => this.#known());
  }

  /** Appends a line to the day's file and brings it to the disk. */
  append(line: object, now: EpochMs): Promise<void> {
    return this.#inTurn(async () => {
      const name = dayFile(formatInstant(now));
      await this.#ensure(name);
      const file = await open(join(this.#path, name), 'a', 0o640);
      try {
        await file.writeFile(`${JSON.stringify(line)}\n`);
        await file.datasync();
      } catch (thrown) {
        // Half a line may be there.
        this.#ready.delete(name);
        throw thrown;
      } finally {
        await file.close();
      }
    });
  }

  /** Keeps where an outsider stands. */
  stand(name: string, standing: Standing): Promise<void> {
    return this.#inTurn(async () => {
      (await this.#known()).set(name, standing);
      await this.#replace(standingFile, writeStandings(await this.#known()));
    });
  }

  /** Puts a file in place of another. */
  replace(name: string, bytes: Uint8Array): Promise<void> {
    return this.#inTurn(() => this.#replace(name, bytes));
  }

  async #known(): Promise<Map<string, Standing>> {
    return (this.#standings ??= await readStandings(this.#path));
  }

  async #replace(name: string, bytes: Uint8Array): Promise<void> {
    await this.#durable.write(name, bytes);
    await this.#durable.settle();
  }

  /** Makes sure that a day's file is on the list before its first line, and that what a kill cut off ends. */
  async #ensure(name: string): Promise<void> {
    if (this.#ready.has(name)) return;
    const files = await this.#listed();
    if (!files.includes(name)) {
      await this.#replace(name, (await this.#there(name)) ?? new Uint8Array());
      await this.#replace(listFile, Buffer.from(`${JSON.stringify({ files: [...files, name].sort() })}\n`));
    }
    await this.#mend(name);
    this.#ready.add(name);
  }

  async #listed(): Promise<readonly string[]> {
    const bytes = await this.#there(listFile);
    return bytes === undefined ? [] : (JSON.parse(bytes.toString()) as { files: string[] }).files;
  }

  async #there(name: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.#path, name));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw thrown;
    }
  }

  async #mend(name: string): Promise<void> {
    const path = join(this.#path, name);
    const { size } = await stat(path);
    if (size === 0) return;
    const file = await open(path, 'r+');
    try {
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
      if (buffer[0] !== lineFeed) await file.write('\n', size);
    } finally {
      await file.close();
    }
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#last.then(step).catch((cause: unknown) => {
      throw new PortreeveError('PDP_AUDIT_UNAVAILABLE', `${this.#path}: ${describeThrown(cause)}`, { cause });
    });
    this.#last = done.catch(() => undefined);
    return done;
  }
}
