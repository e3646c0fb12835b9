import { PortreeveError } from './errors.ts';

/** A number as JSON writes it, for `JSON.stringify`: what a double cannot hold is not rounded. */
export interface RawNumber {
  readonly rawJSON: string;
}

export type ExactJson =
  | null
  | boolean
  | number
  | string
  | RawNumber
  | readonly ExactJson[]
  | { readonly [name: string]: ExactJson };

/** What ECMAScript's JSON offers beyond the types that come with the compiler ("JSON.parse source text access"). */
interface ExactRuntime {
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
  parse(
    text: string,
    revive: (key: string, value: unknown, at: { readonly source?: string }) => unknown,
  ): unknown;
}
const runtime = JSON as unknown as ExactRuntime;

/** Levels of nesting that are followed; far above what documents have, and what a reader's stack holds. */
const mostDepth = 200;

/**
 * Reads JSON (RFC 8259) without rounding: a number whose digits a double does not give back is kept as it was written.
 * The last of two members of one name counts, as in ECMAScript and in Go; lone surrogates become U+FFFD. Throws
 * PDP_INPUT_MALFORMED for what is no JSON, or nested too deeply.
 */
export function parseExactJson(text: string): ExactJson {
  if (depthOf(text) > mostDepth) throw malformed(`is nested deeper than ${mostDepth} levels`);
  try {
    if (isPlain(text)) return JSON.parse(text) as ExactJson;
    return runtime.parse(text, loneSurrogate.test(text) ? exactlyNamed : exactly) as ExactJson;
  } catch (cause) {
    throw malformed('is not JSON', cause);
  }
}

/** The number that a text of digits stands for, exact: an int64 as protobuf decoders give it. */
export function exactNumber(digits: string): number | RawNumber {
  const near = Number(digits);
  return String(near) === digits ? near : runtime.rawJSON(digits);
}

/** Whether a value is a number that was kept as it was written. */
export function isRawNumber(value: unknown): value is RawNumber {
  return runtime.isRawJSON(value);
}

/** Whether there is nothing in a text that would have to be looked at: going through every value takes ten times as long. */
function isPlain(text: string): boolean {
  return !unusualNumber.test(text) && !loneSurrogate.test(text) && text.isWellFormed();
}

/** What may begin a number that a double does not give back as it is written: many digits, a fraction, an exponent, -0. */
const unusualNumber = /(?:^|[[:,\s])(?:-0|-?(?:\d{16}|\d+[.eE]))/;

/** An escape that may be half of a pair, for the slower way; a text of UTF-8 has no other. */
const loneSurrogate = /\\u[dD][89a-fA-F]/;

/** Names as well; what a reader of UTF-8 would refuse altogether must not come to stand in an object. */
function exactlyNamed(name: string, value: unknown, at: { readonly source?: string }): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || runtime.isRawJSON(value))
    return exactly(name, value, at);
  const entries = Object.entries(value);
  if (entries.every(([key]) => key.isWellFormed())) return value;
  return Object.fromEntries(entries.map(([key, member]) => [key.toWellFormed(), member] as const));
}

function exactly(_name: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value === 'number') return String(value) === source ? value : runtime.rawJSON(source as string);
  if (typeof value === 'string') return value.toWellFormed();
  return value;
}

/**
 * Deepest nesting of brackets outside of strings; of text that is no JSON, any number. Read one by one: an expression that
 * goes over a string of a megabyte takes the whole stack.
 */
function depthOf(text: string): number {
  let [depth, deepest, quoted] = [0, 0, false];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) quoted = !quoted;
    else if (quoted) at += unit === 0x5c ? 1 : 0;
    else if (unit === 0x5b || unit === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (unit === 0x5d || unit === 0x7d) depth -= 1;
  }
  return deepest;
}

function malformed(problem: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `the text ${problem}`, { cause });
}
