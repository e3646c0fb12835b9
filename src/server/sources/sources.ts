import type { Clock, EpochMs } from '../../lib/clock.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import type { SourceState } from '../../store/source-states.ts';
import type { Store } from '../../store/types.ts';
import { retryAfterOf } from './failures.ts';
import { fileStamp } from './file-stamp.ts';
import { locationText } from './read-location.ts';
import { runSource } from './run-source.ts';
import type { Outcome } from './run-source.ts';
import { afterFailure, afterSuccess, furthestNext } from './schedule.ts';
import { openSourceBook, sourceKey } from './source-book.ts';
import { viewOf } from './source-view.ts';
import { clearSpool } from './spool.ts';
import type { SourceSpec, SourceView } from './types.ts';

export interface SourcesOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Asked anew at every look, because a reload may change them; made as cheaply as may be. */
  readonly sources: () => readonly SourceSpec[];
  /** Folder of its own for what is being brought. */
  readonly folder: string;
  readonly log: (line: string) => void;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** How often to look for what is due (ms); 0 = only when `look` is called. */
  readonly lookMs?: number;
}

export interface Sources {
  views(): readonly SourceView[];
  /** Begins what is due; resolves once that is done, well or badly. */
  look(): Promise<void>;
  /** Asks every source now, whenever it was to be asked; resolves once all have answered or failed. */
  refresh(): Promise<void>;
  /** Another configuration, or another state file: known states are read again. */
  reconfigure(): void;
  /** Ends what is under way; resolves once nothing writes any more. */
  stop(): Promise<void>;
}

/** Sources that are asked at the same time: a slow one takes one place, not the others' time. */
const atOnce = 12;
/** Those of one origin among them: a server that is down, or drips, takes no more, however many sources stand on it. */
const atOneOrigin = 3;

/**
 * Asks sources in the background: each about its interval after it answered and at half of what it brought at the
 * latest, after a failure with growing pauses, one attempt at a time. A failure leaves what was applied before in
 * force, and is told in `views`. Files are also asked soon after they change. Nothing is awaited here, so that a server
 * starts without any of them.
 */
export async function startSources(options: SourcesOptions): Promise<Sources> {
  await clearSpool(options.folder);
  const manager = new SourceManager(options);
  manager.reconfigure();
  const timer =
    options.lookMs === 0 ? undefined : setInterval(() => void manager.look(), options.lookMs ?? 500);
  return {
    views: () => manager.views(),
    look: () => manager.look(),
    refresh: () => manager.refresh(),
    reconfigure: () => manager.reconfigure(),
    stop: () => {
      clearInterval(timer);
      return manager.stop();
    },
  };
}

/** An attempt under way. */
interface Attempt {
  /** Undefined for a file. */
  readonly origin: string | undefined;
  readonly done: Promise<void>;
}

function originOf({ location }: SourceSpec): string | undefined {
  return 'url' in location ? new URL(location.url).origin : undefined;
}

class SourceManager {
  readonly #options: SourcesOptions;
  readonly #book;
  /** Attempts under way, by source. */
  readonly #running = new Map<string, Attempt>();
  /** Sources that are to be asked whatever the time. */
  readonly #wanted = new Set<string>();
  /** Stamp of each file when it was last read. */
  readonly #stamps = new Map<string, string>();
  readonly #ending = new AbortController();
  #looking: Promise<void> | undefined;
  /** Whether some were due at the last look and had no room. */
  #waiting = false;

  constructor(options: SourcesOptions) {
    this.#options = options;
    this.#book = openSourceBook(options.store, options.log);
  }

  views(): readonly SourceView[] {
    const now = this.#options.clock.now();
    return this.#options.sources().map((spec) => viewOf(this.#book.get(spec), spec.max_age, now));
  }

  reconfigure(): void {
    this.#book.keepOnly(this.#options.sources());
    this.#stamps.clear();
  }

