import { OperandError, textAt } from './operands.ts';
import type { BuiltinTable } from './types.ts';
import { RegoNumber } from './value.ts';

/** Amounts with a unit (`10Mi`, `1.5k`): of anything, and of bytes. */
export const unitBuiltins: BuiltinTable = {
  'units.parse': (args) => {
    const [amount, unit] = split(textAt(args, 0).replaceAll('"', ''));
    const folded = unit.slice(0, 1) + unit.slice(1).toLowerCase();
    if (folded === 'm') return decimalText(scaled(amount, 1n, -3));
    return decimalText(scaled(amount, unitFactor(folded), 0));
  },
  'units.parse_bytes': (args) => {
    const [amount, unit] = split(textAt(args, 0).toLowerCase().replaceAll('"', ''));
    const factor = factors[unit.replace(/b$/, '')];
    if (factor === undefined || unit === 'b') return unknown(unit);
    return new RegoNumber(String(bytesIn(scaled(amount, 1n, 0), factor)));
  },
};

const letters = ['k', 'm', 'g', 't', 'p', 'e'] as const;

/** By lower-case prefix: powers of 1000, and of 1024 with an `i`. */
const factors: Readonly<Record<string, bigint>> = Object.fromEntries([
  ['', 1n],
  ...letters.flatMap((letter, index) => [
    [letter, 1000n ** BigInt(index + 1)],
    [`${letter}i`, 1024n ** BigInt(index + 1)],
  ]),
]) as Record<string, bigint>;

/** Of units of anything the first letter's case counts for `m` alone, which is a thousandth. */
function unitFactor(unit: string): bigint {
  return factors[unit.toLowerCase()] ?? unknown(unit);
}

function unknown(unit: string): never {
  throw new OperandError(`no unit: ${unit}`);
}

/** The amount and the unit behind it. */
function split(text: string): readonly [amount: string, unit: string] {
  if (text.includes(' ')) throw new OperandError('a space');
  const match = /^((?:[0-9.+-]|[eE][+-]?(?=[0-9])|[eE][+-])*)(.*)$/s.exec(text);
  const [, amount = '', unit = ''] = match ?? [];
  if (amount === '') throw new OperandError('no amount');
  return [amount, unit];
}

interface Scaled {
  readonly digits: bigint;
  readonly exponent: number;
}

function scaled(amount: string, factor: bigint, shift: number): Scaled {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/.exec(amount);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match ?? [];
  if (whole + fraction === '') throw new OperandError('no amount');
  const places = Number(exponent) - fraction.length + shift;
  // A power of ten that no amount has would take minutes.
  if (Math.abs(places) > 4096) throw new OperandError('an exponent that is too large');
  const digits = BigInt(whole + fraction) * factor;
  return { digits: sign === '-' ? -digits : digits, exponent: places };
}

/**
 * Whole bytes of an amount, what is less than one cut off. OPA reckons with 64 bits of mantissa, so that a thousandth of a
 * million is 999: an amount is rounded to 64 bits, and so is the product.
 */
function bytesIn({ digits, exponent }: Scaled, factor: bigint): bigint {
  const negative = digits < 0n;
  const size = negative ? -digits : digits;
  const [above, below] =
    exponent >= 0 ? [size * 10n ** BigInt(exponent), 1n] : [size, 10n ** BigInt(-exponent)];
  const amount = rounded64(above, below);
  const product = rounded64(amount.above * factor, amount.below);
  const whole = product.above / product.below;
  return negative ? -whole : whole;
}

/** A fraction at 64 significant bits, rounded half to even. */
function rounded64(above: bigint, below: bigint): { readonly above: bigint; readonly below: bigint } {
  if (above === 0n) return { above, below: 1n };
  const bits = (value: bigint): number => value.toString(2).length;
  // Shifted so that the quotient has 64 or 65 bits.
  let shift = 64 - bits(above) + bits(below);
  const quotientAt = (by: number): readonly [bigint, bigint, bigint] => {
    const [top, bottom] = by >= 0 ? [above << BigInt(by), below] : [above, below << BigInt(-by)];
    return [top / bottom, top % bottom, bottom];
  };
  if (bits(quotientAt(shift)[0]) > 64) shift -= 1;
  const [quotient, rest, bottom] = quotientAt(shift);
  const up = rest * 2n > bottom || (rest * 2n === bottom && (quotient & 1n) === 1n);
  const mantissa = quotient + (up ? 1n : 0n);
  return shift >= 0
    ? { above: mantissa, below: 1n << BigInt(shift) }
    : { above: mantissa << BigInt(-shift), below: 1n };
}

/** Whole where it is, else with ten digits after the point, the last one rounded half away from zero. */
function decimalText({ digits, exponent }: Scaled): RegoNumber {
  if (exponent >= 0) return new RegoNumber(String(digits * 10n ** BigInt(exponent)));
  const unit = 10n ** BigInt(-exponent);
  if (digits % unit === 0n) return new RegoNumber(String(digits / unit));
  const negative = digits < 0n;
  const scaledUp = (negative ? -digits : digits) * 10n ** 10n;
  const rounded = (scaledUp * 2n + unit) / (unit * 2n);
  const text = String(rounded).padStart(11, '0');
  return new RegoNumber(`${negative ? '-' : ''}${text.slice(0, -10)}.${text.slice(-10)}`);
}
