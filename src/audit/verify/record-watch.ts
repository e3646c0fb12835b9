import { formatInstant, parseInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { formatDuration } from '../../lib/duration.ts';
import { entryAt } from './bundle.ts';
import type { Bundle } from './bundle.ts';
import type { Findings } from './findings.ts';

/** By how much a record may stand behind a later one: decisions that were made at once end in any order. */
export const mostDisorderMs = 60_000;

/** Heartbeats that may be missing before it counts as silence. */
const beatsMissed = 3;

/** Kinds of records, and acts, that are written as they happen; of others the time is when they took effect, long before. */
const timely: ReadonlySet<unknown> = new Set([
  'start',
  'stop',
  'heartbeat',
  'merged',
  'worker_started',
  'worker_ended',
]);

const timeKey = Buffer.from('"time":"');
const decisionStart = Buffer.from('{"assurance":');
/** `2026-11-22T06:30:00.000Z` and its quotation mark. */
const instantBytes = 24;

interface Told {
  readonly time: EpochMs | undefined;
  /** Undefined for a decision. */
  readonly act?: Act;
}

interface Act {
  readonly act?: unknown;
  readonly kind?: unknown;
  readonly next_s?: unknown;
  readonly records?: { readonly lost?: unknown } | null;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Reads what records say of the log itself: that time goes on, that the server lived, what was lost. */
export class RecordWatch {
  readonly #findings: Findings;
  #latest: EpochMs | undefined;
  #latestEntry = 0;
  #beatMs: number | undefined;
  #stopped = true;
  /** Whether the record before was read. */
  #whole = true;
  /** Entry that comes next, where none is left out. */
  #next: number | undefined;
  /** Time of the last record that was out of order: where the clock stays, that is said once. */
  #strayed: EpochMs | undefined;
  first: EpochMs | undefined;
  last: EpochMs | undefined;
  decisions = 0;
  /** Records of all other kinds. */
  others = 0;
  /** Entries below are gone by the log's own word: its retention has taken them. */
  prunedBelow = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** How often a heartbeat is due by the last one that was read; undefined where there was none. */
  get beatMs(): number | undefined {
    return this.#beatMs;
  }

  /** Whether the last that was read of the server is that it stopped. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Takes the entries of a bundle, the next after those before. */
  take(first: number, bundle: Bundle): void {
    // Of entries that could not be read nothing is known, their heartbeats included.
    this.#whole = this.#next === undefined || this.#next === first;
    this.#next = first + bundle.count;
    for (let place = 0; place < bundle.count; place += 1) this.#one(first + place, entryAt(bundle, place));
  }

  #one(entry: number, bytes: Buffer): void {
    const told = readTold(bytes);
    if (told === undefined) {
      this.#findings.fail('entry.unreadable', entry, `entry ${entry} is no record`);
      return;
    }
    const { time, act } = told;
    if (act) this.others += 1;
    else this.decisions += 1;
    if (time !== undefined && (act === undefined || timely.has(act.act) || timely.has(act.kind)))
      this.#time(entry, time, act);
    if (act) this.#act(entry, act);
    // A server that decides has not stopped, whatever it said before.
    else this.#stopped = false;
  }

  #time(entry: number, time: EpochMs, act: Act | undefined): void {
    const [latest, strayed] = [this.#latest, this.#strayed];
    this.first ??= time;
    if (latest !== undefined && time < latest - mostDisorderMs) {
      const stays = strayed !== undefined && Math.abs(time - strayed) <= mostDisorderMs;
      this.#strayed = time;
      if (!stays) {
        const before = `entry ${this.#latestEntry} before it of ${formatInstant(latest)}`;
        this.#findings.fail(
          'time.order',
          entry,
          `entry ${entry} is of ${formatInstant(time)}, and ${before}`,
        );
        return;
      }
    } else if (latest !== undefined) {
      if (this.#whole) this.#silence(entry, latest, time, act);
      if (time < latest) return;
    }
    [this.#latest, this.#latestEntry, this.#whole] = [time, entry, true];
    this.last = time;
  }

  #silence(entry: number, from: EpochMs, to: EpochMs, act: Act | undefined): void {
    const beat = this.#beatMs;
    if (beat === undefined || this.#stopped || to - from <= beatsMissed * beat) return;
    const span = `${formatInstant(from)} and ${formatInstant(to)} (${formatDuration(to - from)})`;
    const how = act?.act === 'start' ? ', and then it was started without having been stopped' : '';
    this.#findings.remark(
      'time.silence',
      entry,
      `nothing was recorded between ${span}, where a heartbeat was due every ${formatDuration(beat)}${how}`,
    );
  }

  #act(entry: number, { act, kind, detail, next_s: next, records }: Act): void {
    if (act === 'start') this.#stopped = false;
    if (act === 'stop') this.#stopped = true;
    if (kind === 'heartbeat') {
      // The last one of a server that ends announces none.
      this.#stopped = next === 0;
      if (typeof next === 'number' && next > 0) this.#beatMs = next * 1000;
      const lost = records?.lost;
      if (typeof lost === 'number' && lost > 0) {
        this.#findings.remark(
          'log.gap',
          entry,
          `${lost} records before entry ${entry} were lost: its heartbeat says so`,
        );
      }
    }
    if (act === 'log_gap') {
      const most = detail?.['at_most_ms'];
      const span = typeof most === 'number' ? ` of at most ${formatDuration(most)}` : '';
      this.#findings.remark(
        'log.gap',
        entry,
        `records${span} before entry ${entry} may be missing: the log says so itself`,
      );
    }
    const minimum = act === 'log_pruned' ? detail?.['minimum_index'] : undefined;
    if (typeof minimum === 'number') this.prunedBelow = Math.max(this.prunedBelow, minimum);
  }
}

