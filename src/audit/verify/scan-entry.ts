import { deepest, isAt, plainEnd, scalarEnd, textEnd } from '../json-bytes.ts';

/*
 * Whether the bytes of an entry are a JSON object as RFC 8785 writes it, and where its own `time` and `kind` stand, without
 * a value being made of it: that takes longer, and leaves much to be collected. What is written in any other way, or could
 * be (escapes in names and in these two members, names that are not ASCII, deep nesting), is left to JSON.parse.
 */

const [quote, comma, colon] = [34, 44, 58];
const [openList, closeList, openObject, closeObject] = [91, 93, 123, 125];
const lastAscii = 127;
const [time, kind] = [Buffer.from('time'), Buffer.from('kind')];

/** Reads one entry after the other; it holds what was found in the last one. */
export class EntryScanner {
  /** Begin and end of the text of the record's own member `time`; −1 where it has none. */
  timeFrom = -1;
  timeTo = -1;
  /** The same of `kind`. */
  kindFrom = -1;
  kindTo = -1;
  readonly #inObject = new Uint8Array(deepest);
  /** Begin and end of the name that was last in the object of each level; the begin −1 before its first. */
  readonly #nameFrom = new Int32Array(deepest + 1);
  readonly #nameTo = new Int32Array(deepest + 1);
  #bytes: Uint8Array = new Uint8Array(0);

  /** Answers true for a JSON object in canonical form; where it is false JSON.parse has to say what it is. */
  scan(bytes: Uint8Array): boolean {
    this.#bytes = bytes;
    [this.timeFrom, this.kindFrom] = [-1, -1];
    if (bytes[0] !== openObject) return false;
    const [inObject, end] = [this.#inObject, bytes.byteLength];
    inObject[0] = 1;
    this.#nameFrom[1] = -1;
    let at = 1;
    let depth = 1;
    let isName = true;
    let member = 0;
    if (bytes[at] === closeObject) return end === 2;
    for (;;) {
      if (isName) {
        if (bytes[at] !== quote) return false;
        const from = at + 1;
        at = plainEnd(bytes, from, end);
        if (bytes[at] !== quote || bytes[at + 1] !== colon) return false;
        if (!this.#ascends(depth, from, at)) return false;
        member = depth === 1 && at - from === 4 ? this.#nameAt(from) : 0;
        at += 2;
      }
      const begin = bytes[at];
      if (begin === quote) {
        const from = at + 1;
        at = plainEnd(bytes, from, end);
        if (member > 0 && depth === 1 && !this.#found(member, from, at)) return false;
        if (bytes[at] !== quote) at = textEnd(bytes, at, end);
        if (at < 0) return false;
        at += 1;
      } else if (begin === openObject || begin === openList) {
        isName = begin === openObject;
        at += 1;
        if (bytes[at] === begin + 2) {
          at += 1;
        } else {
          if (depth === deepest) return false;
          inObject[depth] = isName ? 1 : 0;
          depth += 1;
          this.#nameFrom[depth] = -1;
          continue;
        }
      } else {
        at = scalarEnd(bytes, at, end);
        if (at < 0) return false;
      }
      // Behind a value.
      for (;;) {
        isName = inObject[depth - 1] === 1;
        const behind = bytes[at];
        at += 1;
        if (behind === comma) break;
        if (behind !== (isName ? closeObject : closeList)) return false;
        depth -= 1;
        if (depth === 0) return at === end;
      }
    }
  }

  /** Whether a name stands behind the one before it, so that none is there twice; false also where its bytes do not tell. */
  #ascends(depth: number, from: number, to: number): boolean {
    const bytes = this.#bytes;
    let before = this.#nameFrom[depth] as number;
    const end = this.#nameTo[depth] as number;
    this.#nameFrom[depth] = from;
    this.#nameTo[depth] = to;
    if (before < 0) return true;
    for (let at = from; at < to; at += 1, before += 1) {
      const byte = bytes[at] as number;
      // A name that the other begins with stands first.
      if (before === end) return byte <= lastAscii;
      const other = bytes[before] as number;
      if (other !== byte) return other < byte && byte <= lastAscii;
    }
    return false;
  }

  /** 1 = `time`, 2 = `kind`, 0 = any other. */
  #nameAt(from: number): number {
    return isAt(this.#bytes, from, time) ? 1 : isAt(this.#bytes, from, kind) ? 2 : 0;
  }

  /** Notes the text of a member; false where it has an escape, or does not end. */
  #found(member: number, from: number, to: number): boolean {
    if (member === 1) [this.timeFrom, this.timeTo] = [from, to];
    else [this.kindFrom, this.kindTo] = [from, to];
    return this.#bytes[to] === quote;
  }
}
