import { statfsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochMs } from '../../lib/clock.ts';

/** Growth is told from so long a time of writing (ms) on, and from not more than the last day. */
const leastMs = 60_000;
const day = 86_400_000;

/** How many bytes a log has, how fast it grows, and how long there is room for that. */
export class Room {
  readonly #folder: string;
  #counted: number | null = null;
  /** What came since the count began, or went. */
  #since = 0;
  #grown = 0;
  #from: EpochMs | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Bytes of bundles and tiles; null until they were counted. */
  get bytes(): number | null {
    return this.#counted === null ? null : this.#counted + this.#since;
  }

  /** Counts what is there; the log may be written meanwhile, which counts once at least. */
  async count(): Promise<void> {
    this.#counted = await bytesBelow(join(this.#folder, 'tile'));
  }

  grew(bytes: number, now: EpochMs): void {
    this.#since += bytes;
    if (this.#from === undefined || now - this.#from > 2 * day) [this.#from, this.#grown] = [now, 0];
    this.#grown += bytes;
  }

  shrank(bytes: number): void {
    this.#since -= bytes;
  }

  /** Days until the volume, or the most bytes that are allowed, are reached; null while the growth is unknown. */
  days(now: EpochMs, maxBytes: number | null): number | null {
    const tookMs = this.#from === undefined ? 0 : now - this.#from;
    if (tookMs < leastMs || this.#grown <= 0) return null;
    const { bavail, bsize } = statfsSync(this.#folder);
    const allowed = maxBytes === null || this.bytes === null ? Infinity : Math.max(0, maxBytes - this.bytes);
    return Math.min(bavail * bsize, allowed) / ((this.#grown / tookMs) * day);
  }
}

async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    bytes += entry.isDirectory()
      ? await bytesBelow(path)
      : ((await stat(path).catch(() => undefined))?.size ?? 0);
  }
  return bytes;
}
