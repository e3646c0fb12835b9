import { objectOf, setOf } from './compare.ts';
import { RegoNumber } from './value.ts';
import type { RegoEntry, RegoValue } from './value.ts';

interface Reading {
  readonly text: string;
  at: number;
}

const space = /[ \t\n\r]*/y;
const number = /-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?/y;

/**
 * Reads a value as the module dumps it (`opa_value_dump`): JSON, and sets as `{1, 2}` or `set()`, and objects with any
 * value as a key. Numbers stay text. Throws a SyntaxError.
 */
export function readValue(text: string): RegoValue {
  const reading = { text, at: 0 };
  const value = readNext(reading);
  skipSpace(reading);
  if (reading.at !== text.length) throw unexpected(reading);
  return value;
}

function readNext(reading: Reading): RegoValue {
  skipSpace(reading);
  switch (reading.text[reading.at]) {
    case '"':
      return readString(reading);
    case '[':
      reading.at += 1;
      return readItems(reading, ']');
    case '{':
      reading.at += 1;
      return readObjectOrSet(reading);
    case 's':
      return readWord(reading, 'set()', setOf([]));
    case 't':
      return readWord(reading, 'true', true);
    case 'f':
      return readWord(reading, 'false', false);
    case 'n':
      return readWord(reading, 'null', null);
    default:
      return readNumber(reading);
  }
}

function readItems(reading: Reading, end: string, read: RegoValue[] = []): readonly RegoValue[] {
  if (read.length === 0 && took(reading, end)) return read;
  if (read.length > 0 && endsOrGoesOn(reading, end)) return read;
  for (;;) {
    read.push(readNext(reading));
    if (endsOrGoesOn(reading, end)) return read;
  }
}

function readObjectOrSet(reading: Reading): RegoValue {
  if (took(reading, '}')) return objectOf([]);
  const first = readNext(reading);
  if (!took(reading, ':')) return setOf(readItems(reading, '}', [first]));
  const entries: RegoEntry[] = [[first, readNext(reading)]];
  while (!endsOrGoesOn(reading, '}')) {
    const key = readNext(reading);
    if (!took(reading, ':')) throw unexpected(reading);
    entries.push([key, readNext(reading)]);
  }
  return objectOf(entries);
}

function readString(reading: Reading): string {
  const { text, at: start } = reading;
  let end = start + 1;
  while (text[end] !== '"') {
    if (end >= text.length) throw unexpected(reading);
    end += text[end] === '\\' ? 2 : 1;
  }
  reading.at = end + 1;
  return JSON.parse(text.slice(start, end + 1)) as string;
}

function readNumber(reading: Reading): RegoNumber {
  number.lastIndex = reading.at;
  const match = number.exec(reading.text);
  if (!match) throw unexpected(reading);
  reading.at = number.lastIndex;
  return new RegoNumber(match[0]);
}

function readWord(reading: Reading, word: string, value: RegoValue): RegoValue {
  if (!reading.text.startsWith(word, reading.at)) throw unexpected(reading);
  reading.at += word.length;
  return value;
}

/** After a member: true at the end, else past the comma. */
function endsOrGoesOn(reading: Reading, end: string): boolean {
  if (took(reading, end)) return true;
  if (!took(reading, ',')) throw unexpected(reading);
  return false;
}

function took(reading: Reading, wanted: string): boolean {
  skipSpace(reading);
  if (reading.text[reading.at] !== wanted) return false;
  reading.at += 1;
  return true;
}

function skipSpace(reading: Reading): void {
  space.lastIndex = reading.at;
  space.test(reading.text);
  reading.at = space.lastIndex;
}

function unexpected({ text, at }: Reading): SyntaxError {
  return new SyntaxError(`no value of Rego: ${JSON.stringify(text.slice(at, at + 16))} at ${at}`);
}
