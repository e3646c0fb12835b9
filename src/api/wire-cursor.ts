import { isLowerCase } from './known-names.ts';
import type { KnownNames } from './known-names.ts';

/** What `toString('utf8', start, end)` comes to, which takes longer than that for short texts; not in Node's types. */
interface Sliced extends Buffer {
  utf8Slice(start: number, end: number): string;
}

/** Wire types of protobuf (encoding, "Message structure"); groups are not read. */
const [varint, eightBytes, counted, fourBytes] = [0, 1, 2, 5];

/**
 * A place in a protobuf message, for messages as encoders write them: tags of one byte, lengths that fit into what they
 * are a part of, no groups. Whatever else is met makes the message unusual, once and for all: `usual` is false, every
 * further read gives nothing and `more` says that there is no more. Never throws, and decides nothing: what is unusual
 * is for the library to read or to refuse. `end` is where the part ends that is being read.
 */
export class WireCursor {
  readonly #bytes: Sliced;
  #at = 0;
  #usual = true;

  constructor(bytes: Buffer) {
    this.#bytes = bytes as Sliced;
  }

  /** Whether all that was read so far is as encoders write it. */
  get usual(): boolean {
    return this.#usual;
  }

  more(end: number): boolean {
    return this.#at < end;
  }

  /** Makes the message an unusual one. */
  leave(): void {
    this.#usual = false;
    this.#at = this.#bytes.length;
  }

  /** Number and wire type of the next field: `number << 3 | type`. */
  tag(): number {
    const tag = this.#bytes[this.#at] as number;
    this.#at += 1;
    if (tag < 128) return tag;
    this.leave();
    return 0;
  }

  /** `seen` with the field of a tag; one that was seen before is unusual. */
  once(seen: number, tag: number): number {
    const bit = 1 << (tag >> 3);
    if (seen & bit) this.leave();
    return seen | bit;
  }

  /** Reads a length; answers where the part of that length ends. */
  part(end: number): number {
    const length = this.number(end);
    const partEnd = this.#at + length;
    if (partEnd <= end) return partEnd;
    this.leave();
    return 0;
  }

  /** A text; bytes that are not UTF-8 become U+FFFD. */
  text(end: number): string {
    const textEnd = this.part(end);
    const start = this.#at;
    if (textEnd <= start) return '';
    this.#at = textEnd;
    return this.#bytes.utf8Slice(start, textEnd);
  }

  /**
   * A name of at most `most` bytes, if it is one of `names`; undefined for others. Capital letters and what is not ASCII
   * are unusual.
   */
  name(names: KnownNames, most: number, end: number): string | undefined {
    const start = this.#passOver(most, end);
    if (isLowerCase(this.#bytes, start, this.#at)) return names.find(this.#bytes, start, this.#at);
    this.leave();
    return undefined;
  }

  /** Passes over a text of at most `most` bytes. */
  skipText(most: number, end: number): void {
    this.#passOver(most, end);
  }

  /** A whole number below 2^32. */
  number(end: number): number {
    let value = 0;
    for (let shift = 0; shift < 35 && this.#at < end; shift += 7) {
      const byte = this.#bytes[this.#at] as number;
      this.#at += 1;
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
    this.leave();
    return 0;
  }

  /** Passes over the value of a field that does not count, by its tag. */
  skip(tag: number, end: number): void {
    const type = tag & 7;
    if (type === counted) this.#passOver(end, end);
    else if (type === varint) this.#skipVarint(end);
    else if (type === eightBytes) this.#advance(8, end);
    else if (type === fourBytes) this.#advance(4, end);
    else this.leave();
  }

  /** The same of a field that is not in our protos: its number is above `newest`. One below has the wrong wire type. */
  skipNewer(tag: number, newest: number, end: number): void {
    if (tag >> 3 > newest) this.skip(tag, end);
    else this.leave();
  }

  /** Passes over a text of at most `most` bytes; answers where it began. */
  #passOver(most: number, end: number): number {
    const textEnd = this.part(end);
    const start = this.#at;
    if (textEnd - start > most) this.leave();
    else if (this.#usual) this.#at = textEnd;
    return start;
  }

  #advance(bytes: number, end: number): void {
    if (this.#at + bytes <= end) this.#at += bytes;
    else this.leave();
  }

  /** Of 64 bits: ten bytes at most. */
  #skipVarint(end: number): void {
    const last = Math.min(end, this.#at + 10);
    while (this.#at < last) {
      const byte = this.#bytes[this.#at] as number;
      this.#at += 1;
      if (byte < 128) return;
    }
    this.leave();
  }
}
