import type { NamedCount, ShadowBundle, ShadowSummaryRecord } from '../../audit/shadow-record.ts';
import { recordFormat } from '../../audit/record.ts';
import { formatInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { addCounts, noCounts } from './types.ts';
import type { ShadowBatch, ShadowCounts } from './types.ts';

/** What is counted of one bundle on trial. */
export interface ShadowTotals {
  seen: number;
  chosen: number;
  /** Chosen, and not judged: there was no room, or nobody who could. */
  dropped: number;
  readonly counts: ShadowCounts;
}

export function noTotals(): ShadowTotals {
  return { seen: 0, chosen: 0, dropped: 0, counts: noCounts() };
}

/** Counts in total, and anew after each summary. */
export class ShadowLedger {
  total = noTotals();
  #since: ShadowTotals = noTotals();
  #sinceAt: EpochMs;

  constructor(now: EpochMs) {
    this.#sinceAt = now;
  }

  /** When the summary to come begins. */
  get sinceAt(): EpochMs {
    return this.#sinceAt;
  }

  batch({ seen, chosen, dropped }: Pick<ShadowBatch, 'seen' | 'chosen' | 'dropped'>): void {
    for (const totals of [this.total, this.#since]) {
      totals.seen += seen;
      totals.chosen += chosen;
      totals.dropped += dropped;
    }
  }

  dropped(count: number): void {
    this.batch({ seen: 0, chosen: 0, dropped: count });
  }

  judged(counts: ShadowCounts): void {
    for (const totals of [this.total, this.#since]) addCounts(totals.counts, counts);
  }

  /** The summary of what was counted since the last one; undefined where nothing was. */
  summary(
    now: EpochMs,
    about: Pick<ShadowSummaryRecord, 'instance' | 'answered'> & { readonly shadow: ShadowBundle },
  ): ShadowSummaryRecord | undefined {
    const { seen, chosen, dropped, counts } = this.#since;
    const since = this.#sinceAt;
    if (seen === 0 && counts.compared === 0 && dropped === 0) return undefined;
    this.#since = noTotals();
    this.#sinceAt = now;
    const { because, classes, sites, ...numbers } = counts;
    return {
      schema: recordFormat,
      kind: 'shadow_summary',
      time: formatInstant(now),
      since: formatInstant(since),
      ...about,
      ...{ seen, chosen, dropped },
      ...numbers,
      because: named(because),
      by_class: named(classes),
      by_site: named(sites),
    };
  }
}

function named<Name extends string | null>(counts: ReadonlyMap<Name, number>): readonly NamedCount<Name>[] {
  return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count);
}
