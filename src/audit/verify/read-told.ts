import { parseInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { RecordTimes } from '../index/record-time.ts';
import { EntryScanner } from './scan-entry.ts';

/** What a record says of itself. */
export interface Told {
  readonly time: EpochMs;
  /** Undefined for a decision. */
  readonly act?: Act;
}

/** A record of any other kind, as far as verification looks at it: as untrusted as the log. */
export interface Act {
  readonly act?: unknown;
  readonly kind?: unknown;
  readonly next_s?: unknown;
  readonly records?: { readonly lost?: unknown } | null;
  readonly detail?: Readonly<Record<string, unknown>>;
}

const decision = Buffer.from('decision');
const lineFeed = 0x0a;
const scanner = new EntryScanner();
const times = new RecordTimes();

/**
 * Time and act of a record. Undefined for what readers of logs take for none, by the judgement of
 * `sources/read-entry.ts`: it is no JSON object, it has no time of its own, or it is not one line. Of decisions no more
 * than the time is read.
 */
export function readTold(bytes: Buffer): Told | undefined {
  if (scanner.scan(bytes) && scanner.timeFrom >= 0) {
    const { timeFrom, timeTo, kindFrom, kindTo } = scanner;
    const time = times.read(bytes, timeFrom, timeTo);
    if (time === undefined) return undefined;
    if (kindFrom >= 0 && decision.equals(bytes.subarray(kindFrom, kindTo))) return { time };
  }
  if (bytes.includes(lineFeed)) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const { time, kind } = value as { readonly time?: unknown; readonly kind?: unknown };
    const at = typeof time === 'string' ? parseInstant(time) : undefined;
    if (at === undefined) return undefined;
    return kind === 'decision' ? { time: at } : { time: at, act: value };
  } catch {
    return undefined;
  }
}
