import type { FlippedDevice } from './flipped-devices.ts';
import type { Side } from './open-side.ts';
import type { Outcome } from './diff-records.ts';
import type { Count, GroupRow, Tally } from './tally.ts';

/** How many flips are let pass; undefined: any. */
export interface Limits {
  readonly max_flips?: number | undefined;
  readonly max_lockouts?: number | undefined;
  readonly max_undecidable?: number | undefined;
}

/** What a comparison says of a policy. */
export type NamedSide = Omit<Side, 'bytes'>;

export interface Source {
  readonly kind: 'records' | 'cases' | 'store';
  /** Files, or the state. */
  readonly names: readonly string[];
  /** Lines stand for more than one connection each. */
  readonly sampled: boolean;
  /** What was taken for granted, and for how many connections; sentences. */
  readonly assumptions: readonly string[];
}

export interface NamedCounts {
  readonly name: string | null;
  readonly compared: number;
  readonly lock_outs: number;
  readonly let_ins: number;
}

export interface ReasonCounts {
  readonly reason: string;
  readonly lock_outs: number;
  readonly let_ins: number;
}

/** What a comparison came to, for machines as it is. Counts are scaled where lines were sampled, and whole numbers. */
export interface Summary {
  readonly old: NamedSide;
  readonly new: NamedSide;
  readonly source: Source;
  readonly compared: number;
  readonly same: number;
  readonly other_reasons: number;
  readonly other_obligations: number;
  readonly flips: number;
  readonly lock_outs: number;
  readonly let_ins: number;
  readonly not_enforced: number;
  readonly not_asked: number;
  /** Neither policy lets them in. */
  readonly denied_by_both: number;
  readonly undecidable: number;
  /** Lines that were looked at for these counts. */
  readonly lines: Readonly<Record<'compared' | 'flips' | 'lock_outs' | 'let_ins' | 'undecidable', number>>;
  readonly because: readonly { readonly why: string; readonly count: number }[];
  readonly by_class: readonly NamedCounts[];
  readonly by_site: readonly NamedCounts[];
  readonly by_reason: readonly ReasonCounts[];
  readonly rows: readonly (Pick<GroupRow, 'class' | 'site' | 'reason' | 'direction'> & {
    readonly count: number;
  })[];
  /** Devices of which connections flip; `listed` where they were asked for. */
  readonly devices: {
    readonly count: number;
    readonly left_out: number;
    readonly listed?: readonly FlippedDevice[];
  };
  readonly limits: Limits;
  /** Limits that are exceeded, and that there was nothing to compare: why the exit code is 1. */
  readonly failures: readonly string[];
}

/** Puts a comparison together. Pure; the same counts give the same summary, whichever thread was faster. */
export function summarize(
  { before, after }: { readonly before: NamedSide; readonly after: NamedSide },
  source: Source,
  { tally, devices }: Outcome,
  { limits, listDevices }: { readonly limits: Limits; readonly listDevices: boolean },
): Summary {
  const flips = {
    lines: tally.lock_outs.lines + tally.let_ins.lines,
    scaled: tally.lock_outs.scaled + tally.let_ins.scaled,
  };
  const summary = {
    old: told(before),
    new: told(after),
    source: { ...source, assumptions: [...source.assumptions, ...presumed(tally)] },
    compared: whole(tally.compared),
    same: whole(tally.same),
    other_reasons: whole(tally.other_reasons),
    other_obligations: whole(tally.other_obligations),
    flips: whole(flips),
    lock_outs: whole(tally.lock_outs),
    let_ins: whole(tally.let_ins),
    not_enforced: whole(tally.not_enforced),
    not_asked: whole(tally.not_asked),
    denied_by_both: whole(tally.denied_by_both),
    undecidable: whole(tally.undecidable),
    lines: {
      compared: tally.compared.lines,
      flips: flips.lines,
      lock_outs: tally.lock_outs.lines,
      let_ins: tally.let_ins.lines,
      undecidable: tally.undecidable.lines,
    },
    because: [...tally.because]
      .map(([why, count]) => ({ why, count: whole(count) }))
      .sort((a, b) => b.count - a.count || compare(a.why, b.why)),
    by_class: named(tally, tally.classes, (row) => row.class),
    by_site: named(tally, tally.sites, (row) => row.site),
    by_reason: byReason(tally),
    rows: sortedRows(tally).map(({ class: name, site, reason, direction, ...count }) => ({
      ...{ class: name, site, reason, direction, count: whole(count) },
    })),
    devices: {
      ...{ count: devices.size, left_out: devices.leftOut },
      ...(listDevices && { listed: devices.sorted() }),
    },
    limits,
  };
  return { ...summary, failures: failuresOf(summary) };
}

function told({ name, digest, revision }: NamedSide): NamedSide {
  return { name, digest, revision };
}

function presumed({ presumed_settings: count }: Tally): readonly string[] {
  if (count.lines === 0) return [];
  return [
    `${whole(count)} were decided under a configuration that is not kept: the classes and the enforcement of the present one stand for it`,
  ];
}

/** Whole connections; what is rounded away is less than one of them. */
function whole({ scaled }: Count): number {
  return Math.round(scaled);
}

function named(
  { rows }: Tally,
  counts: ReadonlyMap<string | null, Count>,
  nameOf: (row: GroupRow) => string | null,
): readonly NamedCounts[] {
  return [...counts]
    .map(([name, count]) => {
      const own = [...rows.values()].filter((row) => nameOf(row) === name);
      return { name, compared: whole(count), ...directions(own) };
    })
    .sort(
      (a, b) => b.lock_outs - a.lock_outs || b.let_ins - a.let_ins || compare(a.name ?? '', b.name ?? ''),
    );
}

function byReason({ rows }: Tally): readonly ReasonCounts[] {
  const all = [...rows.values()];
  return [...new Set(all.map(({ reason }) => reason))]
    .map((reason) => ({ reason, ...directions(all.filter((row) => row.reason === reason)) }))
    .sort((a, b) => b.lock_outs - a.lock_outs || b.let_ins - a.let_ins || compare(a.reason, b.reason));
}

function directions(rows: readonly GroupRow[]): { readonly lock_outs: number; readonly let_ins: number } {
  const sum = (direction: GroupRow['direction']): number =>
    Math.round(rows.reduce((total, row) => total + (row.direction === direction ? row.scaled : 0), 0));
  return { lock_outs: sum('lock_out'), let_ins: sum('let_in') };
}

function sortedRows({ rows }: Tally): readonly GroupRow[] {
  return [...rows]
    .sort(([a, one], [b, other]) => other.scaled - one.scaled || compare(a, b))
    .map(([, row]) => row);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function failuresOf(summary: Omit<Summary, 'failures'>): readonly string[] {
  const { limits, compared, not_asked: notAsked } = summary;
  const above = (what: string, count: number, most: number | undefined, option: string): readonly string[] =>
    most !== undefined && count > most ? [`${count} ${what}: more than ${option} ${most}`] : [];
  return [
    ...above('flips', summary.flips, limits.max_flips, '--max-flips'),
    ...above('lock-outs', summary.lock_outs, limits.max_lockouts, '--max-lockouts'),
    ...above('undecidable', summary.undecidable, limits.max_undecidable, '--max-undecidable'),
    ...(compared + notAsked === 0 ? ['nothing could be compared'] : []),
  ];
}
