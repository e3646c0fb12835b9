import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { PortreeveError } from '../../lib/errors.ts';
import { parseCheckpoint } from '../tlog/checkpoint.ts';
import { checkpointPath } from '../tlog/log-files.ts';
import { folderFiles } from './folder-files.ts';
import type { Snapshot } from './integrate.ts';
import { KeptCheckpoints } from './kept-checkpoints.ts';
import { readSigner } from './keys.ts';
import { usualOverlapMs } from './open-state.ts';
import type { OpenState } from './open-state.ts';
import { leftBelow, prunableUpTo, pruneBelow, readMinimumIndex } from './prune.ts';
import { lacksRoom, Reserve } from './reserve.ts';
import { Room } from './room.ts';
import { formerSigner, nextKeyFile } from './rotate-key.ts';
import type { NoteSigner } from '../tlog/note.ts';
import type { LogOptions, Pruned, Retention } from './types.ts';

/** What a log that is open needs beside its records: kept checkpoints, retention, room, keys that come and go. */
export class Upkeep {
  readonly room: Room;
  minimumIndex = 0;
  readonly #folder: string;
  readonly #options: LogOptions;
  readonly #state: OpenState;
  readonly #kept: KeptCheckpoints;
  readonly #reserve: Reserve;
  /** What the log says is gone, and what could not be removed so far. */
  #owed: Pruned | null;

  /** `former` is that of the same log when it was open before. */
  constructor(folder: string, options: LogOptions, state: OpenState, former?: Upkeep) {
    this.#folder = folder;
    this.#options = options;
    this.#state = state;
    this.#kept = new KeptCheckpoints(state.durable);
    this.room = former?.room ?? new Room(folder);
    this.#reserve = new Reserve(folder);
    this.#owed = former === undefined ? null : former.#owed;
  }

  /** Entries that the log says are gone, and that could not be removed so far. */
  get overdue(): number {
    return this.#owed === null ? 0 : this.#owed.minimumIndex - this.#owed.before;
  }

  /** Reads what is there. Throws what the file system says. */
  async begin(): Promise<void> {
    this.minimumIndex = await readMinimumIndex(folderFiles(this.#folder));
    this.#owed ??= leftBelow(this.#folder, this.minimumIndex);
    // Nobody waits for it: a long log takes seconds.
    if (this.room.bytes === null) void this.room.count();
    if (this.#limits) await this.#reserve.keep();
  }

  get #limits(): Retention | null {
    const { retention } = this.#options;
    return retention && (retention.maxAgeMs !== null || retention.maxBytes !== null) ? retention : null;
  }

  /** After a checkpoint is in place. Throws what the file system says. */
  async placed({ tiles }: Snapshot, entryBytes: number): Promise<void> {
    const { now } = this.#options;
    const full = tiles.filter(({ name }) => name.width === 256);
    this.room.grew(
      full.reduce((sum, { bytes }) => sum + bytes.byteLength, entryBytes),
      now(),
    );
    await this.#kept.keep(this.#state.checkpoint, now());
  }

  /** Now and then: ends the overlap of keys, and says what retention lets go; null where nothing. */
  async look(): Promise<Pruned | null> {
    const { keyFile, overlapMs = usualOverlapMs, now } = this.#options;
    const { keys, origin: name, checkpoint } = this.#state;
    const former = await formerSigner(keys, { keyFile, name, overlapMs, now: now() });
    if (former === undefined) this.#state.signers = this.#state.signers.slice(0, 1);
    const limits = this.#limits;
    if (limits === null) return this.#owed;
    await this.#reserve.keep();
    const { minimumIndex: minimum } = this;
    return (
      this.#owed ??
      prunable(this.#folder, limits, { minimum, size: checkpoint.size, bytes: this.room.bytes, now: now() })
    );
  }

  /**
   * Removes what retention lets go, after `tell` has put into the log that it goes; on a full volume in the room that was
   * kept back. Throws what the file system says; what is left then goes the next time, and is not told again.
   */
  async prune(pruned: Pruned, tell: () => Promise<void>): Promise<void> {
    try {
      await this.#prune(pruned, tell);
    } catch (thrown) {
      if (!lacksRoom(thrown) || !(await this.#reserve.release())) throw thrown;
      await this.#prune(pruned, tell);
    } finally {
      await this.#reserve.keep(false);
    }
  }

  async #prune(pruned: Pruned, tell: () => Promise<void>): Promise<void> {
    if (this.#owed === null) await tell();
    this.#owed = pruned;
    const { before, minimumIndex } = pruned;
    const bytes = await pruneBelow(this.#state.durable, before, minimumIndex, await this.#kept.sizes());
    this.minimumIndex = minimumIndex;
    this.room.shrank(bytes);
    this.#owed = null;
  }

  /**
   * The key that waits to take over; undefined where none does. One that cannot be read is put aside, so that it is told
   * once: throws PDP_KEYS_INVALID.
   */
  async nextKey(): Promise<NoteSigner | undefined> {
    const file = nextKeyFile(this.#options.keyFile);
    if (!existsSync(file)) return undefined;
    try {
      const next = await readSigner(file, this.#state.origin);
      if (this.#state.keys.keys.every(({ key }) => key !== next?.verifier.text)) return next;
      throw new PortreeveError('PDP_KEYS_INVALID', `the key in ${file} has signed this log before`);
    } catch (thrown) {
      await rename(file, `${file}.refused`);
      throw thrown;
    }
  }
}

/**
 * Whether a log that could not be opened for want of room may be tried once more: where retention lets something go, and
 * the room that was kept back is there, that is given back to the volume. Throws what the file system says.
 */
export async function freedForOpening(
  folder: string,
  { retention, now }: Pick<LogOptions, 'retention' | 'now'>,
  failure: unknown,
  room: Room | undefined,
): Promise<boolean> {
  if (!lacksRoom(failure) || !retention) return false;
  const files = folderFiles(folder);
  const checkpoint = await files.read(checkpointPath);
  if (checkpoint === undefined) return false;
  const [minimum, { size }] = [await readMinimumIndex(files), parseCheckpoint(checkpoint)];
  const due = await prunable(folder, retention, { minimum, size, bytes: room?.bytes ?? null, now: now() });
  return due !== null && (await new Reserve(folder).release());
}

async function prunable(
  folder: string,
  retention: Retention,
  known: Parameters<typeof prunableUpTo>[2],
): Promise<Pruned | null> {
  const { minimum: before } = known;
  const minimumIndex = await prunableUpTo(folderFiles(folder), retention, known);
  return minimumIndex > before ? { before, minimumIndex } : null;
}
