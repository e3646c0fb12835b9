import { loneByte, runesOf } from './text.ts';

const escapes: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** A string constant of Go with these quotes: what does not print is escaped, with `ascii` also all beyond ASCII. */
export function quote(text: string, mark: '"' | "'" = '"', ascii = false): string {
  const escaped = runesOf(text).map((rune) => (rune === mark ? `\\${mark}` : escapeRune(rune, ascii)));
  return mark + escaped.join('') + mark;
}

/** Whether a character prints, as Go has it: letters, marks, numbers, punctuation, symbols and the space. */
export function isPrintable(rune: string): boolean {
  return loneByte(rune) === undefined && printable.test(rune);
}

function escapeRune(rune: string, ascii: boolean): string {
  const known = escapes[rune];
  if (known !== undefined) return known;
  const code = rune.codePointAt(0) ?? 0;
  if (isPrintable(rune) && (!ascii || code < 0x80)) return rune;
  const byte = loneByte(rune) ?? (code < 0x20 || code === 0x7f ? code : undefined);
  if (byte !== undefined) return `\\x${hex(byte, 2)}`;
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
