/** Bytes that a batch has room for at first; most never need more. */
const firstBytes = 128 * 1024;
/**
 * Memory of batches that is kept for the next ones: as many as are on their way at once, of no more than usual size. Under
 * load one has more than a megabyte; to get that anew each time, and to grow into it, costs more than to fill it.
 */
const [mostFree, mostFreeBytes] = [3, 2 * 1024 * 1024];

const lineFeed = 0x0a;

const free: Buffer[] = [];

/**
 * Lines that gather until they are sent, as bytes outside the heap: as texts they would live just long enough to be
 * taken for what stays, and be collected with all else that stays.
 */
export class LineBatch {
  #bytes = free.pop() ?? Buffer.from(new ArrayBuffer(firstBytes));
  #used = 0;
  #count = 0;

  /** How many lines there are. */
  get count(): number {
    return this.#count;
  }

  /** Adds a line that has no line feed. */
  add(line: string): void {
    // Three bytes are the most that a UTF-16 unit takes.
    if (this.#used + 3 * line.length + 1 > this.#bytes.byteLength) this.#grow(Buffer.byteLength(line) + 1);
    this.#used += this.#bytes.write(line, this.#used, 'utf8');
    this.#bytes[this.#used++] = lineFeed;
    this.#count += 1;
  }

  /** All lines, each with its line feed; valid until `release`. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }

  /** Gives the memory back; nothing of the batch may be read afterwards. */
  release(): void {
    if (free.length < mostFree && this.#bytes.byteLength <= mostFreeBytes) free.push(this.#bytes);
    this.#bytes = Buffer.alloc(0);
  }

  #grow(more: number): void {
    const needed = this.#used + more;
    if (needed <= this.#bytes.byteLength) return;
    const larger = Buffer.from(new ArrayBuffer(Math.max(needed, 2 * this.#bytes.byteLength)));
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}
