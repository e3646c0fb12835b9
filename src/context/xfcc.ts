import { limits } from './limits.ts';
import { Refusal } from './refusal.ts';

/** One element of `x-forwarded-client-cert`: what one proxy says about its TLS client. Values unescaped. */
export interface XfccElement {
  /** SHA-256 of the client certificate's DER, hex. */
  readonly hash?: string;
  /** URL-encoded PEM of the client certificate. */
  readonly cert?: string;
  /** URL-encoded PEM of the client's whole chain, its certificate first. */
  readonly chain?: string;
  readonly subject?: string;
  readonly uri: readonly string[];
  readonly dns: readonly string[];
  /** URI names of the proxy itself. */
  readonly by: readonly string[];
}

const field = 'x-forwarded-client-cert';
const single = ['hash', 'cert', 'chain', 'subject'] as const;
const repeated = ['uri', 'dns', 'by'] as const;

interface Pair {
  readonly key: string;
  readonly value: string;
  /** Where the next character is. */
  readonly end: number;
}

/**
 * Reads the header in the format that Envoy documents: elements separated by commas, each `key=value` pairs separated
 * by semicolons; keys in any case; values in double quotes where they hold `,`, `;` or `=`, in which `\"` stands for a
 * quote and `\\` for a backslash. Anything else is a refusal: unknown keys, a second Hash, Cert, Chain or Subject,
 * text after a closing quote, an open quote, an empty element, and whatever is over the limits. Time is linear.
 */
export function parseXfcc(text: string): readonly XfccElement[] | Refusal {
  if (text.length > limits.xfccText) return new Refusal(field, 'is too long');
  const elements: XfccElement[] = [];
  let at = 0;
  for (;;) {
    if (elements.length === limits.xfccElements) return new Refusal(field, 'has too many elements');
    const read = readElement(text, at);
    if (read instanceof Refusal) return read;
    elements.push(read.element);
    if (read.end === text.length) return elements;
    at = read.end + 1;
  }
}

function readElement(text: string, start: number): { element: XfccElement; end: number } | Refusal {
  const element: { -readonly [K in keyof XfccElement]: XfccElement[K] } & Record<
    (typeof repeated)[number],
    string[]
  > = { uri: [], dns: [], by: [] };
  let at = skipSpaces(text, start);
  for (let pairs = 0; ; pairs++) {
    if (pairs === limits.xfccPairs) return new Refusal(field, 'has an element with too many pairs');
    const pair = readPair(text, at);
    if (pair instanceof Refusal) return pair;
    const once = single.find((key) => key === pair.key);
    const many = repeated.find((key) => key === pair.key);
    if (many) element[many].push(pair.value);
    else if (!once) return new Refusal(field, 'has a key that is not known');
    else if (element[once] !== undefined) return new Refusal(field, `gives ${once} twice in one element`);
    else element[once] = pair.value;
    const next = text[pair.end];
    if (next !== ';') return { element, end: pair.end };
    at = pair.end + 1;
  }
}

function readPair(text: string, start: number): Pair | Refusal {
  const equals = text.indexOf('=', start);
  // The longest key has seven letters; looking no further keeps the time linear.
  if (equals < 0 || equals - start > 7) return new Refusal(field, 'has a pair without a key');
  const key = text.slice(start, equals).toLowerCase();
  const read = text[equals + 1] === '"' ? readQuoted(text, equals + 2) : readBare(text, equals + 1);
  return read instanceof Refusal ? read : { key, ...read };
}

function readQuoted(text: string, start: number): Omit<Pair, 'key'> | Refusal {
  let value = '';
  let from = start;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') {
      const escaped = text[at + 1];
      if (escaped === '"' || escaped === '\\') {
        value += text.slice(from, at) + escaped;
        from = at + 2;
      }
      at++;
    } else if (char === '"') {
      const end = skipSpaces(text, at + 1);
      const next = text[end];
      if (next !== undefined && next !== ',' && next !== ';') {
        return new Refusal(field, 'has text after a closing quote');
      }
      return { value: value + text.slice(from, at), end };
    }
  }
  return new Refusal(field, 'has a quote that is not closed');
}

function readBare(text: string, start: number): Omit<Pair, 'key'> | Refusal {
  let end = start;
  while (end < text.length && text[end] !== ',' && text[end] !== ';') {
    if (text[end] === '"') return new Refusal(field, 'has a quote within a value');
    end++;
  }
  return { value: text.slice(start, end).trimEnd(), end };
}

function skipSpaces(text: string, start: number): number {
  let at = start;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
}
