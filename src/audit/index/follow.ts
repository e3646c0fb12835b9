import { statSync } from 'node:fs';
import { join } from 'node:path';
import { removeSideFile } from '../../store/side-file.ts';
import type { SideFile } from '../../store/side-file.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import type { TreeLog } from '../sources/types.ts';
import { TileWriter } from './add-tile.ts';
import { isDamagedIndex, readingIndex } from './damaged.ts';
import { groupOf, groupTiles } from './groups.ts';
import { coveredBy, isIndexOf, openIndexFile, putCovered, putTree, termKeyOf } from './index-file.ts';
import { indexName } from './schema.ts';
import { TileReader } from './tile-bytes.ts';
import { readRunInto, removeTiles, runsUpTo, writeTiles } from './write-tiles.ts';

export interface FollowOptions {
  /** Bytes of the index above which its oldest tiles go; null = no limit. */
  readonly maxBytes: number | null;
  /** Told of entries as they are indexed. */
  readonly onEntries?: (count: number) => void;
  /** Asked before each change; true ends the work, which can be gone on with. */
  readonly stopped?: () => boolean;
}

/** How far an index is. */
export interface IndexState {
  /** First entry that it has, and the first that it has not yet. */
  readonly first: number;
  readonly next: number;
  readonly size: number;
  readonly bytes: number;
}

/** Tiles that are taken out in one change. */
const removedAtOnce = 8;

/**
 * Brings the index beside a log up to its checkpoint, as far as whole tiles go; several processes may do so at once. An
 * index of another log is made anew, and one that is not there too. Throws PDP_STORE_UNAVAILABLE, and what reading the log
 * throws.
 */
export async function followLog(
  name: string,
  folder: string,
  tree: TreeLog,
  options: FollowOptions,
): Promise<IndexState> {
  const follower = new LogFollower(name, folder);
  try {
    return await follower.follow(tree, options);
  } finally {
    follower.close();
  }
}

/** Makes the index beside a log anew. As `followLog`. */
export function rebuildIndex(
  name: string,
  folder: string,
  tree: TreeLog,
  options: FollowOptions,
): Promise<IndexState> {
  removeSideFile(join(folder, indexName));
  return followLog(name, folder, tree, options);
}

interface Opened {
  readonly index: SideFile;
  readonly file: string | undefined;
  readonly writer: TileWriter;
}

/** Brings the index beside a log up again and again, and leaves it open in between. To be closed. */
export class LogFollower {
  readonly #name: string;
  readonly #path: string;
  readonly #folder: string;
  readonly #reader = new TileReader();
  #opened: Opened | undefined;

  constructor(name: string, folder: string) {
    this.#name = name;
    this.#folder = folder;
    this.#path = join(folder, indexName);
  }

  /** As `followLog`; where it throws, the next time begins with the file as it is then, and without one that is damaged. */
  async follow(tree: TreeLog, options: FollowOptions): Promise<IndexState> {
    try {
      return await this.#follow(await this.#openedFor(tree), tree, options);
    } catch (thrown) {
      this.close();
      if (isDamagedIndex(thrown)) removeSideFile(this.#path);
      throw thrown;
    }
  }

  close(): void {
    this.#opened?.index.close();
    this.#opened = undefined;
  }

  async #openedFor(tree: TreeLog): Promise<Opened> {
    // Another process may have put another file there, or taken this one away.
    if (this.#opened && this.#opened.file !== fileAt(this.#path)) this.close();
    this.#opened ??= this.#openSound();
    if (this.#opened && (await isIndexOf(this.#opened.index, tree))) return this.#opened;
    this.close();
    removeSideFile(this.#path);
    this.#opened = this.#open();
    return this.#opened;
  }

  /** Undefined where it says nothing that can be gone on with, and has to be made anew. */
  #openSound(): Opened | undefined {
    const index = openIndexFile(this.#folder, 'read_write') as SideFile;
    try {
      coveredBy(index);
      return { index, file: fileAt(this.#path), writer: new TileWriter(termKeyOf(index)) };
    } catch (thrown) {
      index.close();
      if (isDamagedIndex(thrown)) return undefined;
      throw thrown;
    }
  }

  #open(): Opened {
    const index = openIndexFile(this.#folder, 'read_write') as SideFile;
    return { index, file: fileAt(this.#path), writer: new TileWriter(termKeyOf(index)) };
  }

  async #follow(opened: Opened, tree: TreeLog, options: FollowOptions): Promise<IndexState> {
    const { index } = opened;
    const whole = Math.floor(tree.checkpoint.size / tileWidth);
    const least = tree.first / tileWidth;
    while (!options.stopped?.()) {
      const first = Math.max(coveredBy(index).next, least);
      if (first >= whole) break;
      const next = Math.min(whole, groupOf(first) + groupTiles);
      if (await this.#add(opened, tree, first, next)) options.onEntries?.((next - first) * tileWidth);
    }
    await prune(index, least, options);
    const { first, next } = coveredBy(index);
    return {
      ...{ first: first * tileWidth, next: next * tileWidth },
      ...{ size: tree.checkpoint.size, bytes: index.usedBytes() },
    };
  }

  /** Adds tiles of one group in one change. Answers whether they were added: another process may have been faster. */
  async #add({ index, writer }: Opened, tree: TreeLog, first: number, next: number): Promise<boolean> {
    // All of a group comes to stand in one run; until then each change has its own.
    const takenIn = next % groupTiles === 0 ? readingIndex(() => runsUpTo(index, first)) : [];
    readingIndex(() => {
      for (const run of takenIn) readRunInto(index, run, writer);
    });
    for (let tile = first; tile < next; tile += 1)
      writer.add(tile, await this.#reader.read(this.#name, tree, tile));
    const built = writer.finish();
    return index.transact(() => {
      const covered = coveredBy(index);
      if (covered.next > first) return false;
      writeTiles(index, built, { first: takenIn[0]?.first ?? first, next }, takenIn);
      // What lies between was taken by retention before it was seen.
      const begin = covered.next < first ? first : covered.first;
      if (covered.first < begin) removeTiles(index, covered.first, Math.min(begin, covered.next));
      putCovered(index, { first: begin, next });
      putTree(index, tree);
      return true;
    });
  }
}

/** Which file there is at a path; undefined where there is none. */
function fileAt(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino}`;
}

/** Takes out what retention has left nothing of, and the oldest where the index is too large; in short changes. */
async function prune(index: SideFile, least: number, { maxBytes, stopped }: FollowOptions): Promise<void> {
  for (;;) {
    const { first, next } = coveredBy(index);
    const tooLarge = maxBytes !== null && index.usedBytes() > maxBytes;
    const upTo = Math.min(
      next,
      first < least ? Math.min(least, first + removedAtOnce) : first + removedAtOnce,
    );
    if (stopped?.() || upTo <= first || !(first < least || tooLarge)) return;
    index.transact(() => {
      if (coveredBy(index).first !== first) return;
      removeTiles(index, first, upTo);
      putCovered(index, { first: upTo, next });
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
}
