import { mergeByTime } from '../sources/merge.ts';
import type { RecordEntry } from '../sources/types.ts';
import type { PageOptions } from './page.ts';
import { searchLog } from './search.ts';
import type { SearchedLog } from './search.ts';
import type { Turn } from './turn.ts';

/** What was done between two decisions. */
export interface ActsBetween {
  /** Those that were last before the denial, the last one first. */
  readonly nearest: readonly RecordEntry[];
  /** How many there are before them. */
  readonly more: number;
}

/** Acts between two decisions that are given. */
const mostActs = 200;

/**
 * The acts that took effect from an allow up to the denial, in whichever log they are: of the denial's tenant, or of all
 * tenants. Throws as `searchLog`.
 */
export async function actsBetween(
  logs: readonly SearchedLog[],
  { allowed, denied }: Turn,
  { onEntries, onDamaged }: Pick<PageOptions, 'onEntries' | 'onDamaged'> = {},
): Promise<ActsBetween> {
  const filter = { since: allowed.time, until: denied.time + 1, fields: { kind: 'act' } };
  const options = { order: 'oldest' as const, most: Infinity, ...(onEntries && { onEntries }) };
  const tenant = denied.record['tenant'] ?? null;
  let nearest: RecordEntry[] = [];
  let more = 0;
  for await (const entry of mergeByTime(
    logs.map((one) =>
      searchLog(one, filter, {
        ...options,
        ...(onDamaged && { onDamaged: (index: number) => onDamaged(index, one.log.origin) }),
      }),
    ),
    'oldest',
  )) {
    const own = entry.record['tenant'] ?? null;
    if (own !== null && own !== tenant) continue;
    nearest.push(entry);
    // Acts stand in the order in which they were written, which need not be that of their times.
    if (nearest.length < 2 * mostActs) continue;
    more += nearest.length - mostActs;
    nearest = newestOf(nearest);
  }
  const kept = newestOf(nearest);
  return { nearest: kept.toReversed(), more: more + nearest.length - kept.length };
}

/** The newest of them, the last one last; of the same time as they were given. */
function newestOf(acts: readonly RecordEntry[]): RecordEntry[] {
  return acts.toSorted((a, b) => a.time - b.time).slice(-mostActs);
}
