/*
 * Whether the bytes of an entry are a JSON object, and where its own `time` and `kind` stand, without a value being made
 * of it: that takes longer, and leaves much to be collected. What is written in any other way than records are (blanks,
 * escapes in names and in these two members, deep nesting) is left to JSON.parse.
 */

const [quote, comma, minus, point, zero, nine, colon] = [34, 44, 45, 46, 48, 57, 58];
const [openList, backslash, closeList, openObject, closeObject] = [91, 92, 93, 123, 125];
const [small, plus, space] = [101, 43, 32];

const escapes = new Set(Buffer.from('"\\/bfnrt'));
const words = ['true', 'false', 'null'].map((word) => Buffer.from(word));
const [time, kind] = [Buffer.from('time'), Buffer.from('kind')];
const deepest = 64;

/** Reads one entry after the other; it holds what was found in the last one. */
export class EntryScanner {
  /** Begin and end of the text of the record's own member `time`; −1 where it has none. */
  timeFrom = -1;
  timeTo = -1;
  /** The same of `kind`. */
  kindFrom = -1;
  kindTo = -1;
  readonly #inObject = new Uint8Array(deepest);
  #bytes: Uint8Array = new Uint8Array(0);

  /** Answers true for a JSON object of which both were found; where it is false JSON.parse has to say what it is. */
  scan(bytes: Uint8Array): boolean {
    this.#bytes = bytes;
    [this.timeFrom, this.kindFrom] = [-1, -1];
    if (bytes[0] !== openObject) return false;
    const inObject = this.#inObject;
    inObject[0] = 1;
    let at = 1;
    let depth = 1;
    let isName = true;
    let member = 0;
    for (;;) {
      if (isName) {
        if (bytes[at] !== quote) return false;
        const from = at + 1;
        at = plainEnd(bytes, from);
        if (bytes[at] !== quote || bytes[at + 1] !== colon) return false;
        member = depth === 1 && at - from === 4 ? this.#nameAt(from) : 0;
        if (member < 0) return false;
        at += 2;
      }
      const begin = bytes[at];
      if (begin === quote) {
        const from = at + 1;
        at = plainEnd(bytes, from);
        if (member > 0 && depth === 1 && !this.#found(member, from, at)) return false;
        if (bytes[at] !== quote) at = textEnd(bytes, at);
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
          continue;
        }
      } else {
        at = scalarEnd(bytes, at);
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
        if (depth === 0) return at === bytes.byteLength;
      }
    }
  }

  /** 1 = `time`, 2 = `kind`, 0 = any other; −1 = one of them for the second time, of which JSON.parse takes the last. */
  #nameAt(from: number): number {
    if (isAt(this.#bytes, from, time)) return this.timeFrom < 0 ? 1 : -1;
    if (isAt(this.#bytes, from, kind)) return this.kindFrom < 0 ? 2 : -1;
    return 0;
  }

  /** Notes the text of a member; false where it has an escape, or does not end. */
  #found(member: number, from: number, to: number): boolean {
    if (member === 1) [this.timeFrom, this.timeTo] = [from, to];
    else [this.kindFrom, this.kindTo] = [from, to];
    return this.#bytes[to] === quote;
  }
}

/** Where a text ends, or its first escape is, or what is not allowed in it. */
function plainEnd(bytes: Uint8Array, from: number): number {
  const end = bytes.byteLength;
  let at = from;
  for (; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte === quote || byte === backslash || byte < space) break;
  }
  return at;
}

/** The quotation mark that ends a text; −1 where it is none. */
function textEnd(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.byteLength; at = plainEnd(bytes, at)) {
    if (bytes[at] === quote) return at;
    if (bytes[at] !== backslash) return -1;
    at += 1;
    if (bytes[at] === 0x75) {
      for (let digit = 1; digit <= 4; digit += 1) if (!isHex(bytes[at + digit])) return -1;
      at += 4;
    } else if (!escapes.has(bytes[at] as number)) return -1;
    at += 1;
  }
  return -1;
}

/** What is behind a number or a word; −1 where it is neither. */
function scalarEnd(bytes: Uint8Array, from: number): number {
  if (bytes[from] === minus || isDigit(bytes[from])) return numberEnd(bytes, from);
  const word = words.find((one) => isAt(bytes, from, one));
  return word === undefined ? -1 : from + word.byteLength;
}

function numberEnd(bytes: Uint8Array, from: number): number {
  const first = bytes[from] === minus ? from + 1 : from;
  let at = bytes[first] === zero ? first + 1 : digitsEnd(bytes, first);
  if (at >= 0 && bytes[at] === point) at = digitsEnd(bytes, at + 1);
  if (at < 0 || ((bytes[at] ?? 0) | 32) !== small) return at;
  const sign = bytes[at + 1];
  return digitsEnd(bytes, sign === plus || sign === minus ? at + 2 : at + 1);
}

/** −1 where there is none. */
function digitsEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(bytes[at])) at += 1;
  return at === from ? -1 : at;
}

function isAt(bytes: Uint8Array, from: number, expected: Uint8Array): boolean {
  for (let place = 0; place < expected.byteLength; place += 1)
    if (bytes[from + place] !== expected[place]) return false;
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine;
}

function isHex(byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && (byte | 32) >= 97 && (byte | 32) <= 102);
}
