import { PortreeveError, describeThrown } from '../../lib/errors.ts';
import type { BoundAddress, ToParent, ToWorker, WorkerStats } from './channel.ts';
import type { InUse } from '../compose.ts';
import { changeMessage } from './change-message.ts';
import type { InForcePart, PoolOptions } from './pool-options.ts';
import type { ShadowBatch } from '../shadow/types.ts';
import { describeEnd, endedHow, restartPause, startFailure } from './worker-end.ts';
import type { EndCause, LastWords } from './worker-end.ts';
import { forkWorker } from './worker-process.ts';
import type { Ending, WorkerProcess } from './worker-process.ts';
import { WorkerSilence } from './worker-silence.ts';

export interface WorkerView {
  readonly index: number;
  readonly pid: number | null;
  readonly ready: boolean;
  readonly restarts: number;
  /** Where it listens, also while it is started again; none before it was first ready. */
  readonly addresses: readonly BoundAddress[];
  readonly stats: WorkerStats | null;
  /** What it decides by, as it said itself; null before it is ready. */
  readonly inUse: InUse | null;
  /** It has been told of something else, and has not said yet that it decides by that. */
  readonly changing: boolean;
}

/** What a slot asks of the pool that it stands in. */
export interface SlotPool {
  /** All workers have decided once. */
  readonly started: boolean;
  /** The pool drains; a worker that ends stays away. */
  readonly ending: boolean;
  /** Where workers really listen, the first one before all; none before that is known. */
  addresses(): readonly BoundAddress[];
}

/** A worker that gives signs of life may take so long until it decides (ms). */
const startWithinMs = 600_000;
/** A worker that decides and has lived so long has not failed at its start (ms). */
const settledAfterMs = 10_000;
/** How long a worker may take to end once it has nothing left to do (ms): a look-up of a name that hangs keeps it. */
const leavesWithinMs = 1000;
/** Besides the calls, a worker that drains sends its last records and spans (ms). */
const lastSendsMs = 3000;

