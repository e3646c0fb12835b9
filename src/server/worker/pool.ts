import type { BoundAddress, ToWorker } from './channel.ts';
import { startHangWatch } from './hang-watch.ts';
import type { PoolOptions } from './pool-options.ts';
import { WorkerSlot } from './worker-slot.ts';
import type { SlotPool, WorkerView } from './worker-slot.ts';

export interface Pool {
  /** It drains. */
  readonly ending: boolean;
  /** Where workers really listen, each address once: those of the first worker, then what others have of their own. */
  addresses(): readonly BoundAddress[];
  workers(): readonly WorkerView[];
  /** Puts the configuration in force in every worker; rejects with the first worker's problem. */
  reload(): Promise<void>;
  audit(writable: boolean): void;
  /** Tells every worker the time that is kept, what was learnt, or what is on trial. */
  tell(message: Extract<ToWorker, { kind: 'time' | 'learnt' | 'shadow' }>): void;
  /**
   * Ends all workers, killing those that are not done in time: health says NOT_SERVING for `noticeMs`, calls in flight
   * then have `graceMs`.
   */
  drain(graceMs: number, noticeMs?: number): Promise<void>;
}

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

class WorkerPool implements Pool, SlotPool {
  readonly #slots: readonly WorkerSlot[];
  readonly #watch: { stop(): void };
  #ending = false;
  #started = false;

  constructor(options: PoolOptions) {
    this.#slots = Array.from(
      { length: options.inForce().config.server.workers },
      (_, index) => new WorkerSlot(index, this, options),
    );
    this.#watch = startHangWatch(options.clock, (now) => {
      for (const slot of this.#slots) slot.killIfHung(now);
    });
  }

  get started(): boolean {
    return this.#started;
  }

  get ending(): boolean {
    return this.#ending;
  }

  async start(): Promise<void> {
    const [first, ...others] = this.#slots;
    // The first one settles which port a configured port 0 becomes; the others share it.
    await first?.start();
    await Promise.all(others.map((slot) => slot.start()));
    this.#started = true;
    for (const slot of this.#slots) slot.tellStarted();
  }

  addresses(): readonly BoundAddress[] {
    const byText = new Map(
      this.#slots.flatMap(({ addresses }) =>
        addresses.map((one): [string, BoundAddress] => [`${one.listener} ${one.address}`, one]),
      ),
    );
    return [...byText.values()];
  }

  workers(): readonly WorkerView[] {
    return this.#slots.map((slot) => slot.view());
  }

  async reload(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.reload()));
  }

  audit(writable: boolean): void {
    for (const slot of this.#slots) slot.audit(writable);
  }

  tell(message: Extract<ToWorker, { kind: 'time' | 'learnt' | 'shadow' }>): void {
    for (const slot of this.#slots) slot.tell(message);
  }

  async drain(graceMs: number, noticeMs = 0): Promise<void> {
    this.#ending = true;
    this.#watch.stop();
    await Promise.all(this.#slots.map((slot) => slot.drain(graceMs, noticeMs)));
  }
}
