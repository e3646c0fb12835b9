import { BuiltinLimitError } from '../limits.ts';
import { isPrintable } from '../quote.ts';
import { goJson } from '../go-json.ts';
import { floatText } from '../sprintf/float.ts';
import { runesOf, shownText } from '../text.ts';
import { RegoNumber, RegoObject, isArray } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { naturalOrder } from './natural-order.ts';
import { scalarValue } from './scalar.ts';

/** Writes YAML as OPA does: blocks, two spaces deep, keys in natural order, quotes only where they are needed. */
export function writeYaml(value: RegoValue): string {
  return `${block(value, 0).replace(/^\n/, '')}\n`;
}

/** A value after a key or a dash: a space and a scalar, or lines of their own, which begin with a line end. */
function block(value: RegoValue, depth: number): string {
  const line = `\n${'  '.repeat(depth)}`;
  if (value instanceof RegoObject) {
    const entries = value.entries.map(
      ([key, member]) => [typeof key === 'string' ? key : goJson(key), member] as const,
    );
    if (entries.length === 0) return '{}';
    const sorted = entries.toSorted(([a], [b]) => naturalOrder(a, b));
    return sorted.map(([key, member]) => `${line}${scalar(key, depth)}:${after(member, depth + 1)}`).join('');
  }
  if (typeof value !== 'object' || value === null || value instanceof RegoNumber) return scalar(value, depth);
  const members = isArray(value) ? value : value.members;
  if (members.length === 0) return '[]';
  return members.map((member) => `${line}-${item(member, depth + 1)}`).join('');
}

function after(value: RegoValue, depth: number): string {
  const text = block(value, depth);
  return text.startsWith('\n') ? text : ` ${text}`;
}

/** A member of a list begins on the line of its dash. */
function item(value: RegoValue, depth: number): string {
  const text = block(value, depth);
  return ` ${text.startsWith('\n') ? text.slice(1 + depth * 2) : text}`;
}

function scalar(value: RegoValue, depth: number): string {
  if (typeof value === 'string') return textScalar(shownText(value), depth);
  if (value instanceof RegoNumber) return numberText(value);
  return value === null ? 'null' : value === true ? 'true' : 'false';
}

function numberText(value: RegoNumber): string {
  const whole = /^-?\d+$/.test(value.text) ? BigInt(value.text) : undefined;
  const fits =
    whole !== undefined && (BigInt.asIntN(64, whole) === whole || BigInt.asUintN(64, whole) === whole);
  if (fits) return value.text;
  const float = Number(value.text);
  return `${float < 0 ? '-' : ''}${floatText(float, 'g', -1)}`;
}

/** Words that YAML 1.1 took for booleans, and numbers to the base of 60: quoted, for readers of that version. */
const old =
  /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$|^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const date = /^\d{4}-\d\d?-\d\d?(?:$|[Tt ])/;

function textScalar(text: string, depth: number): string {
  if (/\n/.test(text)) return lines(text, depth);
  if (meansOther(text) || old.test(text) || date.test(text)) return doubleQuoted(text);
  if (!runesOf(text).every(stands)) return doubleQuoted(text);
  const plain = !/^[ ,[\]{}#&*!|>'"%@`]|^[-?:](?: |$)|^(?:---|\.\.\.)|: |:$| #| $/.test(text);
  return plain ? text : `'${text.replaceAll("'", "''")}'`;
}

function meansOther(text: string): boolean {
  try {
    return typeof scalarValue(text) !== 'string';
  } catch {
    return true;
  }
}

/** Several lines stand as they are below a bar. */
function lines(text: string, depth: number): string {
  if (/^[ \n]|[ \t]\n|[ \t]$|\t/.test(text) || !runesOf(text.replaceAll('\n', '')).every(stands)) {
    if (/[^\u0020-\u007e\n\t]/.test(text))
      throw new BuiltinLimitError('a text of lines that is not written as YAML');
    return doubleQuoted(text);
  }
  const end = text.endsWith('\n\n') ? '+' : text.endsWith('\n') ? '' : '-';
  const indent = '  '.repeat(Math.max(depth, 1));
  const body = text.replace(/\n$/, '').split('\n');
  return `|${end}\n${body.map((one) => (one === '' ? '' : indent + one)).join('\n')}`;
}

const escapes: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

/** Whether a character stands without an escape: what prints and has no more than 16 bits. */
function stands(rune: string): boolean {
  return rune.length === 1 && isPrintable(rune);
}

function doubleQuoted(text: string): string {
  const quoted = runesOf(text).map((rune) => {
    const code = rune.codePointAt(0) ?? 0;
    if (escapes[rune] !== undefined) return escapes[rune];
    if (stands(rune)) return rune;
    const hex = code.toString(16).toUpperCase();
    return code > 0xffff
      ? `\\U${hex.padStart(8, '0')}`
      : code > 0xff
        ? `\\u${hex.padStart(4, '0')}`
        : `\\x${hex.padStart(2, '0')}`;
  });
  return `"${quoted.join('')}"`;
}
