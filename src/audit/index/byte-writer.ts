/** Bytes that grow. */
export class ByteWriter {
  bytes: Buffer;
  length = 0;

  constructor(room = 256) {
    this.bytes = Buffer.alloc(room);
  }

  /** Makes room for so many bytes more. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.byteLength) return;
    const larger = Buffer.alloc(Math.max(this.length + count, 2 * this.bytes.byteLength));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** A number below 2 ** 53, 7 bits a byte, the lowest first, the highest bit of each byte says whether another follows. */
  number(value: number): void {
    this.reserve(8);
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.bytes[this.length++] = (rest % 128) | 128;
    this.bytes[this.length++] = rest;
  }

  /** A number in so many bytes, little-endian. */
  fixed(value: number, width: number): void {
    this.reserve(width);
    let low = value >>> 0;
    const high = (value - low) / 2 ** 32;
    for (let place = 0; place < width; place += 1) {
      if (place === 4) low = high;
      this.bytes[this.length++] = low & 255;
      low >>>= 8;
    }
  }

  copy(from: Uint8Array, begin: number, end: number): void {
    const count = end - begin;
    this.reserve(count);
    if (count > 32) this.bytes.set(from.subarray(begin, end), this.length);
    else for (let at = 0; at < count; at += 1) this.bytes[this.length + at] = from[begin + at] as number;
    this.length += count;
  }

  /** A copy of what was written since it was last taken. */
  take(): Buffer {
    const taken = Buffer.from(this.bytes.subarray(0, this.length));
    this.length = 0;
    return taken;
  }
}

/** Reads what `ByteWriter` wrote. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.at >= this.#bytes.byteLength;
  }

  byte(): number {
    return this.#bytes[this.at++] ?? 0;
  }

  number(): number {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  fixed(width: number): number {
    let value = 0;
    for (let place = width - 1; place >= 0; place -= 1)
      value = value * 256 + (this.#bytes[this.at + place] ?? 0);
    this.at += width;
    return value;
  }
}
