import { createHash } from 'node:crypto';
import type { AuditRecord } from '../../audit/record.ts';
import type { StratumKey } from './header.ts';

/** What a record is put together with others by; values in the order of the keys, null where it has none. */
export type Stratum = readonly (string | null)[];

/** Class, site and first reason of a record, as far as they are asked for. */
export function stratumOf(record: AuditRecord, by: readonly StratumKey[]): Stratum {
  const values: Readonly<Record<StratumKey, string | null>> = {
    class: record.class,
    site: record.site,
    reason: record.reasons[0]?.code ?? null,
  };
  return by.map((key) => values[key]);
}

/** A number from 0 to below 2^48 by which a decision is chosen or not: by chance, and the same for the same seed. */
export function drawOf(seed: string, decisionId: string): number {
  return createHash('sha256').update(`${seed}\0${decisionId}`).digest().readUIntBE(0, 6);
}

/** Draws of the decisions of each stratum, gathered in a first pass. */
export class Strata {
  readonly #draws = new Map<string, number[]>();
  /** Decisions. */
  size = 0;

  add(stratum: Stratum, draw: number): void {
    const key = JSON.stringify(stratum);
    const draws = this.#draws.get(key);
    if (draws) draws.push(draw);
    else this.#draws.set(key, [draw]);
    this.size += 1;
  }

  get count(): number {
    return this.#draws.size;
  }

  /**
   * Chooses at most `most` decisions: of each stratum in proportion to the square root of its size, one at least, so that
   * rare ones are seen and frequent ones measured. Only for as many strata as fit.
   */
  choose(most: number): Choice {
    const sizes = [...this.#draws.values()].map((draws) => draws.length);
    const factor = factorFor(sizes, most);
    const chosen = new Map<string, { readonly last: number; readonly weight: number }>();
    let kept = 0;
    for (const [key, draws] of this.#draws) {
      const sorted = Float64Array.from(draws).sort();
      const last = sorted[taken(draws.length, factor) - 1] as number;
      // Two draws may be equal, if hardly ever.
      const number = sorted.lastIndexOf(last) + 1;
      chosen.set(key, { last, weight: draws.length / number });
      kept += number;
    }
    return {
      kept,
      weightOf: (stratum, draw) => {
        const found = chosen.get(JSON.stringify(stratum));
        return found && draw <= found.last ? found.weight : undefined;
      },
    };
  }
}

export interface Choice {
  readonly kept: number;
  /** How many decisions one stands for that was chosen; undefined where it was not. */
  readonly weightOf: (stratum: Stratum, draw: number) => number | undefined;
}

function taken(size: number, factor: number): number {
  return Math.min(size, Math.max(1, Math.floor(factor * Math.sqrt(size))));
}

/** The greatest factor with which no more than `most` are taken, near enough. */
function factorFor(sizes: readonly number[], most: number): number {
  const sum = (factor: number): number => sizes.reduce((total, size) => total + taken(size, factor), 0);
  let [low, high] = [0, Math.sqrt(Math.max(1, ...sizes)) + 1];
  if (sum(high) <= most) return high;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (sum(middle) <= most) low = middle;
    else high = middle;
  }
  return low;
}
