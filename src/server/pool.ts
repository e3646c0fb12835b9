import type { Config } from '../config/types.ts';
import type { WorkerEnd, WorkerStart } from '../audit/acts.ts';
import type { LineBlock } from '../audit/line-block.ts';
import type { Clock } from '../lib/clock.ts';
import { PortreeveError, describeThrown } from '../lib/errors.ts';
import type { BoundAddress, ToParent, WorkerStats } from './channel.ts';
import type { InUse } from './compose.ts';
import type { Material } from './material.ts';
import type { OtelEnv } from './otel.ts';
import type { DecisionSummary } from './summary.ts';
import type { DecisionTally } from './tally.ts';
import { forkWorker } from './worker-process.ts';
import type { Ending, WorkerProcess } from './worker-process.ts';

export interface PoolOptions {
  /** What is in force; another object for every other thing. */
  readonly inForce: () => InForcePart;
  readonly clock: Clock;
  readonly otel: OtelEnv;
  readonly auditWritable: () => boolean;
  readonly onRecords: (records: LineBlock, written: () => void) => void;
  /** `unrecorded`: how many of the decisions were answered without a record. */
  readonly onDecided: (tallies: readonly DecisionTally[], unrecorded: number) => void;
  /** Told of each decision, if anybody wants to know. */
  readonly onDecision?: (summary: DecisionSummary) => void;
  readonly onRestart: (why: 'exit' | 'hung') => void;
  /** Told of each worker that decides, once all did so at first, and of each that ends. */
  readonly onStarted: (started: WorkerStart) => void;
  readonly onEnded: (ended: WorkerEnd) => void;
  readonly log: (line: string) => void;
}

/** What workers are made from. */
export interface InForcePart {
  readonly config: Config;
  readonly material: Material;
}

export interface WorkerView {
  readonly index: number;
  readonly pid: number | null;
  readonly ready: boolean;
  readonly restarts: number;
  readonly stats: WorkerStats | null;
  /** What it decides by, as it said itself; null before it is ready. */
  readonly inUse: InUse | null;
  /** It has been told of something else, and has not said yet that it decides by that. */
  readonly changing: boolean;
}

export interface Pool {
  /** Where the first worker really listens; further workers share TCP ports and suffix Unix sockets. */
  addresses(): readonly BoundAddress[];
  workers(): readonly WorkerView[];
  /** Puts the configuration in force in every worker; rejects with the first worker's problem. */
  reload(): Promise<void>;
  audit(writable: boolean): void;
  /** Ends all workers, killing those that are not done in time. */
  drain(graceMs: number): Promise<void>;
}

interface Slot {
  readonly index: number;
  process: WorkerProcess | undefined;
  ready: boolean;
  addresses: readonly BoundAddress[];
  stats: WorkerStats | undefined;
  inUse: InUse | undefined;
  /** What it was last told to decide by. */
  given: InForcePart | undefined;
  /** Monotonic time of the last sign of life. */
  heardAt: number;
  restarts: number;
  failures: number;
  why: 'exit' | 'hung';
  /** What it said of itself before it ended. */
  lastWords: { readonly code: string; readonly message: string } | undefined;
  timer: NodeJS.Timeout | undefined;
  onReady: PromiseWithResolvers<void>;
  onReloaded: Map<number, PromiseWithResolvers<void>>;
}

/** A worker that has given no sign of life for so long hangs, and is killed (ms). */
const hungAfterMs = 1000;
/** A worker may take so long until it decides (ms). */
const startWithinMs = 60_000;
const watchEveryMs = 100;
/** Pauses before a worker that keeps ending is started again: none, then doubling (ms). */
const backoffMs = { first: 100, most: 5000 };
/** A worker that has lived so long has not failed at its start (ms). */
const settledAfterMs = 10_000;

/**
 * Starts the workers and keeps them running. Resolves once all are ready; rejects, with all of them ended, where one
 * cannot start (its own error). Afterwards a worker that ends is started again, and one that hangs is killed first.
 */
export async function startPool(options: PoolOptions): Promise<Pool> {
  const pool = new WorkerPool(options);
  try {
    await pool.start();
  } catch (thrown) {
    await pool.drain(0);
    throw thrown;
  }
  return pool;
}

