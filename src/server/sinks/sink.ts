import { setTimeout as sleep } from 'node:timers/promises';
import { leafHash } from '../../audit/tlog/hash.ts';
import { readEntries } from '../../audit/tlog/log-files.ts';
import { tileWidth, widthAt } from '../../audit/tlog/tile-path.ts';
import type { Clock, EpochMs } from '../../lib/clock.ts';
import { asPortreeveError, describeThrown } from '../../lib/errors.ts';
import { retryAfterOf } from '../sources/failures.ts';
import { afterFailure } from '../sources/schedule.ts';
import { aboutOf } from './about.ts';
import { readBatch } from './batch.ts';
import type { Cursor, CursorFolder } from './cursor.ts';
import type { BatchLimits, Delivery, SentLog, SinkEntry } from './types.ts';

export interface SinkSpec {
  readonly kind: 'file' | 'syslog' | 'otlp';
  readonly name: string;
  /** Milliseconds. */
  readonly interval: number;
  readonly begin: 'oldest' | 'newest';
}

export interface SinkOptions {
  readonly log: SentLog;
  readonly delivery: Delivery;
  readonly cursors: Pick<CursorFolder, 'read' | 'keep'>;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly say: (line: string) => void;
}

/** How a sink stands. */
export interface SinkStanding extends Cursor {
  /** Entries that were sent since this process began. */
  readonly sent: number;
  /** Attempts that failed since this process began, and those of them since the last one that did not. */
  readonly failed: number;
  readonly failures: number;
  readonly error: string | null;
  /** Time of the first record that waits; null where none does, or it was not looked at yet. */
  readonly waitingSince: EpochMs | null;
  /** When entries were last taken; null = not yet. */
  readonly sentAt: EpochMs | null;
}

/** Between two looks at whether there is anything new, and between two writes of the cursor (ms). */
const lookMs = 1000;
/** Between two batches while much is lacking (ms): decisions come first. */
const breathMs = 5;

/** How long the end of the server waits for that of a sink (ms). */
const partingMs = 2000;

/** What is tried on a sink that failed, so that one that is dead costs next to nothing. */
const probe: BatchLimits = { entries: 32, bytes: 262_144 };

const beginning: SinkStanding = {
  ...{ next: 0, last: null, dropped: 0, rejected: 0, sent: 0, failed: 0, failures: 0 },
  ...{ error: null, waitingSince: null, sentAt: null },
};

/**
 * Sends a log's entries to one receiver, off every answer's path: each at least once, in order, the log itself being what
 * they wait in. After failures it waits longer and longer. Nothing that goes wrong leaves it.
 */
