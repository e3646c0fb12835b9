/** Memory that some blocks of bytes share. */
interface Chunk {
  readonly bytes: Buffer;
  used: number;
  /** Pieces of it that were not given back. */
  taken: number;
}

const chunkBytes = 1024 * 1024;
const mostFree = 8;

/**
 * Memory for blocks of bytes, used again and again: memory outside the heap that comes and goes with every batch makes
 * the collector run far more often than what it collects is worth.
 */
export class BytePool {
  #current: Chunk | undefined;
  readonly #free: Chunk[] = [];

  /** So many bytes, with what gives them back, once. What stands in them is of earlier blocks. */
  take(length: number): { readonly bytes: Buffer; readonly release: () => void } {
    if (length > chunkBytes) return { bytes: Buffer.from(new ArrayBuffer(length)), release: () => undefined };
    const chunk = this.#withRoom(length);
    const bytes = chunk.bytes.subarray(chunk.used, chunk.used + length);
    chunk.used += length;
    chunk.taken += 1;
    return { bytes, release: () => this.#giveBack(chunk) };
  }

  #withRoom(length: number): Chunk {
    if (this.#current && this.#current.used + length <= chunkBytes) return this.#current;
    return (this.#current = this.#free.pop() ?? {
      bytes: Buffer.from(new ArrayBuffer(chunkBytes)),
      used: 0,
      taken: 0,
    });
  }

  #giveBack(chunk: Chunk): void {
    chunk.taken -= 1;
    if (chunk.taken > 0) return;
    chunk.used = 0;
    if (chunk !== this.#current && this.#free.length < mostFree) this.#free.push(chunk);
  }
}
