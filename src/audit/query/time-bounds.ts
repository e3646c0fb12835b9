import type { EpochMs } from '../../lib/clock.ts';
import type { Range } from '../index/hits.ts';
import { readEntry } from '../sources/read-entry.ts';
import { bundleEntries } from '../sources/tree-log.ts';
import type { TreeLog } from '../sources/types.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { mostDisorderMs, timely } from '../verify/record-watch.ts';
import type { AnyRecord } from './fields.ts';
import type { Filter } from './filter.ts';

/** Bundles of a log, both included. */
export interface TimeBounds {
  /** Before it no record is of the wanted time. */
  readonly low: number;
  /** Behind it no record is that is written as it happens. Acts may be: theirs is the time when they took effect. */
  readonly high: number;
}

/** Whether a record is written as it happens, so that it stands in the order of time, but for `mostDisorderMs`. */
export function standsInOrder({ kind, act }: AnyRecord): boolean {
  return kind === 'decision' || timely.has(kind) || timely.has(act);
}

/**
 * Bundles of a range that may hold records of the wanted time, found by halves. No record is written before its time, so
 * that the begin holds for all of them; the end holds for those that stand in order.
 */
export async function boundsOfTime(
  origin: string,
  tree: TreeLog,
  { since, until }: Filter,
  range: Range,
): Promise<TimeBounds> {
  const low = Math.floor(range.from / tileWidth);
  const high = Math.ceil(range.to / tileWidth) - 1;
  if (low >= high) return { low, high };
  const times = new Map<number, EpochMs | undefined>();
  const timeOf = async (bundle: number): Promise<EpochMs | undefined> => {
    if (!times.has(bundle)) times.set(bundle, orderedTime(await bundleEntries(origin, tree, bundle)));
    return times.get(bundle);
  };
  /** The first bundle that what is of `at` and later may begin in, but for the one before it. */
  const firstAfter = async (at: EpochMs): Promise<number> => {
    let [left, right] = [low, high + 1];
    while (left < right) {
      const middle = Math.floor((left + right) / 2);
      // Where a bundle has nothing that stands in order, the next one that has tells of it.
      let told = middle;
      while (told < right && (await timeOf(told)) === undefined) told += 1;
      const time = told < right ? await timeOf(told) : undefined;
      if (time !== undefined && time < at) left = told + 1;
      else right = middle;
    }
    return left;
  };
  return {
    low: since === undefined ? low : Math.max(low, (await firstAfter(since - mostDisorderMs)) - 1),
    high: until === undefined ? high : Math.min(high, await firstAfter(until + mostDisorderMs)),
  };
}

/** The time of the first record of a bundle that stands in order. */
function orderedTime(entries: readonly Uint8Array[]): EpochMs | undefined {
  for (const bytes of entries) {
    const entry = readEntry('', 0, bytes);
    if (entry && standsInOrder(entry.record)) return entry.time;
  }
  return undefined;
}