/** The place of one worker: its process, what is known of it, and another process whenever it ends. */
export class WorkerSlot {
  readonly #index: number;
  readonly #pool: SlotPool;
  readonly #options: PoolOptions;
  readonly #onReady = Promise.withResolvers<void>();
  readonly #onReloaded = new Map<number, PromiseWithResolvers<void>>();
  #reloads = 0;
  #process: WorkerProcess | undefined;
  #ready = false;
  /** One of its processes was ready once. */
  #decided = false;
  #addresses: readonly BoundAddress[] = [];
  #stats: WorkerStats | undefined;
  #inUse: InUse | undefined;
  /** What it was last told to decide by. */
  #given: InForcePart | undefined;
  #startedAt = 0;
  readonly #silence = new WorkerSilence();
  #restarts = 0;
  #failures = 0;
  #why: EndCause = 'exit';
  /** It has said that it drained, and that each of its records stands in the log. */
  #drained = false;
  #lastWords: LastWords | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(index: number, pool: SlotPool, options: PoolOptions) {
    this.#index = index;
    this.#pool = pool;
    this.#options = options;
  }

  /** Where this worker really listens; none before it was first ready. */
  get addresses(): readonly BoundAddress[] {
    return this.#addresses;
  }

  view(): WorkerView {
    return {
      index: this.#index,
      pid: this.#process?.pid ?? null,
      ready: this.#ready,
      restarts: this.#restarts,
      addresses: this.#addresses,
      stats: this.#ready ? (this.#stats ?? null) : null,
      inUse: this.#ready ? (this.#inUse ?? null) : null,
      changing: this.#onReloaded.size > 0,
    };
  }

  /** Resolves once the worker decides; rejects with its own error where its first process ends before that. */
  async start(): Promise<void> {
    this.#fork();
    await this.#onReady.promise;
  }

  #fork(): void {
    const { clock, inForce, onRecords, log } = this.#options;
    this.#ready = false;
    this.#stats = undefined;
    this.#inUse = undefined;
    this.#given = inForce();
    this.#why = 'exit';
    this.#drained = false;
    this.#lastWords = undefined;
    this.#startedAt = clock.monotonic();
    this.#silence.heard(this.#startedAt);
    this.#process = forkWorker(this.#given.config.server.workers, {
      message: (message) => this.#hear(message),
      records: (block, written) => {
        this.#silence.heard(clock.monotonic());
        onRecords(block, written);
      },
      ended: (ending) => this.#ended(ending),
      printed: (line) => log(`worker ${this.#index}: ${line}`),
    });
    this.#sendStart(this.#process, this.#given);
  }

  #sendStart(process: WorkerProcess, { config, material }: InForcePart): void {
    process.channel
      .send({
        kind: 'start',
        config,
        material,
        index: this.#index,
        bound: this.#addresses.length > 0 ? this.#addresses : this.#pool.addresses(),
        auditWritable: this.#options.auditWritable(),
        tellEach: this.#options.onDecision !== undefined,
        otel: this.#options.otel,
        time: this.#options.time(),
        shared: this.#options.shared(),
        shadow: this.#options.shadow(),
      })
      .catch(() => process.kill());
  }

  #hear(message: ToParent): void {
    this.#silence.heard(this.#options.clock.monotonic());
    switch (message.kind) {
      case 'ready':
        this.#ready = true;
        this.#decided = true;
        this.#addresses = message.addresses;
        this.#inUse = message.inUse;
        // The log may have failed since it was told to start, when there was no pool yet to tell it.
        this.audit(this.#options.auditWritable());
        this.#onReady.resolve();
        if (this.#pool.started) this.tellStarted();
        this.#catchUp();
        break;
      case 'decided':
        this.#options.onDecided(message.tallies, message.unrecorded);
        if (this.#options.onDecision) message.summaries.forEach(this.#options.onDecision);
        break;
      case 'merged':
        this.#options.onMerged(message.groups);
        break;
      case 'observed':
        this.#options.onObserved(message.observations, message.dropped);
        break;
      case 'ocsp_wanted':
        this.#options.onOcspWanted(message.certificates);
        break;
      case 'shadow':
        this.#takeShadow(message.batch);
        break;
      case 'heartbeat':
        this.#stats = message.stats;
        this.#inUse = message.stats.inUse;
        break;
      case 'reloaded':
        this.#inUse = message.inUse;
        this.#reloaded(message.reload, message.error);
        break;
      case 'fault':
        if (message.fatal) {
          this.#lastWords = message;
          this.#endSoon();
        }
        this.#options.log(`worker ${this.#index}: ${message.message}`);
        break;
      case 'drained':
        this.#drained = message.kept;
        this.#endSoon();
        break;
      case 'starting':
        break;
    }
  }

  /** Kills a worker that has nothing left to do, where it does not end by itself. */
  #endSoon(): void {
    const process = this.#process;
    setTimeout(() => this.#process === process && process?.kill(), leavesWithinMs).unref();
  }

  #takeShadow(batch: ShadowBatch): void {
    const from = this.#process;
    this.#options.onShadow(
      batch,
      () => void from?.channel.send({ kind: 'shadow_taken' }).catch(() => undefined),
    );
  }

  /** Tells the parent that this worker decides. */
  tellStarted(): void {
    if (!this.#process || !this.#ready) return;
    const { pid } = this.#process;
    this.#options.onStarted({ worker: this.#index, pid, restarts: this.#restarts });
  }

  /** Tells the worker whether records can be written. */
  audit(writable: boolean): void {
    this.#process?.channel.send({ kind: 'audit', writable }).catch(() => undefined);
  }

  /** Tells the worker what counts at once, whatever else it is doing. */
  tell(message: Extract<ToWorker, { kind: 'time' | 'learnt' | 'shadow' }>): void {
    this.#process?.channel.send(message).catch(() => undefined);
  }

  /** Puts what is in force in force in the worker; rejects with its problem, PDP_CONFIG_INVALID. */
  async reload(): Promise<void> {
    // One that is just starting is told once it is ready, should it have been given something else.
    if (!this.#ready || !this.#process) return;
    const reload = ++this.#reloads;
    const before = this.#given;
    this.#given = this.#options.inForce();
    const done = Promise.withResolvers<void>();
    this.#onReloaded.set(reload, done);
    await this.#process.channel.send(changeMessage(before, this.#given, reload)).catch(() => done.resolve());
    await done.promise;
  }

  #reloaded(reload: number, error: string | null): void {
    const done = this.#onReloaded.get(reload);
    this.#onReloaded.delete(reload);
    if (error === null) done?.resolve();
    else done?.reject(new PortreeveError('PDP_CONFIG_INVALID', error));
  }

  /** What came into force, or was taken back, while it was starting. */
  #catchUp(): void {
    if (this.#given === this.#options.inForce()) return;
    this.reload().catch((thrown: unknown) =>
      this.#options.log(`worker ${this.#index}: ${describeThrown(thrown)}`),
    );
  }

  /** Kills the worker if it has given no sign of life for too long at the monotonic time `now` (ms). */
  killIfHung(now: number): void {
    if (!this.#process || this.#why === 'hung') return;
    const { pid } = this.#process;
    if (!(this.#ready ? this.#silence.hangs(now, pid) : this.#hangsAtStart(now, pid))) return;
    this.#why = 'hung';
    this.#process.kill();
  }

  #hangsAtStart(now: number, pid: number): boolean {
    if (now - this.#startedAt > startWithinMs) return true;
    return this.#silence.hangsAtStart(now, pid, this.#decided);
  }

  /** Lets the worker end, or kills it where that takes too long; resolves once its process is gone. */
  async drain(graceMs: number, noticeMs = 0): Promise<void> {
    clearTimeout(this.#timer);
    const process = this.#process;
    if (!process) return;
    const kill = setTimeout(() => process.kill(), this.#ready ? noticeMs + graceMs + lastSendsMs : 0);
    process.channel.send({ kind: 'drain', noticeMs, graceMs }).catch(() => process.kill());
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (this.#process) return;
        clearInterval(look);
        resolve();
      }, 10);
    });
    clearTimeout(kill);
  }

  #ended(ending: Ending): void {
    this.#tellEnded(ending);
    const settled = this.#ready && this.#options.clock.monotonic() - this.#startedAt > settledAfterMs;
    this.#process = undefined;
    this.#ready = false;
    for (const waiting of this.#onReloaded.values()) waiting.resolve();
    this.#onReloaded.clear();
    if (this.#pool.ending) return;
    const seen = `worker ${this.#index} ${describeEnd(this.#why, ending)}`;
    // One that has decided is not what keeps the pool from starting, though others may still be at it.
    if (this.#decided) this.#startAgain(seen, settled);
    else this.#onReady.reject(startFailure(this.#lastWords, seen));
  }

  #tellEnded(ending: Ending): void {
    if (!this.#process || !this.#decided) return;
    const drained = this.#pool.ending && (ending.code === 0 || this.#drained);
    this.#options.onEnded({
      ...{ worker: this.#index, pid: this.#process.pid, code: ending.code, signal: ending.signal },
      how: endedHow(drained, this.#why, ending),
      may_have_been_deciding: this.#ready && !drained,
    });
  }

  #startAgain(seen: string, settled: boolean): void {
    this.#failures = settled ? 0 : this.#failures + 1;
    this.#restarts += 1;
    this.#options.onRestart(this.#why);
    const pause = restartPause(this.#failures);
    this.#options.log(`${seen}; starting it again${pause > 0 ? ` in ${pause} ms` : ''}`);
    this.#timer = setTimeout(() => this.#fork(), pause);
  }
}
