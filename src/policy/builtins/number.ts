import { RegoNumber } from './value.ts';

/** Digits × 10^exponent, without loss. */
interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

const form = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** Beyond this many digits a number is compared as a double: no sane policy has such, and powers of ten take memory. */
const mostDigits = 4096;

export function numberOf(value: number | bigint): RegoNumber {
  return new RegoNumber(String(value));
}

/** The whole number that a number is, also where it is written `1.0` or `1e3`; undefined where it is none. */
export function wholeOf({ text }: RegoNumber): bigint | undefined {
  const { digits, exponent } = readDecimal(text);
  if (Math.abs(exponent) > mostDigits) return digits === 0n ? 0n : undefined;
  if (exponent >= 0) return digits * 10n ** BigInt(exponent);
  const unit = 10n ** BigInt(-exponent);
  return digits % unit === 0n ? digits / unit : undefined;
}

/** The whole number, where it is one that fits 64 bits with a sign: what OPA takes for an `int` operand. */
export function intOf(value: RegoNumber): bigint | undefined {
  const whole = wholeOf(value);
  return whole !== undefined && BigInt.asIntN(64, whole) === whole ? whole : undefined;
}

/** Order of two numbers by value: -1, 0 or 1. */
export function compareNumbers(a: RegoNumber, b: RegoNumber): number {
  if (a.text === b.text) return 0;
  const [left, right] = [readDecimal(a.text), readDecimal(b.text)];
  const least = Math.min(left.exponent, right.exponent);
  const far = Math.max(left.exponent, right.exponent) - least;
  if (far > mostDigits) return order(Number(a.text), Number(b.text));
  return order(aligned(left, least), aligned(right, least));
}

export function order<Value extends bigint | number | string>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function aligned({ digits, exponent }: Decimal, least: number): bigint {
  return digits * 10n ** BigInt(exponent - least);
}

function readDecimal(text: string): Decimal {
  const [, sign = '', whole = '0', fraction = '', exponent = '0'] = form.exec(text) ?? [];
  const digits = BigInt(whole + fraction);
  return { digits: sign === '-' ? -digits : digits, exponent: Number(exponent) - fraction.length };
}
