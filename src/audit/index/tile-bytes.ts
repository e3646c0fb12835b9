import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { bundleEntries } from '../sources/tree-log.ts';
import type { TreeLog } from '../sources/types.ts';
import { tilePath, tileWidth } from '../tlog/tile-path.ts';

/** The entries of a whole tile, one behind the other in memory that is used again for the next. */
export interface TileBytes {
  readonly bytes: Buffer;
  /** Begin and end of each entry. */
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/** Reads tiles one after the other; a tile is overwritten by the next. */
export class TileReader {
  #bytes = Buffer.alloc(0);
  readonly #from = new Int32Array(tileWidth);
  readonly #to = new Int32Array(tileWidth);

  /** Reads a whole tile. Throws as `bundleEntries`. */
  async read(name: string, tree: TreeLog, tile: number): Promise<TileBytes> {
    if (tree.folder !== undefined && this.#readFile(tree.folder, tile)) return this.#tile();
    // Whatever is wrong with the file is told by whoever reads it in the ordinary way.
    this.#copy(await bundleEntries(name, tree, tile));
    return this.#tile();
  }

  #tile(): TileBytes {
    return { bytes: this.#bytes, from: this.#from, to: this.#to };
  }

  /** At once and into the same memory: a buffer for each file costs more than the file. */
  #readFile(folder: string, tile: number): boolean {
    let file: number;
    try {
      file = openSync(join(folder, tilePath({ level: 'entries', index: tile, width: tileWidth })), 'r');
    } catch {
      return false;
    }
    try {
      const { size } = fstatSync(file);
      this.#reserve(size);
      for (let at = 0; at < size;) {
        const count = readSync(file, this.#bytes, at, size - at, at);
        if (count === 0) return false;
        at += count;
      }
      return this.#split(size);
    } catch {
      return false;
    } finally {
      closeSync(file);
    }
  }

  /** As `entriesOf`; false where it is no bundle of 256. */
  #split(size: number): boolean {
    let at = 0;
    for (let place = 0; place < tileWidth; place += 1) {
      if (at + 2 > size) return false;
      this.#from[place] = at + 2;
      at += 2 + this.#bytes.readUInt16BE(at);
      this.#to[place] = at;
    }
    return at === size;
  }

  #copy(entries: readonly Uint8Array[]): void {
    this.#reserve(entries.reduce((sum, entry) => sum + entry.byteLength, 0));
    let at = 0;
    entries.forEach((entry, place) => {
      this.#from[place] = at;
      this.#bytes.set(entry, at);
      at += entry.byteLength;
      this.#to[place] = at;
    });
  }

  #reserve(size: number): void {
    if (size > this.#bytes.byteLength) this.#bytes = Buffer.alloc(Math.ceil(size * 1.25));
  }
}