export class Sink {
  readonly spec: SinkSpec;
  readonly #o: SinkOptions;
  readonly #ending = new AbortController();
  #standing = beginning;
  /** Whether the cursor was found, or begun. */
  #found = false;
  #kept: Cursor | undefined;
  /** Monotonic, both. */
  #due = -Infinity;
  #keepDue = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(spec: SinkSpec, o: SinkOptions) {
    this.spec = spec;
    this.#o = o;
  }

  get standing(): SinkStanding {
    return this.#standing;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), lookMs);
    this.#timer.unref();
    this.#look();
  }

  /** Does not wait for the end of a pause. */
  ask(): void {
    this.#due = -Infinity;
    this.#look();
  }

  /**
   * Ends what is under way; what was not taken is sent again by the next start. A file on a volume that stands still is
   * not waited for.
   */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#ending.abort();
    const late = new AbortController();
    const ended = this.#end().finally(() => late.abort());
    await Promise.race([ended, sleep(partingMs, undefined, { signal: late.signal }).catch(() => undefined)]);
  }

  async #end(): Promise<void> {
    await this.#running;
    await this.#keep(true).catch(() => undefined);
    await this.#o.delivery.close().catch(() => undefined);
  }

  #look(): void {
    if (this.#running !== undefined || this.#ending.signal.aborted) return;
    const size = this.#o.log.checkpoint()?.size;
    if (size === undefined || this.#o.clock.monotonic() < this.#due) return;
    if (this.#found && this.#standing.next >= size && this.#kept?.next === this.#standing.next) return;
    this.#running = this.#send().finally(() => {
      this.#running = undefined;
    });
  }

  async #send(): Promise<void> {
    const { clock, delivery, log } = this.#o;
    const { signal } = this.#ending;
    try {
      if (!this.#found) await this.#find();
      for (;;) {
        this.#skipPruned();
        const limits = this.#standing.failures > 0 ? probe : delivery.limits;
        const batch = await readBatch(log, this.#standing.next, limits);
        const [first] = batch;
        if (first === undefined || signal.aborted) break;
        this.#standing = { ...this.#standing, waitingSince: aboutOf(first.bytes).time };
        this.#taken(batch, (await delivery.deliver(batch, signal)).rejected);
        await this.#keep(false);
        await sleep(breathMs, undefined, { signal });
      }
      await this.#keep(false);
      this.#due = clock.monotonic() + this.spec.interval;
    } catch (thrown) {
      if (!signal.aborted) this.#failed(thrown);
    }
  }

  /** Finds the place to go on from: after the entry that was sent last, if it is this log's. */
  async #find(): Promise<void> {
    const { log, cursors, say } = this.#o;
    const kept = await cursors.read(this.spec.name);
    const size = log.checkpoint()?.size ?? 0;
    if (typeof kept === 'object' && (await this.#isHere(kept, size))) {
      this.#standing = { ...this.#standing, ...kept };
      this.#kept = kept;
      this.#found = true;
      return;
    }
    const why = kept === 'damaged' ? 'where it was cannot be read' : 'it was sent another log';
    if (kept !== undefined) say(`sink ${this.spec.name} begins anew: ${why}`);
    const next = kept === undefined && this.spec.begin === 'newest' ? size : log.stats().minimumIndex;
    this.#standing = { ...this.#standing, next };
    this.#found = true;
    // At once: the next start must not begin behind what has come meanwhile.
    await this.#keep(true);
  }

  async #isHere({ next, last }: Cursor, size: number): Promise<boolean> {
    if (next > size) return false;
    if (last === null || next === 0) return true;
    const bundle = Math.floor((next - 1) / tileWidth);
    try {
      const entries = await readEntries(this.#o.log.files, bundle, widthAt('entries', bundle, size));
      const entry = entries[(next - 1) % tileWidth];
      return entry !== undefined && Buffer.from(leafHash(entry)).toString('hex') === last;
    } catch (thrown) {
      // Retention has removed it: nothing speaks against it.
      if (asPortreeveError(thrown).code === 'PDP_NOT_FOUND') return true;
      throw thrown;
    }
  }

  #skipPruned(): void {
    const { minimumIndex } = this.#o.log.stats();
    const { next, dropped } = this.#standing;
    const lost = minimumIndex - next;
    if (lost <= 0) return;
    this.#o.say(`sink ${this.spec.name}: ${lost} records were removed before it took them`);
    this.#standing = { ...this.#standing, next: minimumIndex, last: null, dropped: dropped + lost };
  }

  #taken(batch: readonly SinkEntry[], rejected: number): void {
    const { name } = this.spec;
    const last = batch.at(-1) as SinkEntry;
    if (this.#standing.error !== null) this.#o.say(`sink ${name} takes records again`);
    if (rejected > 0) this.#o.say(`sink ${name} has refused ${rejected} records for good`);
    this.#standing = {
      ...this.#standing,
      ...{ next: last.index + 1, last: last.hash, failures: 0, error: null, waitingSince: null },
      sent: this.#standing.sent + batch.length,
      rejected: this.#standing.rejected + rejected,
      sentAt: this.#o.clock.now(),
    };
  }

  /** Keeps the cursor, at most once in a while: what is lost of it is sent twice. */
  async #keep(now: boolean): Promise<void> {
    const { next, last, dropped, rejected } = this.#standing;
    if (!this.#found || (this.#kept?.next === next && this.#kept.dropped === dropped)) return;
    const at = this.#o.clock.monotonic();
    if (!now && at < this.#keepDue) return;
    const cursor = { next, last, dropped, rejected };
    await this.#o.cursors.keep(this.spec.name, cursor);
    this.#kept = cursor;
    this.#keepDue = at + lookMs;
  }

  #failed(thrown: unknown): void {
    const { clock, random, say } = this.#o;
    const error = describeThrown(thrown);
    const { failed, failures } = this.#standing;
    if (this.#standing.error !== error) say(`sink ${this.spec.name} takes no records: ${error}`);
    this.#standing = { ...this.#standing, error, failed: failed + 1, failures: failures + 1 };
    const pace = { interval: this.spec.interval, jitter: 0 };
    const now = clock.now();
    const next = afterFailure(pace, now, failures + 1, retryAfterOf(thrown), random());
    this.#due = clock.monotonic() + (next - now);
  }
}
