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
    const { digits, exponent } = scaled(amount, factors[unit.replace(/b$/, '')] ?? unknown(unit), 0);
    if (unit === 'b') unknown(unit);
    // Whatever is less than a byte is cut off.
    return new RegoNumber(
      String(exponent < 0 ? digits / 10n ** BigInt(-exponent) : digits * 10n ** BigInt(exponent)),
    );
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
