import type { Clock, EpochMs } from '../../lib/clock.ts';
import { describeThrown } from '../../lib/errors.ts';
import { retryAfterOf } from '../sources/failures.ts';
import { afterFailure, afterSuccess } from '../sources/schedule.ts';
import { Contradiction } from './contradiction.ts';
import { nothingKnown } from './standing.ts';
import type { Standing } from './standing.ts';

/** One witness or anchor. */
export interface OutsiderSpec {
  readonly kind: 'witness' | 'put' | 'timestamp';
  readonly name: string;
  /** Milliseconds. */
  readonly interval: number;
  /** Size of the latest checkpoint; undefined while there is none. */
  readonly latest: () => number | undefined;
  /** Shows it the latest checkpoint, and keeps what it says; answers the tree that it has now, and its time. */
  readonly show: (
    known: Standing,
    signal: AbortSignal,
  ) => Promise<{ readonly size: number; readonly at: EpochMs }>;
  /** Where it stood when the program last ended. */
  readonly remember: () => Promise<Standing | undefined>;
  /** Keeps where it stands. */
  readonly stand: (standing: Standing) => Promise<void>;
}

export interface OutsiderOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly onFailed: (spec: OutsiderSpec) => void;
  readonly log: (line: string) => void;
}

/** Between two looks at whether there is anything new (ms). */
const lookMs = 1000;
const jitter = 0.1;

/**
 * Shows an outsider the log's checkpoints, off every answer's path: the latest one every interval, where it has more
 * than the outsider has seen; after failures with growing pauses. Nothing that goes wrong leaves it.
 */
export class Outsider {
  readonly spec: OutsiderSpec;
  readonly #o: OutsiderOptions;
  readonly #ending = new AbortController();
  #standing: Standing = nothingKnown;
  /** Monotonic, so that a clock that is put back lengthens no pause. */
  #due = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(spec: OutsiderSpec, o: OutsiderOptions) {
    this.spec = spec;
    this.#o = o;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Begins; the first checkpoint is shown as soon as there is one that is new. */
  start(): void {
    this.#running = this.spec
      .remember()
      .catch(() => undefined)
      .then((known) => {
        this.#standing = known ?? nothingKnown;
        this.#timer = setInterval(() => this.#look(), lookMs);
        this.#timer.unref();
        this.#running = undefined;
        this.#look();
      });
  }

  /** Does not wait for the end of a pause. */
  ask(): void {
    this.#due = -Infinity;
    this.#look();
  }

  /** Ends what is under way. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#running !== undefined || this.#ending.signal.aborted) return;
    const latest = this.spec.latest();
    const isNew = latest !== undefined && latest > 0 && latest !== this.#standing.size;
    if (!isNew || this.#o.clock.monotonic() < this.#due) return;
    this.#running = this.#show().finally(() => {
      this.#running = undefined;
    });
  }

  async #show(): Promise<void> {
    const { clock } = this.#o;
    try {
      const { size, at } = await this.spec.show(this.#standing, this.#ending.signal);
      this.#succeeded({ size, at, failures: 0, error: null });
    } catch (thrown) {
      if (this.#ending.signal.aborted) return;
      this.#failed(thrown);
    }
    await this.spec.stand(this.#standing).catch((thrown: unknown) => this.#tellOnce(describeThrown(thrown)));
    if (clock.monotonic() < this.#due) return;
    // Never twice without a pause, however long keeping took.
    this.#due = clock.monotonic() + lookMs;
  }

  #succeeded(standing: Standing): void {
    const { clock, log, random } = this.#o;
    const { interval, kind, name } = this.spec;
    if (this.#standing.error) log(`${kind} ${name} takes checkpoints again`);
    this.#standing = standing;
    const now = clock.now();
    this.#pause(afterSuccess({ interval, jitter }, now, undefined, random()) - now);
  }

  #failed(thrown: unknown): void {
    const { clock, random, onFailed } = this.#o;
    const { interval } = this.spec;
    const failures = this.#standing.failures + 1;
    const message = describeThrown(thrown);
    this.#tellOnce(message);
    this.#standing = {
      ...this.#standing,
      failures,
      error: { message, contradicts: thrown instanceof Contradiction },
    };
    onFailed(this.spec);
    const now = clock.now();
    this.#pause(afterFailure({ interval, jitter }, now, failures, retryAfterOf(thrown), random()) - now);
  }

  #tellOnce(message: string): void {
    const { kind, name } = this.spec;
    if (this.#standing.error?.message !== message)
      this.#o.log(`${kind} ${name} takes no checkpoint: ${message}`);
  }

  #pause(ms: number): void {
    this.#due = this.#o.clock.monotonic() + ms;
  }
}
