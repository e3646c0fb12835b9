import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { parseCheckpoint } from '../tlog/checkpoint.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { DurableFolder } from './durable.ts';
import { keptCheckpointsPath, listName } from './types.ts';

/** Age above which one checkpoint of a day is enough (ms). */
const hourlyForMs = 31 * 86_400_000;

/**
 * Keeps the first checkpoint of each hour under the hour's name (`checkpoints/2026-11-22T06`, UTC), and of each day once
 * it is older than a month: whoever comes later can hold the log against what it said then. Their names are in a list,
 * for those who read the log from a web server.
 */
export class KeptCheckpoints {
  readonly #durable: DurableFolder;
  #lastHour = '';

  constructor(durable: DurableFolder) {
    this.#durable = durable;
  }

  async keep(checkpoint: SignedCheckpoint, now: EpochMs): Promise<void> {
    const hour = formatInstant(now).slice(0, 13);
    if (hour === this.#lastHour) return;
    const names = await this.#names();
    this.#lastHour = hour;
    if (names.includes(hour)) return this.#list(names);
    await this.#durable.write(`${keptCheckpointsPath}/${hour}`, checkpoint.bytes);
    await this.#durable.settle();
    const thinned = tooMany(names, formatInstant(now - hourlyForMs).slice(0, 13));
    // Listed before they are removed or after they are there: what a list lacks nobody asks for.
    await this.#list([...names.filter((name) => !thinned.includes(name)), hour]);
    for (const name of thinned) await rm(join(this.#durable.root, keptCheckpointsPath, name));
  }

  /** How many entries each of those that are kept covers; none of what is no checkpoint. Throws what the file system says. */
  async sizes(): Promise<readonly number[]> {
    const folder = join(this.#durable.root, keptCheckpointsPath);
    const files = await Promise.all((await this.#names()).map((name) => readFile(join(folder, name))));
    return files.flatMap((bytes) => sizeIn(bytes) ?? []);
  }

  /** Writes the list, where it is another one than is there. */
  async #list(files: readonly string[]): Promise<void> {
    const path = `${keptCheckpointsPath}/${listName}`;
    const text = `${JSON.stringify({ files: files.toSorted() })}\n`;
    const known = await readFile(join(this.#durable.root, path), 'utf8').catch(() => undefined);
    if (known === text) return;
    await this.#durable.write(path, Buffer.from(text));
    await this.#durable.settle();
  }

  async #names(): Promise<readonly string[]> {
    const names = await readdir(join(this.#durable.root, keptCheckpointsPath)).catch(() => []);
    return names.filter((name) => /^\d{4}-\d\d-\d\dT\d\d$/.test(name)).sort();
  }
}

function sizeIn(bytes: Uint8Array): number | undefined {
  try {
    return parseCheckpoint(bytes).size;
  } catch {
    // Damaged, and nobody can hold it: `audit verify` tells of it.
    return undefined;
  }
}

/** Those of a day, but its first, that are older than all are kept for. */
function tooMany(names: readonly string[], before: string): readonly string[] {
  const days = new Set<string>();
  return names.filter((name) => {
    const day = name.slice(0, 10);
    const another = days.has(day);
    days.add(day);
    return another && name < before;
  });
}
