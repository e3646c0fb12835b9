import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { DurableFolder } from './durable.ts';
import { keptCheckpointsPath } from './types.ts';

/** Age above which one checkpoint of a day is enough (ms). */
const hourlyForMs = 31 * 86_400_000;

/**
 * Keeps the first checkpoint of each hour under the hour's name (`checkpoints/2026-11-22T06`, UTC), and of each day once
 * it is older than a month: whoever comes later can hold the log against what it said then.
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
    if (names.includes(hour)) return;
    await this.#durable.write(`${keptCheckpointsPath}/${hour}`, checkpoint.bytes);
    await this.#durable.settle();
    await this.#thin(names, formatInstant(now - hourlyForMs).slice(0, 13));
  }

  async #thin(names: readonly string[], before: string): Promise<void> {
    const days = new Set<string>();
    for (const name of names) {
      const day = name.slice(0, 10);
      if (name < before && days.has(day)) await rm(join(this.#durable.root, keptCheckpointsPath, name));
      days.add(day);
    }
  }

  async #names(): Promise<readonly string[]> {
    const names = await readdir(join(this.#durable.root, keptCheckpointsPath)).catch(() => []);
    return names.filter((name) => /^\d{4}-\d\d-\d\dT\d\d$/.test(name)).sort();
  }
}
