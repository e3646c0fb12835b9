import { existsSync } from 'node:fs';
import { asPortreeveError } from '../../lib/errors.ts';
import type { PortreeveError } from '../../lib/errors.ts';
import { describeThrown, PortreeveError as Fault } from '../../lib/errors.ts';
import { BytePool } from '../byte-pool.ts';
import type { Lines } from '../line-block.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { NoteSignature, NoteSigner } from '../tlog/note.ts';
import { folderFiles } from './folder-files.ts';
import { frameLines, prefixedAt } from './frame.ts';
import type { Framed } from './frame.ts';
import { countersign, place, resign, snapshot } from './integrate.ts';
import { keyListBytes } from './keys.ts';
import { openState } from './open-state.ts';
import type { OpenState } from './open-state.ts';
import { Pausing } from './pausing.ts';
import { exchangeFiles, momentOf, nextKeyFile, successionOf, withSuccessor } from './rotate-key.ts';
import { endSession } from './session.ts';
import { keyListPath } from './types.ts';
import type { Log, LogOptions, LogStats, Opened } from './types.ts';
import { freedForOpening, Upkeep } from './upkeep.ts';

/** Between the starts of two fsyncs while many records come (ms): each costs the same for however many there are. */
const groupMs = 4;

/** Fewer records at once than this wait for no company. */
const fewEntries = 4;

/** Between two looks for a key that is to take over (ms). */
const watchMs = 1000;
const ticksAMinute = 60;

/** Entries that are hashed in one go between two answers. */
const sliceEntries = 64;

/**
 * A log in a folder, in tlog-tiles layout. Nothing is opened before the first `append` or `open`, and after a failure
 * the next call opens it anew.
 */
export function openLog(folder: string, options: LogOptions): Log {
  return new FolderLog(folder, options);
}

class FolderLog implements Log {
  readonly files;
  readonly #folder: string;
  readonly #options: LogOptions;
  #state: OpenState | undefined;
  #opening: Promise<OpenState> | undefined;
  #appending: Promise<unknown> = Promise.resolve();
  #integrating: Promise<unknown> = Promise.resolve();
  /** Kept and not hashed yet; `next` is the first entry of the first one that is not. */
  #unhashed: { readonly framed: Framed; next: number }[] = [];
  #size = 0;
  readonly #pool = new BytePool();
  #slice: NodeJS.Immediate | undefined;
  #checkpointDue: NodeJS.Timeout | undefined;
  #flushDue: NodeJS.Timeout | undefined;
  #upkeep: Upkeep | undefined;
  #watch: NodeJS.Timeout | undefined;
  /** Bytes of entries since the last checkpoint. */
  #fresh = 0;
  #flushFailed = false;
  #lastSync = 0;
  #lastBatch = 0;
  #problem: PortreeveError | undefined;
  /** What kept a look from doing what was due. */
  #undone: string | undefined;
  readonly #handOvers = new Pausing();
  #closed = false;

  constructor(folder: string, options: LogOptions) {
    this.#folder = folder;
    this.#options = options;
    this.files = folderFiles(folder);
  }

  get size(): number {
    return this.#size;
  }

  checkpoint(): SignedCheckpoint | undefined {
    return this.#state?.checkpoint;
  }

  open(): Promise<Opened> {
    return this.#inTurn(async () => (await this.#opened()).opened);
  }

