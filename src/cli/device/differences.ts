import { differenceText, type DeviceDifference } from '../../inventory/difference.ts';
import { plain } from '../output.ts';

/** Differences of one kind that people are shown, and that one JSON object holds. */
export const mostShown = 10;
export const mostToldToMachines = 1_000_000;

const kinds = ['added', 'changed', 'removed'] as const;

/** Collects what an import would do, in bounded memory: the first of each kind, and how many more there are. */
export class Differences {
  readonly #most: number;
  readonly #first: Record<DeviceDifference['kind'], DeviceDifference[]> = {
    added: [],
    changed: [],
    removed: [],
  };
  readonly #more: Record<DeviceDifference['kind'], number> = { added: 0, changed: 0, removed: 0 };

  constructor(most: number) {
    this.#most = most;
  }

  note(difference: DeviceDifference): void {
    const { kind } = difference;
    if (this.#first[kind].length < this.#most) this.#first[kind].push(difference);
    else this.#more[kind] += 1;
  }

  data(): object {
    const left = kinds.reduce((sum, kind) => sum + this.#more[kind], 0);
    return { differences: kinds.flatMap((kind) => this.#first[kind]), differences_left_out: left };
  }

  text(): string {
    return kinds
      .flatMap((kind) => [
        ...this.#first[kind].map((one) => plain(differenceText(one))),
        ...(this.#more[kind] === 0 ? [] : [`  … and ${this.#more[kind]} more ${kind} (all with --json)`]),
      ])
      .map((line) => `${line}\n`)
      .join('');
  }
}
