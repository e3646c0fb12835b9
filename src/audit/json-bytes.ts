/*
 * Over JSON in bytes as RFC 8785 writes it, without a value being made of it: no blanks, no needless escapes, numbers as
 * ECMAScript writes them. Each answers −1 for all else, which JSON.parse may still take. Bytes from `end` on are not of it.
 */

const [quote, comma, minus, zero, nine, colon] = [34, 44, 45, 48, 57, 58];
const [openList, backslash, closeList, openObject, closeObject] = [91, 92, 93, 123, 125];
const [space, smallU, smallA, smallF] = [32, 117, 97, 102];

const escapes = new Set(Buffer.from('"\\bfnrt'));
/** Last digits of control characters below 16 that have no shorter escape. */
const lastDigits = new Set(Buffer.from('01234567bef'));
const words = ['true', 'false', 'null'].map((word) => Buffer.from(word));
/** From so many digits on an integer may be one that a double does not hold. */
const manyDigits = 16;

/** Levels that are gone into; deeper ones are left to JSON.parse. */
export const deepest = 64;
const inObject = new Uint8Array(deepest);

/** Where a text ends, or its first escape is, or what is not allowed in it; `end` where it has none of them. */
export function plainEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  for (; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte === quote || byte === backslash || byte < space) break;
  }
  return at;
}

/** The quotation mark that ends a text, from anywhere in it on that is no part of an escape. */
export function textEnd(bytes: Uint8Array, from: number, end: number): number {
  for (let at = plainEnd(bytes, from, end); at < end; at = plainEnd(bytes, at, end)) {
    if (bytes[at] === quote) return at;
    if (bytes[at] !== backslash) return -1;
    const escaped = bytes[at + 1] as number;
    if (escapes.has(escaped)) at += 2;
    else if (escaped === smallU && isNeeded(bytes, at + 2)) at += 6;
    else return -1;
  }
  return -1;
}

/** Whether four digits are of a control character that is written by no other escape. */
function isNeeded(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== zero || bytes[at + 1] !== zero) return false;
  const [tens, ones] = [bytes[at + 2], bytes[at + 3] as number];
  if (tens === zero) return lastDigits.has(ones);
  return tens === zero + 1 && (isDigit(ones) || (ones >= smallA && ones <= smallF));
}

/** What is behind a number or a word. */
export function scalarEnd(bytes: Uint8Array, from: number, end: number): number {
  if (bytes[from] === minus || isDigit(bytes[from])) return numberEnd(bytes, from, end);
  const word = words.find((one) => isAt(bytes, from, one));
  return word === undefined || from + word.byteLength > end ? -1 : from + word.byteLength;
}

function numberEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isDigit(bytes[at])) at += 1;
  const isShort = at > from && at - from < manyDigits && (bytes[from] !== zero || at === from + 1);
  if (isShort && !isInNumber(bytes[at], at, end)) return at;
  while (isInNumber(bytes[at], at, end)) at += 1;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, at - from).toString('latin1');
  return text !== '' && String(Number(text)) === text ? at : -1;
}

/** Digits, signs, point and `e`, in any order: what is no number is told by reading it. */
function isInNumber(byte: number | undefined, at: number, end: number): boolean {
  if (at >= end || byte === undefined) return false;
  return isDigit(byte) || byte === minus || byte === 46 || byte === 43 || byte === 101;
}

/** What is behind a value, whatever it is. */
export function valueEnd(bytes: Uint8Array, from: number, end: number): number {
  let [at, depth, isName] = [from, 0, false];
  for (;;) {
    if (isName) {
      at = bytes[at] === quote ? textEnd(bytes, at + 1, end) : -1;
      if (at < 0 || bytes[at + 1] !== colon) return -1;
      at += 2;
    }
    const begin = bytes[at] as number;
    if (begin === quote) {
      at = textEnd(bytes, at + 1, end) + 1;
      if (at === 0) return -1;
    } else if (begin === openObject || begin === openList) {
      at += 1;
      if (bytes[at] === begin + 2) at += 1;
      else {
        if (depth === deepest) return -1;
        isName = begin === openObject;
        inObject[depth] = isName ? 1 : 0;
        depth += 1;
        continue;
      }
    } else {
      at = scalarEnd(bytes, at, end);
      if (at < 0) return -1;
    }
    for (;;) {
      if (at > end) return -1;
      if (depth === 0) return at;
      isName = inObject[depth - 1] === 1;
      const behind = bytes[at];
      at += 1;
      if (behind === comma) break;
      if (behind !== (isName ? closeObject : closeList)) return -1;
      depth -= 1;
    }
  }
}

/** Whether bytes stand at a place. */
export function isAt(bytes: Uint8Array, from: number, expected: Uint8Array): boolean {
  for (let place = 0; place < expected.byteLength; place += 1)
    if (bytes[from + place] !== expected[place]) return false;
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine;
}
