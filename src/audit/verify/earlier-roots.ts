import { emptyRoot, hashBytes } from '../tlog/hash.ts';
import type { Hash } from '../tlog/hash.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { hashesAt, tilePath, tileWidth, widthAt } from '../tlog/tile-path.ts';
import type { Findings } from './findings.ts';
import { readTileBytes } from './read-tiles.ts';
import { foldPeaks, peaksOfRow, rootOfWhole } from './rows.ts';
import type { Rows } from './rows.ts';

/** A tree that began before what was read: its root, or the tiles that it takes and that are not there as they were. */
export type EarlierRoot =
  { readonly root: Hash } | { readonly lacking: readonly string[]; readonly why: 'gone' | 'damaged' };

interface Reading {
  readonly files: LogFiles;
  /** Entries that the checkpoint covers. */
  readonly size: number;
  /** First entry that is there, and first that was read. */
  readonly there: number;
  readonly from: number;
  /** The hashes that were worked out. */
  readonly rows: Rows;
  readonly findings: Findings;
}

/** One of the full tiles that stand before the hashes that were worked out. */
interface Before {
  readonly level: number;
  readonly index: number;
  readonly path: string;
  /** Undefined where it is not there as it was. */
  readonly hashes: Buffer | undefined;
}

/**
 * Roots of trees that end before what was read, from the tiles that are left: each is held against the one above it, up to
 * the hashes that were worked out. Of every level one tile is needed; retention takes the lower ones, and for a size that is
 * a multiple of 256, or of 65,536, these are not needed. What retention cannot have taken, and what is there and is
 * another, is told as damage, once.
 */
export class EarlierRoots {
  readonly #reading: Reading;
  readonly #told = new Set<string>();

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** The root of the first `size` entries, fewer than were read. */
  async at(size: number): Promise<EarlierRoot> {
    if (size === 0) return { root: emptyRoot() };
    const { from, size: all, rows } = this.#reading;
    let level = 0;
    while (hashesAt(level, size) % tileWidth === 0) level += 1;
    if (size >= from) {
      // Read, and told of there.
      const index = Math.floor(size / tileWidth);
      const width = widthAt(0, index, all);
      return { lacking: [tilePath({ level: 0, index, width })], why: 'damaged' };
    }
    const before: Before[] = [];
    for (; !this.#isWorkedOut(level, placeOf(level, size)); level += 1)
      before.push(await this.#read(level, placeOf(level, size)));
    const damaged = before.some(({ path }) => this.#told.has(path));
    const lacking = before.filter(({ hashes }) => hashes === undefined).map(({ path }) => path);
    if (lacking.length > 0) return { lacking, why: damaged ? 'damaged' : 'gone' };
    const wrong = this.#changed(before);
    if (wrong !== undefined) return { lacking: [wrong], why: 'damaged' };
    const peaks: Buffer[] = [];
    for (let at = rows.levels - 1; at >= 0; at -= 1) {
      const end = hashesAt(at, size);
      const [first, width] = [end - (end % tileWidth), end % tileWidth];
      const tile = before.find((one) => one.level === at)?.hashes;
      if (width > 0)
        peaks.push(...peaksOfRow(tile?.subarray(0, width * hashBytes) ?? rows.slice(at, first, end)));
    }
    return { root: foldPeaks(peaks) };
  }

  #isWorkedOut(level: number, index: number): boolean {
    return level > 0 && index * tileWidth >= this.#reading.rows.span(level).base;
  }

  async #read(level: number, index: number): Promise<Before> {
    const { files, there } = this.#reading;
    const name = { level, index, width: tileWidth };
    const path = tilePath(name);
    const found = await readTileBytes(files, name);
    if (Buffer.isBuffer(found)) return { level, index, path, hashes: found };
    // Retention takes full tiles alone whose end is not above what is there.
    const isTaken = found.code === 'tile.missing' && (index + 1) * tileWidth ** (level + 1) <= there;
    if (!isTaken) this.#tell(found.code, { level, index, path }, found.message);
    return { level, index, path, hashes: undefined };
  }

  /** The highest tile that is not the one that the hash over it was made of. */
  #changed(before: readonly Before[]): string | undefined {
    const { rows } = this.#reading;
    for (const [place, tile] of [...before.entries()].reverse()) {
      const { level, index, path, hashes } = tile;
      const above = before[place + 1]?.hashes;
      const at = index % tileWidth;
      const over =
        above?.subarray(at * hashBytes, (at + 1) * hashBytes) ?? rows.slice(level + 1, index, index + 1);
      if (hashes && rootOfWhole(hashes).equals(over)) continue;
      this.#tell('tile.changed', tile, `${path} was changed: the hash over it is another one`);
      return path;
    }
    return undefined;
  }

  #tell(
    code: 'tile.missing' | 'tile.malformed' | 'tile.changed',
    { level, index, path }: Pick<Before, 'level' | 'index' | 'path'>,
    message: string,
  ): void {
    if (this.#told.has(path)) return;
    this.#told.add(path);
    this.#reading.findings.fail(code, index * tileWidth ** (level + 1), message);
  }
}

/** Of a level the tile in which the tree of the first `size` entries ends. */
function placeOf(level: number, size: number): number {
  return Math.floor(hashesAt(level, size) / tileWidth);
}
