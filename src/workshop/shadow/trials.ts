import { isShadowRecord } from '../../audit/read-shadow.ts';
import type { ShadowRecord, ShadowSummaryRecord } from '../../audit/shadow-record.ts';
import type { RecordEntry } from '../../audit/sources/types.ts';
import { FlippedDevices } from '../diff/flipped-devices.ts';
import { add, addCompared, newTally } from '../diff/tally.ts';
import type { Count, Flip, Tally } from '../diff/tally.ts';

/** What a log says of one bundle's trial. */
export interface FoundTrial {
  readonly bundle: string;
  revision: string;
  /** What was in force when it was last told. */
  answered: ShadowSummaryRecord['answered'];
  /** Times of the first and the last record. */
  readonly from: string;
  to: string;
  /** Less than all decisions were held against it: by its share, or for want of room. */
  partial: boolean;
  seen: number;
  dropped: number;
  /** Flips after the last summary: how many agreed beside them is not told yet. */
  unsummarized: number;
  /** Flips that summaries count and that have no record of their own: of what class, site, reason and device is not known. */
  unrecorded: number;
  readonly tally: Tally;
  readonly devices: FlippedDevices;
}

type Pending = Omit<Flip, 'weight'> & { readonly share: number };

/**
 * Reads everything that logs say of policies on trial, by the bundle's digest. Counts are scaled to all decisions that were
 * made: a summary says how many of them were looked at. Records in other forms are passed over.
 */
export async function readTrials(
  entries: AsyncIterable<Pick<RecordEntry, 'origin' | 'record'>>,
  mostDevices: number,
): Promise<ReadonlyMap<string, FoundTrial>> {
  const trials = new Map<string, FoundTrial>();
  /** Flips whose summary is still to come, by log and bundle. */
  const pending = new Map<string, Pending[]>();
  const trialOf = ({ shadow, time }: ShadowRecord | ShadowSummaryRecord): FoundTrial => {
    const known = trials.get(shadow.bundle) ?? newTrial(shadow, time, mostDevices);
    trials.set(shadow.bundle, known);
    known.to = time > known.to ? time : known.to;
    return known;
  };
  for await (const { origin, record } of entries) {
    if (record['kind'] !== 'shadow' && record['kind'] !== 'shadow_summary') continue;
    if (!isShadowRecord(record)) continue;
    const trial = trialOf(record);
    const key = `${origin}\0${trial.bundle}`;
    if (record.kind === 'shadow') {
      const flip = flipOf(record);
      if (flip) pending.set(key, [...(pending.get(key) ?? []), flip]);
      continue;
    }
    summarized(trial, record, pending.get(key) ?? []);
    pending.delete(key);
  }
  for (const [key, flips] of pending) {
    const trial = trials.get(key.split('\0')[1] ?? '');
    if (!trial) continue;
    trial.unsummarized += flips.length;
    for (const flip of flips) count(trial, flip, 1 / flip.share);
  }
  return trials;
}

function newTrial(
  { bundle, revision }: ShadowRecord['shadow'] | ShadowSummaryRecord['shadow'],
  from: string,
  most: number,
): FoundTrial {
  return {
    ...{ bundle, revision, from, to: from, answered: { bundle: null, revision: null } },
    ...{ partial: false, seen: 0, dropped: 0, unsummarized: 0, unrecorded: 0 },
    ...{ tally: newTally(), devices: new FlippedDevices(most) },
  };
}

function flipOf(record: ShadowRecord): Pending | undefined {
  const { answered, shadow, tenant, device_id, class: name, site, decision_id, decision_time } = record;
  const { direction, would, share } = shadow;
  if (direction === null) return undefined;
  const lockOut = direction === 'lock_out';
  return {
    ...{ tenant, device_id, class: name, site, ref: decision_id, when: decision_time, direction, share },
    reason: (lockOut ? would.reasons[0]?.code : answered.reasons[0]) ?? 'system.internal',
    enforced: lockOut ? would.enforced : answered.enforced,
  };
}

/** Counts a flip as connections that were compared. */
function count(trial: FoundTrial, flip: Pending, weight: number): void {
  const weighed: Flip = { ...flip, weight };
  addCompared(trial.tally, weighed, { otherwise: null, denied: false }, weighed);
  const last = trial.tally.flips.pop();
  if (last) trial.devices.take(last);
}

function summarized(trial: FoundTrial, summary: ShadowSummaryRecord, flips: readonly Pending[]): void {
  const { tally } = trial;
  const lookedAt = summary.compared + summary.not_asked + summary.undecidable;
  const weight = lookedAt === 0 ? 1 : Math.max(1, summary.seen / lookedAt);
  const many = (lines: number): Count => ({ lines: Math.max(0, lines), scaled: Math.max(0, lines) * weight });
  trial.revision = summary.shadow.revision;
  trial.answered = summary.answered;
  trial.seen += summary.seen;
  trial.dropped += summary.dropped;
  trial.partial ||= summary.seen > lookedAt;
  for (const flip of flips) count(trial, flip, weight);
  // Records are not written while the log cannot be: a lock-out that nobody sees would be let pass.
  const lacking = (all: number, recorded: (flip: Pending) => boolean): Count =>
    many(all - flips.filter(recorded).length);
  const lockOuts = lacking(summary.lock_outs, ({ direction }) => direction === 'lock_out');
  const letIns = lacking(summary.let_ins, ({ direction }) => direction === 'let_in');
  trial.unrecorded += lockOuts.lines + letIns.lines;
  add(tally.lock_outs, lockOuts);
  add(tally.let_ins, letIns);
  add(
    tally.not_enforced,
    lacking(summary.not_enforced, ({ enforced }) => !enforced),
  );
  add(tally.compared, many(summary.compared - flips.length));
  add(tally.same, many(summary.agreed));
  for (const kind of [
    'other_reasons',
    'other_obligations',
    'denied_by_both',
    'not_asked',
    'undecidable',
  ] as const)
    add(tally[kind], many(summary[kind]));
  for (const { name, count: lines } of summary.because) addTo(tally.because, name ?? '', many(lines));
  for (const { name, count: lines } of summary.by_class)
    addTo(tally.classes, name, many(lines - flips.filter((flip) => flip.class === name).length));
  for (const { name, count: lines } of summary.by_site)
    addTo(tally.sites, name, many(lines - flips.filter((flip) => flip.site === name).length));
}

function addTo<Name>(counts: Map<Name, Count>, name: Name, more: Count): void {
  const known = counts.get(name) ?? { lines: 0, scaled: 0 };
  add(known, more);
  counts.set(name, known);
}
