import { isPrintable, quote } from '../quote.ts';
import { bytesOf, runesOf } from '../text.ts';
import { pad } from './flags.ts';
import type { Flags } from './flags.ts';

/** A string by Go's fmt; undefined where the verb is none for it. */
export function formatText(value: string, verb: string, flags: Flags): string | undefined {
  switch (verb) {
    case 'v':
      return flags.sharpV ? quoted(value, flags) : pad(truncated(value, flags), flags);
    case 's':
      return pad(truncated(value, flags), flags);
    case 'q':
      return quoted(value, flags);
    case 'x':
      return hex(value, flags, '0x');
    case 'X':
      return hex(value, flags, '0X').replace(/[a-f]/g, (digit) => digit.toUpperCase());
    default:
      return undefined;
  }
}

/** At most as many characters as the precision says. */
function truncated(value: string, { precision }: Flags): string {
  return precision === undefined ? value : runesOf(value).slice(0, precision).join('');
}

function quoted(value: string, flags: Flags): string {
  const text = truncated(value, flags);
  if (flags.sharp && canBackquote(text)) return pad(`\`${text}\``, flags);
  return pad(quote(text, '"', flags.plus), flags);
}

/** Whether a text can stand between backquotes as it is: one line, without control characters but tabs. */
function canBackquote(text: string): boolean {
  return runesOf(text).every(
    (rune) => rune === '\t' || (rune !== '`' && rune !== '\ufeff' && !isControl(rune)),
  );
}

function isControl(rune: string): boolean {
  const code = rune.codePointAt(0) ?? 0;
  return code < 0x20 || code === 0x7f || (rune.length === 1 && !rune.isWellFormed() && !isPrintable(rune));
}

/** Bytes in hex; the precision counts bytes, a space parts them. */
function hex(value: string, flags: Flags, prefix: string): string {
  const bytes = bytesOf(value);
  const shown = bytes.subarray(0, flags.precision ?? bytes.length);
  if (shown.length === 0) return pad('', flags);
  const pairs = Array.from(shown, (byte) => byte.toString(16).padStart(2, '0'));
  const lead = flags.sharp ? prefix : '';
  return pad(flags.space ? pairs.map((pair) => lead + pair).join(' ') : lead + pairs.join(''), flags);
}