/** Time and act of a record; undefined for what is none. Of decisions no more than the time is read. */
function readTold(bytes: Buffer): Told | undefined {
  if (bytes.subarray(0, decisionStart.byteLength).equals(decisionStart)) {
    const time = quickTime(bytes);
    if (time !== undefined) return { time };
  }
  try {
    const value = JSON.parse(bytes.toString('utf8')) as Record<string, unknown> | null;
    if (typeof value !== 'object' || value === null) return undefined;
    const { time, kind } = value;
    const at = typeof time === 'string' ? parseInstant(time) : undefined;
    return kind === 'decision' ? { time: at } : { time: at, act: value };
  } catch {
    return undefined;
  }
}

/**
 * The time of a decision's record, without reading all of it. Members stand in canonical order, so that what comes
 * behind the last `"time":"` is the record's own; within texts a quotation mark has a backslash before it.
 */
function quickTime(bytes: Buffer): EpochMs | undefined {
  const at = bytes.lastIndexOf(timeKey);
  if (at < 0) return undefined;
  const from = at + timeKey.byteLength;
  return digitsTime(bytes, from) ?? parseInstant(bytes.toString('latin1', from, from + instantBytes));
}

let lastDay = { text: '', at: 0 };

/** `YYYY-MM-DDTHH:MM:SS.mmmZ"`, as records are written; undefined for any other form. */
function digitsTime(bytes: Buffer, at: number): EpochMs | undefined {
  if (bytes[at + 23] !== 0x5a || bytes[at + 24] !== 0x22 || bytes[at + 10] !== 0x54) return undefined;
  const day = bytes.toString('latin1', at, at + 10);
  if (day !== lastDay.text) {
    const midnight = parseInstant(`${day}T00:00:00Z`);
    if (midnight === undefined) return undefined;
    lastDay = { text: day, at: midnight };
  }
  const two = (from: number): number =>
    ((bytes[at + from] as number) - 48) * 10 + ((bytes[at + from + 1] as number) - 48);
  const ms = ((bytes[at + 20] as number) - 48) * 100 + two(21);
  return lastDay.at + two(11) * 3_600_000 + two(14) * 60_000 + two(17) * 1000 + ms;
}
