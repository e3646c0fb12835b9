import type { EpochMs } from '../../lib/clock.ts';
import type { Column } from '../index/column.ts';

/** How many decisions have these values. */
export interface Counted {
  /** Begin of the span; null without spans. */
  readonly from: EpochMs | null;
  /** In the order that they are counted by; null where the record has none, or it was redacted. */
  readonly values: readonly (string | null)[];
  readonly count: number;
}

type Branch = Map<string | number | null, Branch | Leaf>;
interface Leaf {
  count: number;
}

/** Counts by values, and by spans of `per` milliseconds where that is given. */
export class Tally {
  total = 0;
  readonly #per: number | undefined;
  readonly #counts: Branch = new Map();

  constructor(per: number | undefined) {
    this.#per = per;
  }

  /** Begin of the span that a time is in. */
  spanOf(time: EpochMs): EpochMs | null {
    return this.#per === undefined ? null : Math.floor(time / this.#per) * this.#per;
  }

  add(from: EpochMs | null, values: readonly (string | null)[], count: number): void {
    if (count === 0) return;
    let branch = this.#counts;
    let key: string | number | null = from;
    for (const value of values) {
      let next = branch.get(key) as Branch | undefined;
      if (!next) branch.set(key, (next = new Map()));
      [branch, key] = [next, value];
    }
    const known = branch.get(key) as Leaf | undefined;
    if (known) known.count += count;
    else branch.set(key, { count });
    this.total += count;
  }

  /** By time, then the most frequent first. */
  rows(): readonly Counted[] {
    const text = ({ values }: Counted): string => JSON.stringify(values);
    return [...leavesOf(this.#counts, [])].sort(
      (a, b) => (a.from ?? 0) - (b.from ?? 0) || b.count - a.count || (text(a) < text(b) ? -1 : 1),
    );
  }
}

function* leavesOf(branch: Branch, path: readonly (string | number | null)[]): Generator<Counted> {
  for (const [key, below] of branch) {
    const here = [...path, key];
    if (below instanceof Map) yield* leavesOf(below, here);
    else {
      const [from, ...values] = here;
      yield { from: from as EpochMs | null, values: values as (string | null)[], count: below.count };
    }
  }
}

/** Counts the rows of one tile by the places of their texts, so that each text is looked at once. */
export class TableTally {
  readonly #tally: Tally;
  readonly #columns: readonly Column[];
  readonly #counts = new Map<EpochMs | null, Map<number, { row: number; count: number }>>();
  readonly #fits: boolean;

  constructor(tally: Tally, columns: readonly Column[]) {
    this.#tally = tally;
    this.#columns = columns;
    this.#fits = columns.reduce((all, { texts }) => all * (texts.length + 1), 1) < Number.MAX_SAFE_INTEGER;
  }

  add(time: EpochMs, row: number, count: number): void {
    const span = this.#tally.spanOf(time);
    if (!this.#fits) {
      this.#tally.add(span, this.#valuesOf(row), count);
      return;
    }
    const counts = this.#counts.get(span) ?? new Map<number, { row: number; count: number }>();
    if (counts.size === 0) this.#counts.set(span, counts);
    let key = 0;
    for (const { texts, rows } of this.#columns) key = key * (texts.length + 1) + (rows[row] as number);
    const known = counts.get(key);
    if (known) known.count += count;
    else counts.set(key, { row, count });
  }

  /** Adds what was counted to the whole. */
  finish(): void {
    for (const [span, counts] of this.#counts)
      for (const { row, count } of counts.values()) this.#tally.add(span, this.#valuesOf(row), count);
  }

  #valuesOf(row: number): readonly (string | null)[] {
    return this.#columns.map((column) => textAt(column, row));
  }
}

/** The text that a row has; null where it has none. */
export function textAt({ texts, rows }: Column, row: number): string | null {
  return texts[(rows[row] as number) - 1] ?? null;
}
