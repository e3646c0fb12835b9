import type { Writer } from '../audit/acts.ts';
import { buildHeartbeat } from '../audit/heartbeat.ts';
import { MergedGroups, mergedLines } from '../audit/merged.ts';
import type { MergedGroup } from '../audit/merged.ts';
import { recordBytes } from '../audit/record.ts';
import type { Clock } from '../lib/clock.ts';
import type { DecisionTally } from './records/tally.ts';

export interface LogVoiceOptions {
  readonly writer: Writer;
  readonly clock: Clock;
  readonly site: string | null;
  /** Milliseconds between two heartbeats. */
  readonly heartbeat: number;
  readonly write: (lines: readonly string[]) => void;
  /** Whether the log could be written the last time. */
  readonly writable: () => boolean;
  readonly stats: () => { readonly written: number; readonly lost: number };
}

/** What the parent writes by itself: merged denials each second while there are any, and heartbeats. */
export interface LogVoice {
  /** Counts decisions that were answered. */
  counted(tallies: readonly Pick<DecisionTally, 'outcome' | 'enforced' | 'times'>[]): void;
  /** Takes denials that have no record of their own. */
  merged(groups: readonly MergedGroup[]): void;
  /** Begins to tell. */
  start(): void;
  /** Tells what is left to tell. */
  stop(): void;
}

/** How long denials are gathered (ms). */
const gatherMs = 1000;

/** Networks that one merged record tells apart; the rest is told as others. */
const mostNetworks = 32;

/** Speaks from `start` to `stop`; what is gathered while the log cannot be written waits, as counts that hardly grow. */
export function createLogVoice(options: LogVoiceOptions): LogVoice {
  const { writer, clock, site, heartbeat, write } = options;
  const groups = new MergedGroups(mostNetworks);
  let since = clock.now();
  let counts = noCounts();
  let before = { ...options.stats() };
  let gather: NodeJS.Timeout | undefined;
  let timer: NodeJS.Timeout | undefined;

  const tellMerged = (): void => {
    gather = undefined;
    if (groups.size === 0) return;
    if (options.writable()) write(mergedLines(writer, clock.now(), groups.take()));
    else gather = setTimeout(tellMerged, gatherMs);
  };
  const beat = (next: number): void => {
    const now = clock.now();
    const { written, lost } = options.stats();
    const records = { written: written - before.written, lost: lost - before.lost };
    const { merged, ...decisions } = counts;
    write([recordBytes(buildHeartbeat(writer, { now, since, next, site }, { decisions, records, merged }))]);
    [since, counts, before] = [now, noCounts(), { written, lost }];
  };
  return {
    counted: (tallies) => {
      for (const { outcome, enforced, times } of tallies) {
        const kind = outcome === 'allow' ? 'allow' : enforced ? 'deny' : 'let_pass';
        counts[kind] += times.total.count;
      }
    },
    merged: (taken) => {
      for (const group of taken) {
        groups.add(group);
        counts.merged += group.count;
      }
      gather ??= setTimeout(tellMerged, gatherMs);
    },
    start: () => {
      since = clock.now();
      timer = setInterval(() => beat(heartbeat), heartbeat);
    },
    stop: () => {
      clearTimeout(gather);
      write(mergedLines(writer, clock.now(), groups.take()));
      if (!timer) return;
      clearInterval(timer);
      timer = undefined;
      beat(0);
    },
  };
}

function noCounts() {
  return { allow: 0, deny: 0, let_pass: 0, merged: 0 };
}
