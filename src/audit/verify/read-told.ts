import { isUtf8 } from 'node:buffer';
import { parseInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { isObject } from '../../policy/is-object.ts';
import { isGroupless } from '../query/parts.ts';
import { RecordTimes } from '../index/record-time.ts';
import { isCanonical, isTooDeep } from './record-form.ts';
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
  readonly detail?: Readonly<Record<string, unknown>> | null;
}

const decision = Buffer.from('decision');
const lineFeed = 0x0a;
const scanner = new EntryScanner();
const times = new RecordTimes();

/**
 * Time and act of a record. Undefined for what readers of logs take for none, by the judgement of
 * `sources/read-entry.ts`: it is no JSON object, it has no time of its own, it counts denials and has no groups, or it is
 * not one line. `odd` for what they may read in different ways, as it is not written as records are. Of decisions no more
 * than the time is read.
 */
export function readTold(bytes: Buffer): Told | 'odd' | undefined {
  const isText = isUtf8(bytes);
  const isWritten = isText && scanner.scan(bytes);
  if (isWritten && scanner.timeFrom >= 0) {
    const { timeFrom, timeTo, kindFrom, kindTo } = scanner;
    const time = times.read(bytes, timeFrom, timeTo);
    if (time === undefined) return undefined;
    if (kindFrom >= 0 && decision.equals(bytes.subarray(kindFrom, kindTo))) return { time };
  }
  if (bytes.includes(lineFeed)) return undefined;
  if (!isWritten && isTooDeep(bytes)) return 'odd';
  const text = bytes.toString('utf8');
  const value = parsed(text);
  if (!isObject(value) || isGroupless(value)) return undefined;
  const { time, kind } = value;
  const at = typeof time === 'string' ? parseInstant(time) : undefined;
  if (at === undefined) return undefined;
  if (!isText || (!isWritten && !isCanonical(text, value))) return 'odd';
  return kind === 'decision' ? { time: at } : { time: at, act: value };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
