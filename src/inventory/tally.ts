import { LockoutTally } from './lockout-tally.ts';

/** What may become of a row; `kept_status` and `kept_ended` beside one of the others. */
export type TallyKind = 'added' | 'changed' | 'removed' | 'unchanged' | 'kept_status' | 'kept_ended';

/** What an import did or would do; the first few device ids of each kind for people. */
export interface Tally {
  readonly counts: Record<TallyKind, number>;
  readonly first: Record<TallyKind, string[]>;
  /** Active devices that the import keeps out. */
  readonly keptOut: LockoutTally;
}

const shownIds = 5;

export function newTally(): Tally {
  return {
    counts: { added: 0, changed: 0, removed: 0, unchanged: 0, kept_status: 0, kept_ended: 0 },
    first: { added: [], changed: [], removed: [], unchanged: [], kept_status: [], kept_ended: [] },
    keptOut: new LockoutTally(),
  };
}

/** Counts a device, and remembers its id among the first of its kind. */
export function count(tally: Tally, kind: TallyKind, deviceId: string): void {
  tally.counts[kind] += 1;
  if (tally.first[kind].length < shownIds) tally.first[kind].push(deviceId);
}
