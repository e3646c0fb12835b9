import { binary, exact, rounded, shortest } from './decimal.ts';
import type { Digits } from './decimal.ts';

export type FloatForm = 'b' | 'e' | 'E' | 'f' | 'g' | 'G' | 'x' | 'X';

/**
 * A finite double as Go's strconv.FormatFloat writes it, without a sign. A precision below 0 means the fewest digits that
 * read as the same double.
 */
export function floatText(value: number, form: FloatForm, precision: number): string {
  const size = Math.abs(value);
  switch (form) {
    case 'b':
      return binaryText(size);
    case 'x':
    case 'X':
      return cased(hexText(size, precision), form === 'X');
    case 'f':
      return plain(
        digitsFor(size, precision, ({ point }) => point + precision),
        precision,
      );
    case 'e':
    case 'E':
      return cased(
        scientific(
          digitsFor(size, precision, () => precision + 1),
          precision,
        ),
        form === 'E',
      );
    default:
      return cased(general(size, precision), form === 'G');
  }
}

function digitsFor(size: number, precision: number, count: (all: Digits) => number): Digits {
  if (precision < 0) return shortest(size);
  const all = exact(size);
  return rounded(all, count(all));
}

function cased(text: string, upper: boolean): string {
  return upper ? text.toUpperCase() : text;
}

/** `123.450`; a precision below 0 means as many places as there are. */
function plain({ digits, point }: Digits, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  const places = precision < 0 ? Math.max(digits.length - point, 0) : precision;
  if (places === 0) return whole;
  const fraction = point > 0 ? digits.slice(point) : '0'.repeat(Math.min(-point, places)) + digits;
  return `${whole}.${fraction.slice(0, places).padEnd(places, '0')}`;
}

/** `1.2345e+02`; a precision below 0 means as many places as there are. */
function scientific({ digits, point }: Digits, precision: number): string {
  const places = precision < 0 ? Math.max(digits.length - 1, 0) : precision;
  const exponent = digits === '' ? 0 : point - 1;
  const fraction = places === 0 ? '' : `.${digits.slice(1, places + 1).padEnd(places, '0')}`;
  const sign = exponent < 0 ? '-' : '+';
  return `${digits[0] ?? '0'}${fraction}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** `%g`: scientific where the exponent is below -4 or not below the precision (6 of the fewest digits), else plain. */
function general(size: number, precision: number): string {
  const significant = precision === 0 ? 1 : precision;
  const found = digitsFor(size, significant, () => significant);
  const { digits, point } = found;
  // Digits that all stand before the point are not made longer by an exponent.
  const own = significant > digits.length && digits.length >= point ? digits.length : significant;
  const limit = precision < 0 ? 6 : own;
  if (point - 1 < -4 || point - 1 >= limit) return scientific(found, Math.max(digits.length - 1, 0));
  return plain(found, Math.max(digits.length - point, 0));
}

function binaryText(size: number): string {
  const { mantissa, exponent } = size === 0 ? { mantissa: 0n, exponent: -1074 } : binary(size);
  return `${mantissa}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
}

/** `0x1.8p+01`: the mantissa's leading bit before the point. */
function hexText(size: number, precision: number): string {
  let { mantissa, exponent } = size === 0 ? { mantissa: 0n, exponent: -52 } : binary(size);
  if (mantissa !== 0n) {
    while (mantissa < 1n << 52n) [mantissa, exponent] = [mantissa << 1n, exponent - 1];
  }
  if (precision >= 0 && precision < 13) {
    const dropped = BigInt(4 * (13 - precision));
    const [kept, rest, half] = [mantissa >> dropped, mantissa & ((1n << dropped) - 1n), 1n << (dropped - 1n)];
    const up = rest > half || (rest === half && (kept & 1n) === 1n);
    mantissa = (kept + (up ? 1n : 0n)) << dropped;
    if (mantissa >= 1n << 53n) [mantissa, exponent] = [mantissa >> 1n, exponent + 1];
  }
  const all = (mantissa & ((1n << 52n) - 1n)).toString(16).padStart(13, '0');
  const digits = precision < 0 ? all.replace(/0+$/, '') : all.slice(0, precision).padEnd(precision, '0');
  const power = exponent + 52;
  const sign = power < 0 ? '-' : '+';
  const point = digits === '' ? '' : `.${digits}`;
  return `0x${mantissa >> 52n}${point}p${sign}${String(Math.abs(power)).padStart(2, '0')}`;
}
