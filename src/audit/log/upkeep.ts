import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { PortreeveError } from '../../lib/errors.ts';
import { folderFiles } from './folder-files.ts';
import type { Snapshot } from './integrate.ts';
import { KeptCheckpoints } from './kept-checkpoints.ts';
import { readSigner } from './keys.ts';
import { usualOverlapMs } from './open-state.ts';
import type { OpenState } from './open-state.ts';
import { prunableUpTo, pruneBelow, readMinimumIndex } from './prune.ts';
import { Room } from './room.ts';
import { formerSigner, nextKeyFile } from './rotate-key.ts';
import type { NoteSigner } from '../tlog/note.ts';
import type { LogOptions, Pruned } from './types.ts';

/** What a log that is open needs beside its records: kept checkpoints, retention, room, keys that come and go. */
export class Upkeep {
  readonly room: Room;
  minimumIndex = 0;
  readonly #folder: string;
  readonly #options: LogOptions;
  readonly #state: OpenState;
  readonly #kept: KeptCheckpoints;

  constructor(folder: string, options: LogOptions, state: OpenState) {
    this.#folder = folder;
    this.#options = options;
    this.#state = state;
    this.#kept = new KeptCheckpoints(state.durable);
    this.room = new Room(folder);
  }

  /** Reads what is there. Throws what the file system says. */
  async begin(): Promise<void> {
    this.minimumIndex = await readMinimumIndex(folderFiles(this.#folder));
    // Nobody waits for it: a long log takes seconds.
    void this.room.count();
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
    const { keyFile, overlapMs = usualOverlapMs, now, retention } = this.#options;
    const { keys, origin: name, checkpoint } = this.#state;
    const former = await formerSigner(keys, { keyFile, name, overlapMs, now: now() });
    if (former === undefined) this.#state.signers = this.#state.signers.slice(0, 1);
    if (!retention || (retention.maxAgeMs === null && retention.maxBytes === null)) return null;
    const minimumIndex = await prunableUpTo(folderFiles(this.#folder), retention, {
      minimum: this.minimumIndex,
      size: checkpoint.size,
      bytes: this.room.bytes,
      now: now(),
    });
    return minimumIndex > this.minimumIndex ? { before: this.minimumIndex, minimumIndex } : null;
  }

  /** Removes what retention lets go. Throws what the file system says; what is left then goes the next time. */
  async prune({ before, minimumIndex }: Pruned): Promise<void> {
    const bytes = await pruneBelow(this.#state.durable, before, minimumIndex);
    this.minimumIndex = minimumIndex;
    this.room.shrank(bytes);
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
