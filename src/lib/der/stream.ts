import { derError } from './reader.ts';

/** Identifier and length octets of one element, and where it lies in the stream (bytes from its start). */
export interface ElementHeader {
  readonly tag: number;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
  /** The octets of identifier and length as they stand. */
  readonly octets: Uint8Array;
}

/** Where an element's contents start and end, offsets into the same bytes. */
export interface ElementBounds {
  readonly contentStart: number;
  readonly end: number;
}

/**
 * Finds the bounds of the element at `at` by its header alone; its contents may lie beyond `bytes`. `within` is where
 * whatever holds it ends. Undefined where `bytes` ends before the header does. Strict as `DerReader` is (X.690
 * section 10.1); throws PDP_DER_INVALID.
 */
export function elementBounds(bytes: Uint8Array, at: number, within: number): ElementBounds | undefined {
  if (at >= within) throw derError('element missing');
  if (at >= bytes.byteLength) return undefined;
  checkTag(bytes[at] as number);
  if (at + 1 >= within) throw derError('element cut off');
  if (at + 1 >= bytes.byteLength) return undefined;
  const first = bytes[at + 1] as number;
  if (first < 0x80) return bounds(at + 2, first, within);
  const octets = first & 0x7f;
  if (octets === 0) throw derError('indefinite length');
  if (octets > 4) throw derError('length of more than 4 octets');
  if (at + 2 + octets > within) throw derError('element cut off');
  if (at + 2 + octets > bytes.byteLength) return undefined;
  let length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + (bytes[at + 2 + i] as number);
  if (length < 0x80 || length < 256 ** (octets - 1)) throw derError('length not in its shortest form');
  return bounds(at + 2 + octets, length, within);
}

function bounds(contentStart: number, length: number, within: number): ElementBounds {
  if (length > within - contentStart) throw derError('element longer than what holds it');
  return { contentStart, end: contentStart + length };
}

/** The rules of `DerReader` on identifier octets: low tag numbers, and the form that DER gives to universal types. */
function checkTag(tag: number): void {
  if ((tag & 0x1f) === 0x1f) throw derError('tag number above 30');
  if (tag >= 0x40) return;
  const number = tag & 0x1f;
  if (number === 0) throw derError('end-of-contents');
  const mustHoldOthers = number === 0x10 || number === 0x11;
  if (((tag & 0x20) !== 0) !== mustHoldOthers) throw derError('primitive and constructed form confused');
}

/**
 * Reads a DER document from chunks, front to back, holding only what it was asked to take. What is consumed goes to
 * `tap` as it goes by, in views that are valid until the call returns. Every method throws PDP_DER_INVALID where the
 * stream ends early, and whatever the source throws.
 */
export class DerStream {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #tap: (bytes: Uint8Array) => void;
  #window: Uint8Array = Buffer.alloc(0);
  #at = 0;
  #consumed = 0;
  #ended = false;
  /** What the next step needs at least: more than the last one left. */
  #wanted = 1;

  constructor(source: AsyncIterable<Uint8Array>, tap: (bytes: Uint8Array) => void = () => undefined) {
    this.#source = source[Symbol.asyncIterator]();
    this.#tap = tap;
  }

  /** Bytes consumed so far. */
  get offset(): number {
    return this.#consumed;
  }

  /** Consumes the header of the next element, which must end by `within`. */
  async header(within: number): Promise<ElementHeader> {
    for (let wanted = 1; ; wanted++) {
      await this.#fill(wanted);
      const held = this.#held();
      const found = elementBounds(held, 0, within - this.#consumed);
      if (found === undefined) {
        if (held.byteLength < wanted) throw this.#cutOff();
        continue;
      }
      const start = this.#consumed;
      const octets = Buffer.from(held.subarray(0, found.contentStart));
      this.#consume(found.contentStart);
      return {
        tag: octets[0] as number,
        start,
        contentStart: start + found.contentStart,
        end: start + found.end,
        octets,
      };
    }
  }

  /** The next element's identifier octet; undefined at `within`. */
  async peekTag(within: number): Promise<number | undefined> {
    if (this.#consumed >= within) return undefined;
    await this.#fill(1);
    if (this.#held().byteLength === 0) throw this.#cutOff();
    return this.#held()[0];
  }

  /** Consumes and copies what stands before `end`; the caller has bounded it. */
  async take(end: number): Promise<Uint8Array> {
    const length = end - this.#consumed;
    await this.#fill(length);
    if (this.#held().byteLength < length) throw this.#cutOff();
    const taken = Buffer.from(this.#held().subarray(0, length));
    this.#consume(length);
    return taken;
  }

  /** Consumes what stands before `end` without holding it. */
  async skip(end: number): Promise<void> {
    while (this.#consumed < end) {
      await this.#fill(1);
      const there = Math.min(this.#held().byteLength, end - this.#consumed);
      if (there === 0) throw this.#cutOff();
      this.#consume(there);
    }
  }

  /**
   * Hands what is at hand before `end` to `read`, which answers how many bytes of it are done with; what is left is
   * handed again with more behind it. Answers false, without a call, once `end` is reached.
   */
  async step(end: number, read: (bytes: Uint8Array) => number): Promise<boolean> {
    const left = end - this.#consumed;
    if (left <= 0) return false;
    await this.#fill(Math.min(this.#wanted, left));
    const there = Math.min(this.#held().byteLength, left);
    if (there < Math.min(this.#wanted, left)) throw this.#cutOff();
    const done = read(this.#held().subarray(0, there));
    if (done === 0 && there === left) throw this.#cutOff();
    this.#wanted = there - done + 1;
    this.#consume(done);
    return true;
  }

  /** Reads to the end of the source. Throws where anything is left. */
  async end(): Promise<void> {
    await this.#fill(1);
    if (this.#held().byteLength > 0) throw derError('bytes too many', this.#consumed);
  }

  /** Lets go of the source, read to its end or not. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  #held(): Uint8Array {
    return this.#at === 0 ? this.#window : this.#window.subarray(this.#at);
  }

  #consume(length: number): void {
    this.#tap(this.#window.subarray(this.#at, this.#at + length));
    this.#at += length;
    this.#consumed += length;
  }

  /** Reads on until so many bytes are at hand or the source ends. */
  async #fill(wanted: number): Promise<void> {
    if (this.#window.byteLength - this.#at >= wanted || this.#ended) return;
    const parts = [this.#held()];
    let there = this.#window.byteLength - this.#at;
    while (there < wanted) {
      const next = await this.#source.next();
      if (next.done === true) {
        this.#ended = true;
        break;
      }
      parts.push(next.value);
      there += next.value.byteLength;
    }
    const [first, second, ...more] = parts as [Uint8Array, Uint8Array?, ...Uint8Array[]];
    this.#window = first.byteLength === 0 && second && more.length === 0 ? second : Buffer.concat(parts);
    this.#at = 0;
  }

  #cutOff(): Error {
    return derError('document cut off', this.#consumed + this.#held().byteLength);
  }
}