  async look(): Promise<void> {
    // A look that waits for a file system that does not answer is not joined by ever more of them.
    await (this.#looking ??= this.#begin().finally(() => (this.#looking = undefined)));
    await this.#settled();
  }

  async refresh(): Promise<void> {
    for (const spec of this.#options.sources()) this.#wanted.add(sourceKey(spec));
    const waiting = (): boolean => this.#options.sources().some((spec) => this.#wanted.has(sourceKey(spec)));
    while (!this.#ending.signal.aborted && waiting()) await this.look();
    await this.#settled();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#settled();
  }

  /** Resolves once all that is under way now is done. */
  async #settled(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** Begins as many attempts as there is room for, whoever waits longest first. */
  async #begin(): Promise<void> {
    const now = this.#options.clock.now();
    const due: { readonly spec: SourceSpec; readonly stamp: string | undefined; readonly at: EpochMs }[] = [];
    for (const spec of this.#options.sources()) {
      const stamp = await fileStamp(spec);
      const at = this.#wanted.has(sourceKey(spec)) ? 0 : this.#dueAt(spec, stamp, now);
      if (at <= now) due.push({ spec, stamp, at });
    }
    this.#waiting = false;
    for (const { spec, stamp } of due.sort((a, b) => a.at - b.at)) {
      const key = sourceKey(spec);
      const origin = originOf(spec);
      if (this.#running.has(key) || this.#ending.signal.aborted) continue;
      if (!this.#hasRoom(origin)) {
        this.#waiting = true;
        continue;
      }
      this.#wanted.delete(key);
      if (stamp !== undefined) this.#stamps.set(key, stamp);
      const done = this.#attempt(spec).finally(() => {
        this.#running.delete(key);
        // Whoever waits for room gets it at once.
        if (this.#waiting) void this.look();
      });
      this.#running.set(key, { origin, done });
    }
  }

  #hasRoom(origin: string | undefined): boolean {
    if (this.#running.size >= atOnce) return false;
    if (origin === undefined) return true;
    const there = [...this.#running.values()].filter((one) => one.origin === origin);
    return there.length < atOneOrigin;
  }

  #dueAt(spec: SourceSpec, stamp: string | undefined, now: EpochMs): EpochMs {
    if (stamp !== undefined && this.#stamps.get(sourceKey(spec)) !== stamp) return 0;
    const { nextFetch } = this.#book.get(spec);
    return nextFetch === null || nextFetch > furthestNext(spec, now) ? 0 : nextFetch;
  }

  /** Never rejects: what an attempt comes to is noted. */
  async #attempt(spec: SourceSpec): Promise<void> {
    const { clock, folder } = this.#options;
    const before = this.#book.get(spec);
    const now = clock.now();
    let state: SourceState = { ...before, lastAttempt: now };
    try {
      const outcome = await runSource({
        spec,
        state,
        folder,
        signal: this.#ending.signal,
        now,
        raise: ({ sequence, sha256 }) => {
          if (state.sequence === sequence) return;
          state = { ...state, sequence, sequenceDigest: sha256 };
          this.#book.noteForGood(state);
        },
      });
      this.#succeed(spec, state, outcome);
    } catch (thrown) {
      if (!this.#ending.signal.aborted) this.#fail(spec, state, thrown);
    }
  }

  #succeed(
    spec: SourceSpec,
    state: SourceState,
    { changed, applied, digest, etag, lastModified }: Outcome,
  ): void {
    const { clock, log, random = Math.random } = this.#options;
    const now = clock.now();
    if (state.error) log(`${spec.kind} source ${spec.name} is read again`);
    if (changed && applied?.what !== undefined) log(`${spec.kind} source ${spec.name}: ${applied.what}`);
    const renewBy = applied ? (applied.renewBy ?? null) : state.renewBy;
    this.#book.note({
      ...state,
      digest,
      etag,
      lastModified,
      lastSuccess: now,
      ...(changed && { lastChange: now }),
      nextFetch: afterSuccess(spec, now, renewBy ?? undefined, random()),
      renewBy,
      failures: 0,
      error: null,
    });
  }

  #fail(spec: SourceSpec, state: SourceState, thrown: unknown): void {
    const { clock, log, random = Math.random } = this.#options;
    const { code, message } = asPortreeveError(thrown, 'PDP_SOURCE_UNAVAILABLE');
    const now = clock.now();
    const failures = state.failures + 1;
    if (state.error?.message !== message)
      log(`${spec.kind} source ${spec.name} (${locationText(spec)}) is not used: ${message}`);
    this.#book.note({
      ...state,
      failures,
      error: { code, message },
      nextFetch: afterFailure(spec, now, failures, retryAfterOf(thrown), random()),
    });
  }
}
