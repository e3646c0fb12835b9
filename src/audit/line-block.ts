/** Lines as they stand in a file, each with its line feed, and how many they are. */
export interface LineBlock {
  readonly bytes: Uint8Array;
  readonly count: number;
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

/** Cuts whole lines out of chunks of a stream, which end anywhere. */
export class LineCutter {
  #rest: Buffer[] = [];

  /** The lines that the chunk completes; what follows the last line feed waits for the next chunk. */
  cut(chunk: Buffer): LineBlock | undefined {
    const end = chunk.lastIndexOf(lineFeed) + 1;
    if (end === 0) {
      this.#rest.push(chunk);
      return undefined;
    }
    const whole = chunk.subarray(0, end);
    const bytes = this.#rest.length === 0 ? whole : Buffer.concat([...this.#rest, whole]);
    // A copy, because whoever has written the lines may release the chunk.
    this.#rest = end === chunk.byteLength ? [] : [Buffer.from(chunk.subarray(end))];
    return { bytes, count: countLines(whole) };
  }
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) count += 1;
  return count;
}
