import { PortreeveError } from '../errors.ts';

/** Deepest nesting of one document; certificates and CRLs need fewer than 12 levels. */
const maxDepth = 24;
/** Largest document unless the caller says less: a CRL of ten million entries is about 400 MB. */
const defaultMaxBytes = 1024 * 1024 * 1024;

/** One element: tag, length and contents. The byte fields are views, made when they are asked for. */
export interface Tlv {
  /** The identifier octet, class and constructed bit included. */
  readonly tag: number;
  readonly content: Uint8Array;
  /** Identifier and length octets with the contents. */
  readonly whole: Uint8Array;
  /** A reader over the contents, one level deeper. Throws PDP_DER_INVALID past the depth limit. */
  open(): DerReader;
}

/** A PDP_DER_INVALID that says where in the document it went wrong. */
export function derError(problem: string, offset?: number): PortreeveError {
  return new PortreeveError(
    'PDP_DER_INVALID',
    offset === undefined ? problem : `${problem} at byte ${offset}`,
  );
}

class Element implements Tlv {
  readonly tag: number;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #contentStart: number;
  readonly #end: number;
  readonly #depth: number;

  constructor(bytes: Buffer, start: number, contentStart: number, end: number, depth: number) {
    this.tag = bytes[start] as number;
    this.#bytes = bytes;
    this.#start = start;
    this.#contentStart = contentStart;
    this.#end = end;
    this.#depth = depth;
  }

  get content(): Uint8Array {
    return this.#bytes.subarray(this.#contentStart, this.#end);
  }

  get whole(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  open(): DerReader {
    return DerReader.over(this.#bytes, this.#contentStart, this.#end, this.#depth + 1);
  }
}

/**
 * Reads one level of a DER document (X.690 section 10) from front to back without copying. Strict: definite
 * lengths in their shortest form, low tag numbers only, SEQUENCE and SET constructed and every other universal
 * type primitive, bounded depth and size. Every method throws PDP_DER_INVALID; offsets in messages count from
 * the start of the document.
 */
export class DerReader {
  #bytes: Buffer;
  #offset: number;
  #end: number;
  #depth: number;

  /** Starts a document; more than `maxBytes` bytes are refused. The caller calls `end()` after its last element. */
  constructor(bytes: Uint8Array, maxBytes: number = defaultMaxBytes) {
    if (bytes.byteLength > maxBytes)
      throw derError(`document of ${bytes.byteLength} bytes, at most ${maxBytes}`);
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = 0;
    this.#end = bytes.byteLength;
    this.#depth = 1;
  }

  /** A reader over a part of a document that is being read already; for `Tlv.open` and `enter`. */
  static over(bytes: Buffer, start: number, end: number, depth: number): DerReader {
    if (depth > maxDepth) throw derError(`nested more than ${maxDepth} levels deep`, start);
    const reader = new DerReader(bytes);
    reader.#offset = start;
    reader.#end = end;
    reader.#depth = depth;
    return reader;
  }

  /** Whether everything on this level was consumed. */
  get done(): boolean {
    return this.#offset === this.#end;
  }

  /** The next element's identifier octet, undefined at the end. */
  peekTag(): number | undefined {
    return this.done ? undefined : this.#bytes[this.#offset];
  }

  /** The next element, whatever it is. */
  next(): Tlv {
    const start = this.#offset;
    if (start === this.#end) throw derError('element missing', start);
    checkTag(this.#bytes[start] as number, start);
    const contentStart = this.#skipHeader(start);
    return new Element(this.#bytes, start, contentStart, this.#offset, this.#depth);
  }

  /** The next element, which must have this identifier octet. */
  read(tag: number): Tlv {
    if (this.peekTag() !== tag) throw this.#unexpected(tag);
    return this.next();
  }

  /** The next element if it has this identifier octet, else undefined and nothing is consumed. */
  optional(tag: number): Tlv | undefined {
    return this.peekTag() === tag ? this.next() : undefined;
  }

  /** A reader over the contents of the next element, which must have this identifier octet. */
  enter(tag: number): DerReader {
    if (this.peekTag() !== tag) throw this.#unexpected(tag);
    const start = this.#offset;
    checkTag(tag, start);
    const contentStart = this.#skipHeader(start);
    return DerReader.over(this.#bytes, contentStart, this.#offset, this.#depth + 1);
  }

  /** Throws unless everything on this level was consumed. */
  end(): void {
    if (!this.done) throw derError(`${this.#end - this.#offset} bytes too many`, this.#offset);
  }

  /** Reads the length (X.690 sections 8.1.3 and 10.1), moves past the element and answers where its contents start. */
  #skipHeader(start: number): number {
    const first = this.#octet(start + 1);
    let length = first;
    let contentStart = start + 2;
    if (first >= 0x80) {
      const octets = first & 0x7f;
      if (octets === 0) throw derError('indefinite length', start);
      if (octets > 4) throw derError('length of more than 4 octets', start);
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + this.#octet(contentStart + i);
      contentStart += octets;
      if (length < 0x80 || length < 256 ** (octets - 1))
        throw derError('length not in its shortest form', start);
    }
    if (length > this.#end - contentStart) throw derError('element longer than what holds it', start);
    this.#offset = contentStart + length;
    return contentStart;
  }

  #octet(offset: number): number {
    if (offset >= this.#end) throw derError('element cut off', offset);
    return this.#bytes[offset] as number;
  }

  #unexpected(tag: number): PortreeveError {
    const found = this.peekTag();
    const expected = `element 0x${tag.toString(16).padStart(2, '0')} expected`;
    if (found === undefined) return derError(`${expected}, none left`, this.#offset);
    return derError(`${expected}, 0x${found.toString(16).padStart(2, '0')} found`, this.#offset);
  }
}

/** Refuses tag numbers above 30, end-of-contents, and universal types in the form that DER does not give them. */
function checkTag(tag: number, offset: number): void {
  if ((tag & 0x1f) === 0x1f) throw derError('tag number above 30', offset);
  if (tag >= 0x40) return;
  const number = tag & 0x1f;
  if (number === 0) throw derError('end-of-contents', offset);
  const mustHoldOthers = number === 0x10 || number === 0x11;
  if (((tag & 0x20) !== 0) !== mustHoldOthers)
    throw derError('primitive and constructed form confused', offset);
}
