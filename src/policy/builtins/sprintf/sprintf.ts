import { BuiltinLimitError, builtinLimits } from '../limits.ts';
import { arrayAt, textAt } from '../operands.ts';
import type { BuiltinTable } from '../types.ts';
import { argumentOf, formatArgument } from './argument.ts';
import type { Argument } from './argument.ts';
import { noFlags } from './flags.ts';
import type { Flags } from './flags.ts';

export const sprintfBuiltins: BuiltinTable = {
  sprintf: (args) => sprintf(textAt(args, 0), arrayAt(args, 1).map(argumentOf)),
};

interface Formatting {
  readonly format: string;
  readonly args: readonly Argument[];
  at: number;
  /** Of the argument that comes next. */
  next: number;
  /** An index was given somewhere: then arguments that are left over are not told. */
  reordered: boolean;
  /** The index right before the next item was given. */
  afterIndex: boolean;
  goodIndex: boolean;
  written: string;
}

/** Widths and precisions beyond this are taken for a mistake. */
const mostWidth = 1_000_000;

/** Formats as Go's fmt.Sprintf does (https://pkg.go.dev/fmt), mistakes told within the text. */
export function sprintf(format: string, args: readonly Argument[]): string {
  const formatting: Formatting = {
    format,
    args,
    at: 0,
    next: 0,
    reordered: false,
    afterIndex: false,
    goodIndex: true,
    written: '',
  };
  while (formatting.at < format.length) {
    const verb = format.indexOf('%', formatting.at);
    write(formatting, format.slice(formatting.at, verb < 0 ? format.length : verb));
    if (verb < 0) break;
    formatting.at = verb + 1;
    formatting.goodIndex = true;
    formatVerb(formatting);
  }
  const { reordered, next } = formatting;
  if (!reordered && next < args.length) write(formatting, extra(args.slice(next)));
  return formatting.written;
}

function formatVerb(formatting: Formatting): void {
  const flags = readFlags(formatting);
  readIndex(formatting);
  readWidth(formatting, flags);
  readPrecision(formatting, flags);
  if (!formatting.afterIndex) readIndex(formatting);
  const rune = formatting.format.codePointAt(formatting.at);
  if (rune === undefined) return write(formatting, '%!(NOVERB)');
  const verb = String.fromCodePoint(rune);
  formatting.at += verb.length;
  const argument = formatting.args[formatting.next];
  const shown = verb.isWellFormed() ? verb : '\ufffd';
  if (verb === '%') return write(formatting, '%');
  if (!formatting.goodIndex) return write(formatting, `%!${shown}(BADINDEX)`);
  if (!argument) return write(formatting, `%!${shown}(MISSING)`);
  if (verb === 'v' || verb === 'w') {
    Object.assign(flags, { sharpV: flags.sharp, sharp: false, plusV: flags.plus, plus: false });
  }
  formatting.next += 1;
  write(formatting, formatArgument(argument, shown, flags));
}

function readFlags(formatting: Formatting): Flags {
  const flags = noFlags();
  formatting.afterIndex = false;
  for (; ; formatting.at += 1) {
    switch (formatting.format[formatting.at]) {
      case '#':
        flags.sharp = true;
        break;
      case '0':
        flags.zero = true;
        break;
      case '+':
        flags.plus = true;
        break;
      case '-':
        flags.minus = true;
        break;
      case ' ':
        flags.space = true;
        break;
      default:
        return flags;
    }
  }
}

/** `[3]`: which argument comes next. */
function readIndex(formatting: Formatting): void {
  const { format, at, args } = formatting;
  formatting.afterIndex = false;
  if (format[at] !== '[') return;
  formatting.reordered = true;
  const end = format.indexOf(']', at + 1);
  if (end < 0) {
    formatting.goodIndex = false;
    formatting.at += 1;
    return;
  }
  const text = format.slice(at + 1, end);
  const index = /^\d{1,7}$/.test(text) ? Number(text) - 1 : undefined;
  formatting.at = end + 1;
  formatting.afterIndex = index !== undefined;
  if (index === undefined || index < 0 || index >= args.length) formatting.goodIndex = false;
  else formatting.next = index;
}

function readWidth(formatting: Formatting, flags: Flags): void {
  if (formatting.format[formatting.at] === '*') {
    formatting.at += 1;
    const width = takeInt(formatting);
    if (width === undefined) write(formatting, '%!(BADWIDTH)');
    flags.width = width === undefined ? undefined : Math.abs(width);
    if (width !== undefined && width < 0) Object.assign(flags, { minus: true, zero: false });
    formatting.afterIndex = false;
    return;
  }
  flags.width = readNumber(formatting);
  if (formatting.afterIndex && flags.width !== undefined) formatting.goodIndex = false;
}

function readPrecision(formatting: Formatting, flags: Flags): void {
  const { format, at } = formatting;
  if (format[at] !== '.' || at + 1 >= format.length) return;
  formatting.at += 1;
  if (formatting.afterIndex) formatting.goodIndex = false;
  readIndex(formatting);
  if (format[formatting.at] !== '*') {
    flags.precision = readNumber(formatting) ?? 0;
    return;
  }
  formatting.at += 1;
  const precision = takeInt(formatting);
  flags.precision = precision !== undefined && precision >= 0 ? precision : undefined;
  if (flags.precision === undefined) write(formatting, '%!(BADPREC)');
  formatting.afterIndex = false;
}

/** Digits of the format; a number beyond all sense ends it. */
function readNumber(formatting: Formatting): number | undefined {
  const digits = /^\d*/.exec(formatting.format.slice(formatting.at, formatting.at + 64))?.[0] ?? '';
  if (digits === '') return undefined;
  // A further digit is looked at only while what is there is within the limit.
  if (Number(digits.slice(0, -1)) > mostWidth) {
    formatting.at = formatting.format.length;
    return undefined;
  }
  formatting.at += digits.length;
  return Number(digits);
}

/** The next argument as a width or precision (`*`). */
function takeInt(formatting: Formatting): number | undefined {
  const argument = formatting.args[formatting.next];
  if (!argument) return undefined;
  formatting.next += 1;
  if (argument.type !== 'int64') return undefined;
  const value = Number(argument.value);
  return Math.abs(value) > mostWidth ? undefined : value;
}

function extra(args: readonly Argument[]): string {
  const told = args.map((argument) => `${argument.type}=${formatArgument(argument, 'v', noFlags())}`);
  return `%!(EXTRA ${told.join(', ')})`;
}

function write(formatting: Formatting, text: string): void {
  formatting.written += text;
  if (formatting.written.length > builtinLimits.resultCharacters) {
    throw new BuiltinLimitError('a formatted text that is too long');
  }
}
