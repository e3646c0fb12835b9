import { isPrintable, quote } from '../quote.ts';
import { floatText } from './float.ts';
import type { FloatForm } from './float.ts';
import { pad, plusSign } from './flags.ts';
import type { Flags } from './flags.ts';

const bases: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

/** A 64-bit integer by Go's fmt; undefined where the verb is none for it. */
export function formatInt(value: bigint, verb: string, flags: Flags): string | undefined {
  const base = bases[verb];
  if (base !== undefined) return integer(value, base, verb, flags);
  const rune = runeOf(value);
  if (verb === 'c') return pad(rune, flags);
  if (verb === 'q') return pad(quote(rune, "'", flags.plus), flags);
  return verb === 'U' ? pad(unicode(value, flags), flags, false) : undefined;
}

function integer(value: bigint, base: number, verb: string, flags: Flags): string {
  const negative = value < 0n;
  const sign = negative ? '-' : plusSign(flags);
  if (flags.precision === 0 && value === 0n) return ' '.repeat(flags.width ?? 0);
  const zeros = flags.zero && !flags.minus && flags.width !== undefined ? flags.width - sign.length : 0;
  const least = flags.precision ?? zeros;
  const plain = (negative ? -value : value).toString(base).padStart(least, '0');
  const digits = verb === 'X' ? plain.toUpperCase() : plain;
  return pad(sign + prefix(base, verb, digits, flags) + digits, flags, false);
}

function prefix(base: number, verb: string, digits: string, { sharp }: Flags): string {
  if (verb === 'O') return sharp && !digits.startsWith('0') ? '0o0' : '0o';
  if (!sharp) return '';
  if (base === 8) return digits.startsWith('0') ? '' : '0';
  return base === 2 ? '0b' : base === 16 ? (verb === 'X' ? '0X' : '0x') : '';
}

/** An integer beyond 64 bits, which formats itself, a little differently; undefined where the verb is none for it. */
export function formatBigInt(value: bigint, verb: string, flags: Flags): string | undefined {
  const base = verb === 's' ? 10 : bases[verb];
  if (base === undefined) return undefined;
  const sign = value < 0n ? '-' : plusSign({ ...flags, plus: flags.plus || flags.plusV });
  const before = verb === 'O' ? '0o' : flags.sharp ? bigPrefix(verb) : '';
  const plain = (value < 0n ? -value : value).toString(base);
  const digits = (verb === 'X' ? plain.toUpperCase() : plain).padStart(flags.precision ?? 0, '0');
  const missing = Math.max((flags.width ?? 0) - sign.length - before.length - digits.length, 0);
  if (flags.minus) return sign + before + digits + ' '.repeat(missing);
  if (flags.zero && flags.precision === undefined) return sign + before + '0'.repeat(missing) + digits;
  return ' '.repeat(missing) + sign + before + digits;
}

function bigPrefix(verb: string): string {
  return { b: '0b', o: '0', x: '0x', X: '0X' }[verb] ?? '';
}

function runeOf(value: bigint): string {
  const valid = value >= 0n && value <= 0x10ffffn && (value < 0xd800n || value > 0xdfffn);
  return valid ? String.fromCodePoint(Number(value)) : '\ufffd';
}

/** `U+0078`, with `#` also the character. */
function unicode(value: bigint, { sharp, precision }: Flags): string {
  const digits = BigInt.asUintN(64, value).toString(16).toUpperCase();
  const text = `U+${digits.padStart(Math.max(precision ?? 4, 4), '0')}`;
  const rune = runeOf(value);
  return sharp && value >= 0n && value <= 0x10ffffn && isPrintable(rune) ? `${text} '${rune}'` : text;
}

const floatVerbs: Readonly<Record<string, readonly [form: FloatForm, precision: number]>> = {
  v: ['g', -1],
  b: ['b', -1],
  g: ['g', -1],
  G: ['G', -1],
  x: ['x', -1],
  X: ['X', -1],
  f: ['f', 6],
  F: ['f', 6],
  e: ['e', 6],
  E: ['E', 6],
};

/** A finite double by Go's fmt; undefined where the verb is none for it. */
export function formatFloat(value: number, verb: string, flags: Flags): string | undefined {
  const [form, usual] = floatVerbs[verb] ?? [];
  if (form === undefined || usual === undefined) return undefined;
  const precision = flags.precision ?? usual;
  const plain = floatText(value, form, precision);
  const text = flags.sharp && verb !== 'b' ? withPoint(plain, verb, precision) : plain;
  const sign = value < 0 || Object.is(value, -0) ? '-' : plusSign(flags);
  const missing = (flags.width ?? 0) - sign.length - text.length;
  // Zeros go between the sign and the number.
  if (sign !== '' && flags.zero && !flags.minus && missing > 0) return sign + '0'.repeat(missing) + text;
  return pad(sign + text, flags);
}

/** `#`: always a point, and the zeros that `%g` would leave out. */
function withPoint(plain: string, verb: string, precision: number): string {
  const hex = verb === 'x' || verb === 'X';
  const at = plain.search(hex ? /[pP]/ : /[eEpP]/);
  const [number, tail] = at < 0 ? [plain, ''] : [plain.slice(0, at), plain.slice(at)];
  const asked =
    verb === 'v' || verb === 'g' || verb === 'G' || verb === 'x' ? (precision < 0 ? 6 : precision) : 0;
  const significant = number.replace('.', '').replace(/^0+/, '').length;
  const zero = !number.includes('.') && number === '0' ? 1 : 0;
  const missing = Math.max(asked - significant - zero, 0);
  return `${number}${number.includes('.') ? '' : '.'}${'0'.repeat(missing)}${tail}`;
}
