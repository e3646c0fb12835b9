import { PortreeveError } from './errors.ts';

/** A number that was not written as an integer which a double holds exactly: no integer is ever read out of it. */
export class InexactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type JsonValue = null | boolean | number | string | InexactNumber | readonly JsonValue[] | JsonObject;

/** Without a prototype: a member is there only because the text has it. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

export interface StrictJsonLimits {
  /** Levels of nesting. */
  readonly depth: number;
  /** Values in all, members and items included. */
  readonly values: number;
}

interface Reading {
  readonly text: string;
  readonly limits: StrictJsonLimits;
  at: number;
  values: number;
}

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;

/**
 * Reads JSON (RFC 8259) as a signed document has to be read: a name that is there twice is refused, since readers
 * differ over which counts; so are lone surrogates and whatever is over the limits; `1.0` and `1e3` are not integers.
 * Throws PDP_INPUT_MALFORMED.
 */
export function parseStrictJson(text: string, limits: StrictJsonLimits): JsonValue {
  if (!text.isWellFormed()) throw malformed('is not well-formed Unicode');
  const reading: Reading = { text, limits, at: 0, values: 0 };
  skipSpace(reading);
  const value = readValue(reading, 0);
  skipSpace(reading);
  if (reading.at !== text.length) throw malformed(`goes on after its end, at ${reading.at}`);
  return value;
}

/** Whether a value is an object (and no list, number or null). */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof InexactNumber)
  );
}

function readValue(reading: Reading, depth: number): JsonValue {
  if (depth > reading.limits.depth) throw malformed(`is nested deeper than ${reading.limits.depth}`);
  reading.values += 1;
  if (reading.values > reading.limits.values)
    throw malformed(`has more than ${reading.limits.values} values`);
  switch (reading.text[reading.at]) {
    case '{':
      return readObject(reading, depth);
    case '[':
      return readList(reading, depth);
    case '"':
      return readString(reading);
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

function readObject(reading: Reading, depth: number): JsonObject {
  const object = Object.create(null) as Record<string, JsonValue>;
  reading.at += 1;
  skipSpace(reading);
  if (reading.text[reading.at] === '}') {
    reading.at += 1;
    return object;
  }
  for (;;) {
    if (reading.text[reading.at] !== '"') throw unexpected(reading);
    const name = readString(reading);
    if (name in object) throw malformed(`has ${JSON.stringify(name.slice(0, 64))} twice`);
    skipSpace(reading);
    take(reading, ':');
    object[name] = readValue(reading, depth + 1);
    skipSpace(reading);
    if (endsOrGoesOn(reading, '}')) return object;
  }
}

function readList(reading: Reading, depth: number): readonly JsonValue[] {
  const list: JsonValue[] = [];
  reading.at += 1;
  skipSpace(reading);
  if (reading.text[reading.at] === ']') {
    reading.at += 1;
    return list;
  }
  for (;;) {
    list.push(readValue(reading, depth + 1));
    skipSpace(reading);
    if (endsOrGoesOn(reading, ']')) return list;
  }
}

/** The platform's own parser reads each string: it knows every escape, and what may not stand in one. */
function readString(reading: Reading): string {
  const { text, at: start } = reading;
  let end = start + 1;
  while (text[end] !== '"') {
    if (end >= text.length) throw malformed('has a string without an end');
    end += text[end] === '\\' ? 2 : 1;
  }
  reading.at = end + 1;
  const string = tryString(text.slice(start, end + 1));
  if (string === undefined || !string.isWellFormed())
    throw malformed(`has a string that is none, at ${start}`);
  return string;
}

function tryString(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}

function readNumber(reading: Reading): number | InexactNumber {
  number.lastIndex = reading.at;
  const match = number.exec(reading.text);
  if (!match) throw unexpected(reading);
  reading.at = number.lastIndex;
  const value = Number(match[0]);
  const whole = match[1] === undefined && match[2] === undefined && Number.isSafeInteger(value);
  return whole ? value : new InexactNumber(match[0]);
}

function readWord<Value>(reading: Reading, word: string, value: Value): Value {
  if (!reading.text.startsWith(word, reading.at)) throw unexpected(reading);
  reading.at += word.length;
  return value;
}

/** After a member or an item: true at the end, else past the comma. */
function endsOrGoesOn(reading: Reading, end: '}' | ']'): boolean {
  if (reading.text[reading.at] === end) {
    reading.at += 1;
    return true;
  }
  take(reading, ',');
  return false;
}

function take(reading: Reading, wanted: ':' | ','): void {
  if (reading.text[reading.at] !== wanted) throw unexpected(reading);
  reading.at += 1;
  skipSpace(reading);
}

function skipSpace(reading: Reading): void {
  space.lastIndex = reading.at;
  space.test(reading.text);
  reading.at = space.lastIndex;
}

function unexpected({ text, at }: Reading): PortreeveError {
  const found = at >= text.length ? 'its end' : JSON.stringify(text[at]);
  return malformed(`is no JSON: ${found} at ${at} is unexpected`);
}

function malformed(problem: string): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', problem);
}
