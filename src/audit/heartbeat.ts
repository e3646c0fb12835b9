import { formatInstant } from '../lib/clock.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Writer } from './acts.ts';
import type { RecordMode } from './home.ts';
import { recordFormat } from './record.ts';

/** What became of decisions since the last heartbeat. */
export interface HeartbeatCounts {
  /** Decisions that were answered, by what they were; `let_pass` are denials that were not enforced. */
  readonly decisions: { readonly allow: number; readonly deny: number; readonly let_pass: number };
  /** Records of all kinds: written, and lost. */
  readonly records: { readonly written: number; readonly lost: number };
  /** Denials that stand in merged records. */
  readonly merged: number;
}

/** Says that the server lives, so that silence is visible, and how much it has decided. */
export interface HeartbeatRecord extends HeartbeatCounts {
  readonly schema: typeof recordFormat;
  readonly kind: 'heartbeat';
  readonly audit_mode?: RecordMode;
  readonly time: string;
  readonly program: string;
  readonly instance: string;
  readonly site: string | null;
  /** Since when it counts: the time of the last one, or of the start. */
  readonly since: string;
  /** After how many seconds the next one comes; 0 where the server ends. */
  readonly next_s: number;
}

/** Writes the record of a heartbeat. */
export function buildHeartbeat(
  writer: Writer,
  at: { readonly now: EpochMs; readonly since: EpochMs; readonly next: number; readonly site: string | null },
  counts: HeartbeatCounts,
): HeartbeatRecord {
  const { program, instance, mode } = writer;
  return {
    ...(mode && { audit_mode: mode }),
    decisions: counts.decisions,
    instance,
    kind: 'heartbeat',
    merged: counts.merged,
    next_s: Math.round(at.next / 1000),
    program,
    records: counts.records,
    schema: recordFormat,
    since: formatInstant(at.since),
    site: at.site,
    time: formatInstant(at.now),
  };
}
