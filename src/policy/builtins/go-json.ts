import { compareTexts } from './compare.ts';
import { shownText } from './text.ts';
import { RegoNumber, RegoObject, isArray } from './value.ts';
import type { RegoValue } from './value.ts';

export interface Indentation {
  readonly prefix: string;
  readonly indent: string;
}

/**
 * JSON as Go's encoding/json writes it: keys sorted, `<`, `>`, `&`, U+2028 and U+2029 escaped, numbers as they are
 * written. Sets are arrays; a key that is no string is its JSON text.
 */
export function goJson(value: RegoValue, indentation?: Indentation): string {
  return write(value, indentation, 0);
}

function write(value: RegoValue, how: Indentation | undefined, depth: number): string {
  if (typeof value === 'string') return quote(value);
  if (value instanceof RegoNumber) return value.text;
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof RegoObject) {
    const named = value.entries.map(
      ([key, member]) => [typeof key === 'string' ? key : goJson(key), member] as const,
    );
    const members = named
      .sort(([a], [b]) => compareTexts(a, b))
      .map(([key, member]) => `${quote(key)}:${how ? ' ' : ''}${write(member, how, depth + 1)}`);
    return enclose('{', members, '}', how, depth);
  }
  const members = isArray(value) ? value : value.members;
  return enclose(
    '[',
    members.map((member) => write(member, how, depth + 1)),
    ']',
    how,
    depth,
  );
}

function enclose(
  open: string,
  members: readonly string[],
  close: string,
  how: Indentation | undefined,
  depth: number,
): string {
  if (!how || members.length === 0) return open + members.join(',') + close;
  const line = `\n${how.prefix}${how.indent.repeat(depth)}`;
  return `${open}${line}${how.indent}${members.join(`,${line}${how.indent}`)}${line}${close}`;
}

const escapes: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function quote(text: string): string {
  const escaped = shownText(text)
    .replace(/["\\]/g, '\\$&')
    .replace(/[\u0000-\u001f<>&\u2028\u2029]/g, escape);
  return `"${escaped}"`;
}

function escape(character: string): string {
  return escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
