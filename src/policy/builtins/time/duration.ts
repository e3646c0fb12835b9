import { OperandError } from '../operands.ts';

/** Nanoseconds. */
const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Units of OPA's own, in hours. */
const long: Readonly<Record<string, number>> = { d: 24, w: 168, y: 8760 };

const most = 1n << 63n;

/** Reads a duration as OPA does (`1h30m`, `-1.5s`, `2d`, `1w`, `1y`) into nanoseconds. Throws OperandError. */
export function parseDuration(text: string): bigint {
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return 0n;
  if (rest === '') throw bad();
  let sum = 0n;
  const part = /(\d*)(\.\d*)?([^\d.]+)/y;
  for (let at = 0; at < rest.length; at = part.lastIndex) {
    part.lastIndex = at;
    const match = part.exec(rest);
    if (!match) throw bad();
    sum += nanoseconds(match[1] ?? '', (match[2] ?? '').slice(1), match[3] ?? '');
    if (sum > most) throw bad();
  }
  const value = sign === '-' ? -sum : sum;
  if (value >= most) throw bad();
  return value;
}

function nanoseconds(whole: string, fraction: string, unit: string): bigint {
  if (whole === '' && fraction === '') throw bad();
  const hours = Object.hasOwn(long, unit) ? long[unit] : undefined;
  if (hours !== undefined) return inHours(whole, fraction, hours);
  const size = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (size === undefined) throw bad();
  const value = BigInt(whole === '' ? '0' : whole);
  if (value > most / size) throw bad();
  return value * size + fractionOf(fraction, size);
}

/** A fraction of a unit, reckoned as Go does: digits that 63 bits hold, in doubles. */
function fractionOf(digits: string, size: bigint): bigint {
  let [value, scale] = [0n, 1];
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (value > (most - 1n) / 10n || next > most) break;
    [value, scale] = [next, scale * 10];
  }
  return value === 0n ? 0n : BigInt(Math.trunc(Number(value) * (Number(size) / scale)));
}

/** Days, weeks and years are made hours first, in doubles. */
function inHours(whole: string, fraction: string, hours: number): bigint {
  const value = Number(`${whole === '' ? '0' : whole}.${fraction === '' ? '0' : fraction}`) * hours;
  if (!(value < 1e15)) throw bad();
  const [digits = '0', places = ''] = plain(value).split('.');
  return nanoseconds(digits, places, 'h');
}

/** Shortest digits without an exponent. */
function plain(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  const [digits = '', exponent = '0'] = text.split('e-');
  return `0.${'0'.repeat(Number(exponent) - 1)}${digits.replace('.', '')}`;
}

function bad(): OperandError {
  return new OperandError('no duration');
}
