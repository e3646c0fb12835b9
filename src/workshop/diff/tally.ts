import type { Compared, Direction } from '../../decision/compare-decisions.ts';

/** Connections that were counted, and how many they stand for. */
export interface Count {
  lines: number;
  scaled: number;
}

/** What is known of a connection without deciding: by what it is counted. */
export interface Subject {
  readonly tenant: string;
  readonly device_id: string | null;
  readonly class: string | null;
  readonly site: string | null;
  /** Whence it comes: time of the record, title of the case. */
  readonly when: string;
  /** Names it: the decision's id, file and line of the case, the device. */
  readonly ref: string;
  readonly weight: number;
}

export interface Flip extends Subject {
  readonly direction: Direction;
  readonly reason: string;
  /** The denial keeps the connection out; false where the configuration lets it pass all the same. */
  readonly enforced: boolean;
}

export interface GroupRow extends Count {
  readonly class: string | null;
  readonly site: string | null;
  readonly reason: string;
  readonly direction: Direction;
}

/** Everything that is counted. Plain data, so that threads can hand it over; `addTally` puts two together. */
export interface Tally {
  readonly compared: Count;
  readonly same: Count;
  readonly other_reasons: Count;
  readonly other_obligations: Count;
  readonly lock_outs: Count;
  readonly let_ins: Count;
  /** Lock-outs and let-ins of which the configuration enforces nothing. */
  readonly not_enforced: Count;
  /** Neither policy lets it in: what a rule of one of them says to it, another one hides. */
  readonly denied_by_both: Count;
  /** Denied before the policy was asked, whatever it says. */
  readonly not_asked: Count;
  readonly undecidable: Count;
  /** Compared with other settings than those that the connection was decided under. */
  readonly presumed_settings: Count;
  /** Why what is undecidable is. */
  readonly because: Map<string, Count>;
  readonly classes: Map<string | null, Count>;
  readonly sites: Map<string | null, Count>;
  readonly rows: Map<string, GroupRow>;
  readonly flips: Flip[];
}

export function newTally(): Tally {
  return {
    ...{ compared: none(), same: none(), other_reasons: none(), other_obligations: none() },
    ...{ lock_outs: none(), let_ins: none(), not_enforced: none(), not_asked: none() },
    ...{ denied_by_both: none() },
    ...{ undecidable: none(), presumed_settings: none() },
    ...{ because: new Map(), classes: new Map(), sites: new Map(), rows: new Map(), flips: [] },
  };
}

function none(): Count {
  return { lines: 0, scaled: 0 };
}

/** Counts one more connection, or what was counted elsewhere. */
export function add(count: Count, { lines, scaled }: Count): void {
  count.lines += lines;
  count.scaled += scaled;
}

/** A connection that could not be decided. */
export function addUndecidable(tally: Tally, why: string, weight: number): void {
  const one = { lines: 1, scaled: weight };
  add(tally.undecidable, one);
  addTo(tally.because, why, one);
}

/** A connection that was decided with both. */
export function addCompared(
  tally: Tally,
  subject: Subject,
  { otherwise, denied }: Pick<Compared, 'otherwise' | 'denied'>,
  flip: Pick<Flip, 'direction' | 'reason' | 'enforced'> | undefined,
): void {
  const one = { lines: 1, scaled: subject.weight };
  add(tally.compared, one);
  addTo(tally.classes, subject.class, one);
  addTo(tally.sites, subject.site, one);
  if (!flip) {
    if (denied) add(tally.denied_by_both, one);
    const kind = otherwise === null ? 'same' : (`other_${otherwise}` as const);
    return add(tally[kind], one);
  }
  add(flip.direction === 'lock_out' ? tally.lock_outs : tally.let_ins, one);
  if (!flip.enforced) add(tally.not_enforced, one);
  const { class: name, site } = subject;
  const { direction, reason } = flip;
  addRow(tally.rows, { class: name, site, reason, direction, ...one });
  tally.flips.push({ ...subject, ...flip });
}

/** Adds what another thread has counted; its flips are taken by the caller. */
export function addTally(tally: Tally, other: Tally): void {
  for (const kind of [
    ...(['compared', 'same', 'other_reasons', 'other_obligations', 'lock_outs', 'let_ins'] as const),
    ...(['not_enforced', 'not_asked', 'undecidable', 'presumed_settings', 'denied_by_both'] as const),
  ]) {
    add(tally[kind], other[kind]);
  }
  for (const [why, count] of other.because) addTo(tally.because, why, count);
  for (const [name, count] of other.classes) addTo(tally.classes, name, count);
  for (const [name, count] of other.sites) addTo(tally.sites, name, count);
  for (const row of other.rows.values()) addRow(tally.rows, row);
}

function addTo<Key>(counts: Map<Key, Count>, key: Key, more: Count): void {
  const count = counts.get(key) ?? none();
  add(count, more);
  counts.set(key, count);
}

function addRow(rows: Map<string, GroupRow>, row: GroupRow): void {
  const key = JSON.stringify([row.class, row.site, row.reason, row.direction]);
  const known = rows.get(key);
  if (known) add(known, row);
  else rows.set(key, { ...row });
}
