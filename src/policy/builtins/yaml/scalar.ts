import { OperandError } from '../operands.ts';
import { numberOf } from '../number.ts';
import type { RegoNumber } from '../value.ts';
import type { RegoValue } from '../value.ts';

const words: Readonly<Record<string, null | boolean>> = {
  '': null,
  '~': null,
  ...all(['null', 'Null', 'NULL'], null),
  ...all(['true', 'True', 'TRUE'], true),
  ...all(['false', 'False', 'FALSE'], false),
};

const whole = /^([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/** What a plain scalar means (YAML 1.2's core schema, octal numbers also as `017`, underscores between digits). */
export function scalarValue(text: string): RegoValue {
  const word = Object.hasOwn(words, text) ? words[text] : undefined;
  if (word !== undefined) return word;
  // Without a form in JSON, and so no value of Rego.
  if (/^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/.test(text))
    throw new OperandError('a number that is none');
  if (!/^[-+.0-9]/.test(text)) return text;
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '');
  return wholeValue(plain) ?? floatValue(plain) ?? text;
}

function wholeValue(text: string): RegoNumber | undefined {
  const [, sign, hex, binary, octal, decimal] = whole.exec(text) ?? [];
  const digits = hex ? `0x${hex}` : binary ? `0b${binary}` : octal ? `0o${octal}` : decimal;
  if (digits === undefined) return undefined;
  const size = BigInt(digits);
  const value = sign === '-' ? -size : size;
  // Beyond 64 bits it is read as a double.
  const fits = BigInt.asIntN(64, value) === value || (sign !== '-' && BigInt.asUintN(64, value) === value);
  return fits ? numberOf(value) : undefined;
}

function floatValue(text: string): RegoNumber | undefined {
  if (!float.test(text)) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) throw new OperandError('a number that is too large');
  return numberOf(value);
}

function all(texts: readonly string[], value: null | boolean): Readonly<Record<string, null | boolean>> {
  return Object.fromEntries(texts.map((text) => [text, value]));
}
