import type { ExactJson } from '../../../lib/exact-json.ts';
import { PortreeveError } from '../../../lib/errors.ts';

/**
 * The path of a request as opa-envoy-plugin parses it: cut at the first `?`, percent-decoded, all leading slashes
 * removed, split at slashes, so that the empty path is `[""]`. Throws PDP_INPUT_MALFORMED for a bad escape.
 */
export function parsePath(target: string): readonly string[] {
  return percentDecode(cut(target, '?')[0]).replace(/^\/+/, '').split('/');
}

/** The query of a request's target by its parameters' names, each with its values in order. Same throws. */
export function parseQueryOf(target: string): ExactJson {
  return parseForm(cut(target, '?')[1]);
}

/**
 * Reads `application/x-www-form-urlencoded` as Go's net/url does: pieces between `&`, empty ones passed over, `+` for a
 * space, a name without `=` has the value "". Throws PDP_INPUT_MALFORMED for a bad escape and for a `;`.
 */
export function parseForm(text: string): ExactJson {
  const values = Object.create(null) as Record<string, string[]>;
  for (const piece of text.split('&')) {
    if (piece === '') continue;
    if (piece.includes(';')) throw malformed('a semicolon in the query');
    const [name, value] = cut(piece, '=').map((part) => percentDecode(part.replaceAll('+', ' ')));
    (values[name as string] ??= []).push(value as string);
  }
  return values;
}

/** What is before the first separator, and what is behind it. */
function cut(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Percent-decoding to bytes, which are then read as UTF-8; what is none becomes U+FFFD. */
function percentDecode(text: string): string {
  if (!text.includes('%')) return text;
  const bytes: Buffer[] = [];
  for (const [piece] of text.matchAll(/%(?:[0-9a-fA-F]{2})?|[^%]+/g)) {
    if (piece === '%') throw malformed('an invalid percent-escape');
    bytes.push(piece.startsWith('%') ? Buffer.from(piece.slice(1), 'hex') : Buffer.from(piece));
  }
  return Buffer.concat(bytes).toString('utf8');
}

function malformed(problem: string): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', problem);
}
