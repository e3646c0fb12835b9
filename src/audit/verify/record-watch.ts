import { formatInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { formatDuration } from '../../lib/duration.ts';
import { entryAt } from './bundle.ts';
import type { Bundle } from './bundle.ts';
import type { Findings } from './findings.ts';
import { readTold } from './read-told.ts';
import type { Act } from './read-told.ts';

/** By how much a record may stand behind a later one: decisions that were made at once end in any order. */
export const mostDisorderMs = 60_000;

/** Heartbeats that may be missing before it counts as silence. */
const beatsMissed = 3;

/** Kinds of records, and acts, that are written as they happen; of others the time is when they took effect, long before. */
export const timely: ReadonlySet<unknown> = new Set([
  'start',
  'stop',
  'heartbeat',
  'merged',
  'worker_started',
  'worker_ended',
]);

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
      this.#findings.fail('entry.unreadable', entry, `entry ${entry} is no record: no reader shows it`);
      return;
    }
    if (told === 'odd') {
      const problem = `entry ${entry} is not written as records are (RFC 8785): readers may differ over it`;
      this.#findings.fail('entry.form', entry, problem);
      return;
    }
    const { time, act } = told;
    if (act) this.others += 1;
    else this.decisions += 1;
    if (act === undefined || timely.has(act.act) || timely.has(act.kind)) this.#time(entry, time, act);
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
      if (isCount(next) && next > 0) this.#beatMs = next * 1000;
      const lost = records?.lost;
      if (isCount(lost) && lost > 0) {
        this.#findings.remark(
          'log.gap',
          entry,
          `${lost} records before entry ${entry} were lost: its heartbeat says so`,
        );
      }
    }
    if (act === 'log_gap') {
      const most = detail?.['at_most_ms'];
      const span = isCount(most) ? ` of at most ${formatDuration(most)}` : '';
      this.#findings.remark(
        'log.gap',
        entry,
        `records${span} before entry ${entry} may be missing: the log says so itself`,
      );
    }
    const minimum = act === 'log_pruned' ? detail?.['minimum_index'] : undefined;
    if (isCount(minimum)) this.prunedBelow = Math.max(this.prunedBelow, minimum);
  }
}

/** Numbers of records count and are told where they are whole ones that a double holds: others have no one spelling. */
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
