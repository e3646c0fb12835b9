import { order } from '../number.ts';
import { runesOf } from '../text.ts';

const letter = /^\p{L}$/u;
const digit = /^\p{Nd}$/u;

/** Order of keys for people: numbers within them by value (`a2` before `a10`), signs before letters. */
export function naturalOrder(a: string, b: string): number {
  const [left, right] = [runesOf(a), runesOf(b)];
  let digits = false;
  for (let at = 0; at < left.length && at < right.length; at += 1) {
    const [one, other] = [left[at] ?? '', right[at] ?? ''];
    if (one === other) {
      digits = digit.test(one);
      continue;
    }
    const [isLetter, otherIsLetter] = [letter.test(one), letter.test(other)];
    if (isLetter && otherIsLetter) return order(one, other);
    if (isLetter || otherIsLetter) return digits === isLetter ? -1 : 1;
    const [number, otherNumber] = [numberAt(left, at), numberAt(right, at)];
    return order(number, otherNumber) || order(one, other);
  }
  return order(left.length, right.length);
}

function numberAt(runes: readonly string[], at: number): bigint {
  const text = /^[0-9]*/.exec(runes.slice(at).join(''))?.[0] ?? '';
  return BigInt(text === '' ? '0' : text);
}