class WorkerPool implements Pool {
  readonly #options: PoolOptions;
  readonly #slots: Slot[];
  #ending = false;
  #started = false;
  #reloads = 0;
  #watch: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.inForce().config.server.workers }, (_, index) =>
      newSlot(index),
    );
  }

  async start(): Promise<void> {
    this.#watchOver();
    const [first, ...others] = this.#slots as [Slot, ...Slot[]];
    // The first one settles which port a configured port 0 becomes; the others share it.
    this.#fork(first);
    await first.onReady.promise;
    for (const slot of others) this.#fork(slot);
    await Promise.all(others.map((slot) => slot.onReady.promise));
    this.#started = true;
    for (const slot of this.#slots) this.#tellStarted(slot);
  }

  addresses(): readonly BoundAddress[] {
    return this.#slots[0]?.addresses ?? [];
  }

  workers(): readonly WorkerView[] {
    return this.#slots.map(({ index, process, ready, restarts, stats, inUse, onReloaded }) => ({
      index,
      pid: process?.pid ?? null,
      ready,
      restarts,
      stats: ready ? (stats ?? null) : null,
      inUse: ready ? (inUse ?? null) : null,
      changing: onReloaded.size > 0,
    }));
  }

  async reload(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => this.#reloadOne(slot)));
  }

  async #reloadOne(slot: Slot): Promise<void> {
    // One that is just starting is told once it is ready, should it have been given something else.
    if (!slot.ready || !slot.process) return;
    const reload = ++this.#reloads;
    slot.given = this.#options.inForce();
    const { config, material } = slot.given;
    const done = Promise.withResolvers<void>();
    slot.onReloaded.set(reload, done);
    await slot.process.channel.send({ kind: 'reload', config, material, reload }).catch(() => done.resolve());
    await done.promise;
  }

  audit(writable: boolean): void {
    for (const slot of this.#slots) this.#tellAudit(slot, writable);
  }

  #tellAudit({ process }: Slot, writable: boolean): void {
    process?.channel.send({ kind: 'audit', writable }).catch(() => undefined);
  }

  async drain(graceMs: number): Promise<void> {
    this.#ending = true;
    clearInterval(this.#watch);
    await Promise.all(this.#slots.map((slot) => this.#drainOne(slot, graceMs)));
  }

  async #drainOne(slot: Slot, graceMs: number): Promise<void> {
    clearTimeout(slot.timer);
    const { process } = slot;
    if (!process) return;
    // Besides the calls, the worker sends its last records and spans.
    const kill = setTimeout(() => process.kill(), slot.ready ? graceMs + 3000 : 0);
    process.channel.send({ kind: 'drain', graceMs }).catch(() => process.kill());
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (slot.process) return;
        clearInterval(look);
        resolve();
      }, 10);
    });
    clearTimeout(kill);
  }

  #fork(slot: Slot): void {
    const startedAt = this.#options.clock.monotonic();
    slot.ready = false;
    slot.stats = undefined;
    slot.inUse = undefined;
    slot.given = this.#options.inForce();
    const { config, material } = slot.given;
    slot.why = 'exit';
    slot.lastWords = undefined;
    slot.heardAt = startedAt;
    slot.process = forkWorker({
      message: (message) => this.#hear(slot, message),
      records: (block, written) => {
        slot.heardAt = this.#options.clock.monotonic();
        this.#options.onRecords(block, written);
      },
      ended: (ending) => this.#ended(slot, ending, startedAt),
      printed: (line) => this.#options.log(`worker ${slot.index}: ${line}`),
    });
    slot.process.channel
      .send({
        kind: 'start',
        config,
        material,
        index: slot.index,
        bound: slot.addresses.length > 0 ? slot.addresses : this.addresses(),
        auditWritable: this.#options.auditWritable(),
        tellEach: this.#options.onDecision !== undefined,
        otel: this.#options.otel,
      })
      .catch(() => slot.process?.kill());
  }

  #hear(slot: Slot, message: ToParent): void {
    slot.heardAt = this.#options.clock.monotonic();
    switch (message.kind) {
      case 'ready':
        slot.ready = true;
        slot.addresses = message.addresses;
        slot.inUse = message.inUse;
        // The log may have failed since it was told to start, when there was no pool yet to tell it.
        this.#tellAudit(slot, this.#options.auditWritable());
        slot.onReady.resolve();
        if (this.#started) this.#tellStarted(slot);
        this.#catchUp(slot);
        break;
      case 'decided':
        this.#options.onDecided(message.tallies, message.unrecorded);
        if (this.#options.onDecision) message.summaries.forEach(this.#options.onDecision);
        break;
      case 'heartbeat':
        slot.stats = message.stats;
        slot.inUse = message.stats.inUse;
        break;
      case 'reloaded':
        slot.inUse = message.inUse;
        this.#reloaded(slot, message.reload, message.error);
        break;
      case 'fault':
        if (message.fatal) slot.lastWords = message;
        this.#options.log(`worker ${slot.index}: ${message.message}`);
        break;
      case 'drained':
        break;
    }
  }

  /** What came into force, or was taken back, while it was starting. */
  #catchUp(slot: Slot): void {
    if (slot.given === this.#options.inForce()) return;
    this.#reloadOne(slot).catch((thrown: unknown) =>
      this.#options.log(`worker ${slot.index}: ${describeThrown(thrown)}`),
    );
  }

  #reloaded(slot: Slot, reload: number, error: string | null): void {
    const done = slot.onReloaded.get(reload);
    slot.onReloaded.delete(reload);
    if (error === null) done?.resolve();
    else done?.reject(new PortreeveError('PDP_CONFIG_INVALID', error));
  }

  #tellStarted({ index, process, ready, restarts }: Slot): void {
    if (process && ready) this.#options.onStarted({ worker: index, pid: process.pid, restarts });
  }

  #tellEnded({ index, process, ready, why }: Slot, { code, signal }: Ending): void {
    if (!process || !this.#started) return;
    const drained = this.#ending && code === 0;
    this.#options.onEnded({
      ...{ worker: index, pid: process.pid, code, signal },
      how: drained ? 'drained' : why === 'hung' ? 'hung' : signal === null ? 'exit' : 'signal',
      may_have_been_deciding: ready && !drained,
    });
  }

  #ended(slot: Slot, ending: Ending, startedAt: number): void {
    this.#tellEnded(slot, ending);
    slot.process = undefined;
    slot.ready = false;
    for (const waiting of slot.onReloaded.values()) waiting.resolve();
    slot.onReloaded.clear();
    if (this.#ending) return;
    const how =
      slot.why === 'hung' ? 'hung and was killed' : `ended (${ending.signal ?? ending.code ?? '?'})`;
    if (!this.#started) {
      const { code, message } = slot.lastWords ?? { code: '', message: `worker ${slot.index} ${how}` };
      slot.onReady.reject(new PortreeveError(startError(code), message));
      return;
    }
    const lived = this.#options.clock.monotonic() - startedAt;
    slot.failures = lived > settledAfterMs ? 0 : slot.failures + 1;
    slot.restarts += 1;
    this.#options.onRestart(slot.why);
    const pause =
      slot.failures <= 1 ? 0 : Math.min(backoffMs.most, backoffMs.first * 2 ** (slot.failures - 2));
    this.#options.log(`worker ${slot.index} ${how}; starting it again${pause > 0 ? ` in ${pause} ms` : ''}`);
    slot.timer = setTimeout(() => this.#fork(slot), pause);
  }

  /** Kills workers that give no sign of life. A tick that came late itself judges nobody: their signs wait unread. */
  #watchOver(): void {
    const { clock } = this.#options;
    let tick = clock.monotonic();
    this.#watch = setInterval(() => {
      const now = clock.monotonic();
      const late = now - tick > watchEveryMs * 3;
      tick = now;
      if (late) return;
      for (const slot of this.#slots) {
        if (!slot.process || slot.why === 'hung') continue;
        if (now - slot.heardAt <= (slot.ready ? hungAfterMs : startWithinMs)) continue;
        slot.why = 'hung';
        slot.process.kill();
      }
    }, watchEveryMs);
  }
}

function newSlot(index: number): Slot {
  return {
    index,
    process: undefined,
    ready: false,
    addresses: [],
    stats: undefined,
    inUse: undefined,
    given: undefined,
    heardAt: 0,
    restarts: 0,
    failures: 0,
    why: 'exit',
    lastWords: undefined,
    timer: undefined,
    onReady: Promise.withResolvers(),
    onReloaded: new Map(),
  };
}

/** The codes that a start may end with; all else is internal. */
function startError(code: string): PortreeveError['code'] {
  const known = [
    'PDP_LISTEN_FAILED',
    'PDP_CONFIG_INVALID',
    'PDP_STORE_UNAVAILABLE',
    'PDP_STORE_NEWER',
  ] as const;
  return known.find((one) => one === code) ?? 'PDP_INTERNAL';
}
