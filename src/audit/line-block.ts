import { BytePool } from './byte-pool.ts';

/** Lines as they stand in a file, each with its line feed, and how many they are. */
export interface LineBlock {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** Gives the memory back; nobody may read the bytes afterwards. */
  readonly release?: () => void;
}

/** What a log takes: one line without its line feed, or a block of whole ones. */
export type Lines = string | LineBlock;

const lineFeed = 0x0a;

/** How many lines they are. */
export function countOf(lines: Lines): number {
  return typeof lines === 'string' ? 1 : lines.count;
}

/** The bytes of lines, each with its line feed. */
export function bytesOf(lines: Lines): Uint8Array {
  return typeof lines === 'string' ? Buffer.from(`${lines}\n`, 'utf8') : lines.bytes;
}

/** Cuts whole lines out of chunks of a stream, which end anywhere. Nothing of a chunk is needed afterwards. */
export class LineCutter {
  readonly #pool = new BytePool();
  /** The line that no chunk has completed yet. */
  #rest = Buffer.alloc(0);

  /** The lines that the chunk completes; what follows the last line feed waits for the next chunk. */
  cut(chunk: Buffer): LineBlock | undefined {
    const end = chunk.lastIndexOf(lineFeed) + 1;
    if (end === 0) {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      return undefined;
    }
    const { bytes, release } = this.#pool.take(this.#rest.byteLength + end);
    this.#rest.copy(bytes);
    chunk.copy(bytes, this.#rest.byteLength, 0, end);
    this.#rest = Buffer.from(chunk.subarray(end));
    return { bytes, count: countLines(bytes), release };
  }
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) count += 1;
  return count;
}