  append(lines: readonly Lines[]): Promise<void> {
    if (lines.length === 0) return Promise.resolve();
    return this.#inTurn(async () => {
      const state = await this.#opened();
      await this.#write(state, frameLines(lines, this.#pool));
    });
  }

  integrate(): Promise<SignedCheckpoint> {
    const result = this.#integrating.then(() =>
      this.#guarded(async () => this.#integrateNow(await this.#opened())),
    );
    this.#integrating = result.catch(() => undefined);
    return result;
  }

  countersign(size: number, signatures: readonly NoteSignature[]): Promise<boolean> {
    const result = this.#integrating.then(() =>
      this.#guarded(async () => countersign(await this.#opened(), size, signatures)),
    );
    this.#integrating = result.catch(() => undefined);
    return result;
  }

  stats(): LogStats {
    const integrated = this.#state?.checkpoint.size ?? 0;
    const { room, minimumIndex = 0, overdue = 0 } = this.#upkeep ?? {};
    const { now, retention } = this.#options;
    return {
      ...{ size: this.#size, integrated, minimumIndex, overdue },
      bytes: room?.bytes ?? null,
      roomDays: room?.days(now(), retention?.maxBytes ?? null) ?? null,
    };
  }

  pauseMs(): number {
    if (this.#options.mode === 'relaxed' || this.#lastBatch < fewEntries) return 0;
    return Math.max(0, this.#lastSync + groupMs - (this.#options.monotonic?.() ?? Infinity));
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  async close(complete = true): Promise<void> {
    if (this.#closed) return;
    await this.#appending;
    this.#closed = true;
    clearTimeout(this.#checkpointDue);
    clearTimeout(this.#flushDue);
    clearImmediate(this.#slice);
    const state = this.#state;
    if (state === undefined) return;
    try {
      await this.#integrating;
      if (state.checkpoint.size < this.#size) await this.#integrateNow(state);
      if (complete) await endSession(this.#folder);
    } finally {
      this.#giveBack(state);
    }
  }

  #giveBack(state: OpenState): void {
    clearInterval(this.#watch);
    state.journal.close();
    state.release();
    this.#state = undefined;
    for (const { framed } of this.#unhashed.splice(0)) framed.release();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#appending.then(() => this.#guarded(work));
    this.#appending = result.catch(() => undefined);
    return result;
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      const error = asPortreeveError(thrown, 'PDP_AUDIT_UNAVAILABLE');
      if (error.code === 'PDP_LIMIT_EXCEEDED' || error.code === 'PDP_AUDIT_UNAVAILABLE') throw error;
      throw new Fault('PDP_AUDIT_UNAVAILABLE', `log ${this.#folder}: ${describeThrown(thrown)}`, {
        cause: thrown,
      });
    }
  }

  #opened(): Promise<OpenState> {
    if (this.#state) return Promise.resolve(this.#state);
    return (this.#opening ??= this.#openAnew().finally(() => (this.#opening = undefined)));
  }

  async #openAnew(): Promise<OpenState> {
    if (this.#closed) throw new Fault('PDP_AUDIT_UNAVAILABLE', `the log ${this.#folder} is closed`);
    let state: OpenState;
    try {
      state = await this.#openOnce();
    } catch (thrown) {
      if (!(await freedForOpening(this.#folder, this.#options, thrown, this.#upkeep?.room))) throw thrown;
      state = await this.#openOnce();
      // Before anybody else takes the room.
      await this.#prune(state).catch((failed: unknown) => this.#tellOnce(failed));
    }
    if (state.opened.recovered > 0) this.#dueCheckpoint();
    this.#watch = this.#watching();
    return (this.#state = state);
  }

  async #openOnce(): Promise<OpenState> {
    const state = await openState(this.#folder, this.#options);
    this.#size = state.tree.size;
    const before = state.journal.position();
    try {
      this.#upkeep = new Upkeep(this.#folder, this.#options, state, this.#upkeep);
      await this.#upkeep.begin();
      const first = this.#options.onOpened?.(state.opened) ?? [];
      if (first.length > 0) await this.#write(state, frameLines(first, this.#pool));
      await state.told();
    } catch (thrown) {
      // Who opens the log again tells the same: what was told in vain must not stand there once for each attempt.
      state.journal.takeBack(before);
      this.#giveBack(state);
      throw thrown;
    }
    return state;
  }

  async #write(state: OpenState, framed: Framed): Promise<void> {
    const { journal } = state;
    const before = journal.position();
    try {
      journal.append(framed);
      this.#lastSync = this.#options.monotonic?.() ?? 0;
      this.#lastBatch = framed.ends.length;
      if (this.#options.mode === 'strict' || this.#flushFailed) await journal.sync();
    } catch (thrown) {
      framed.release();
      journal.takeBack(before);
      // One that is being opened is its opener's to give back.
      if (!journal.isSound && this.#state === state) await this.#giveBackUnsound(state);
      throw thrown;
    }
    this.#flushFailed = false;
    journal.keep();
    this.#size += framed.ends.length;
    this.#fresh += framed.bytes.byteLength;
    this.#unhashed.push({ framed, next: 0 });
    this.#slice ??= setImmediate(() => this.#hashSlice(state));
    this.#dueCheckpoint();
    if (this.#options.mode === 'relaxed') this.#dueFlush(state);
  }

  /** Once no checkpoint that is on its way needs its files any more. */
  async #giveBackUnsound(state: OpenState): Promise<void> {
    await this.#integrating;
    this.#giveBack(state);
  }

  #hashSlice(state: OpenState): void {
    this.#slice = undefined;
    this.#hash(state, sliceEntries);
    if (this.#unhashed.length > 0) this.#slice = setImmediate(() => this.#hashSlice(state));
  }

  #hash({ tree }: OpenState, most: number): void {
    let left = most;
    while (left > 0 && this.#unhashed.length > 0) {
      const one = this.#unhashed[0] as { framed: Framed; next: number };
      const { bytes, ends } = one.framed;
      for (; left > 0 && one.next < ends.length; left -= 1, one.next += 1) {
        tree.append(prefixedAt(bytes, ends, one.next));
      }
      if (one.next < ends.length) return;
      this.#unhashed.shift();
      one.framed.release();
    }
  }

  #dueCheckpoint(): void {
    this.#checkpointDue ??= setTimeout(() => {
      this.#checkpointDue = undefined;
      this.integrate().then(
        () => (this.#problem = undefined),
        (thrown: unknown) => this.#failed(asPortreeveError(thrown)),
      );
    }, this.#options.checkpointMs ?? 800).unref();
  }

  #dueFlush({ journal }: OpenState): void {
    this.#flushDue ??= setTimeout(() => {
      this.#flushDue = undefined;
      journal.sync().then(
        () => (this.#flushFailed = false),
        (thrown: unknown) => {
          this.#flushFailed = true;
          this.#failed(asPortreeveError(thrown, 'PDP_AUDIT_UNAVAILABLE'));
        },
      );
    }, this.#options.flushMs).unref();
  }

  /**
   * Told once. The log is opened anew, from what is really there, by whoever needs it next: where that fails too, nothing
   * counts as kept until it succeeds.
   */
  #failed(error: PortreeveError): void {
    void this.#inTurn(async () => {
      await this.#integrating;
      if (this.#state && !this.#closed) this.#giveBack(this.#state);
    });
    if (!this.#closed) this.#dueCheckpoint();
    if (this.#problem?.message !== error.message) this.#options.onProblem?.(error);
    this.#problem = error;
  }

  #integrateNow(state: OpenState): Promise<SignedCheckpoint> {
    return this.#guarded(async () => {
      this.#hash(state, Infinity);
      const from = state.checkpoint.size;
      if (state.tree.size === from) return state.checkpoint;
      const taken = snapshot(state);
      const fresh = this.#fresh;
      const checkpoint = await place(state, taken);
      this.#fresh -= fresh;
      await this.#upkeep?.placed(taken, fresh);
      this.#options.onIntegrated?.({ checkpoint, from, to: checkpoint.size });
      return checkpoint;
    });
  }

  /** Looks every second for a key that is to take over, and every minute for what else is due. */
  #watching(): NodeJS.Timeout {
    let ticks = 0;
    return setInterval(() => {
      ticks += 1;
      const work = ticks % ticksAMinute === 0 ? this.tend() : this.rotate();
      work.catch((thrown: unknown) => this.#tellOnce(thrown));
    }, watchMs).unref();
  }

  /** What fails at each look is told once, until all that is due is done. */
  #tellOnce(thrown: unknown): void {
    const error = asPortreeveError(thrown);
    if (this.#undone !== error.message) this.#options.onProblem?.(error);
    this.#undone = error.message;
  }

  async rotate(): Promise<boolean> {
    if (!existsSync(nextKeyFile(this.#options.keyFile))) return false;
    return this.#inTurn(async () => {
      const state = await this.#opened();
      const next = await this.#upkeep?.nextKey();
      const now = this.#options.now();
      if (next === undefined || !this.#handOvers.isDue(now)) return false;
      await this.#handOvers.attempt(now, () => this.#handOver(state, next));
      return true;
    });
  }

  async #handOver(state: OpenState, next: NoteSigner): Promise<void> {
    const [old] = state.signers as [NoteSigner];
    const at = momentOf(this.#options.now(), this.#size + (this.#options.onRotated ? 1 : 0));
    const succession = successionOf(old, next, at);
    const key = next.verifier.text;
    const act = this.#options.onRotated?.({ before: old.verifier.text, after: key, succession });
    if (act !== undefined) await this.#write(state, frameLines([act], this.#pool));
    await this.integrate();
    const keys = withSuccessor(state.keys, { key, succession }, at);
    await state.durable.write(keyListPath, keyListBytes(keys));
    await state.durable.settle();
    await exchangeFiles(this.#options.keyFile, state.origin);
    Object.assign(state, { keys, signers: [next, old] });
    await this.#integrateAgain(state);
  }

  /** The same tree under the signatures of both keys. */
  #integrateAgain(state: OpenState): Promise<unknown> {
    const result = this.#integrating.then(() => this.#guarded(() => resign(state)));
    this.#integrating = result.catch(() => undefined);
    return result;
  }

  async tend(): Promise<void> {
    await this.#inTurn(async () => this.#prune(await this.#opened()));
    this.#undone = undefined;
  }

  async #prune(state: OpenState): Promise<void> {
    const pruned = await this.#upkeep?.look();
    if (!pruned) return;
    await this.#upkeep?.prune(pruned, async () => {
      const act = this.#options.onPruned?.(pruned);
      if (act === undefined) return;
      await this.#write(state, frameLines([act], this.#pool));
      await state.journal.sync();
    });
  }
}
