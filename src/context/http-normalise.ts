import { isIPv6 } from 'node:net';
import { inOnePiece } from '../lib/text.ts';
import { limits } from './limits.ts';
import { Refusal } from './refusal.ts';
import { checkText } from './text.ts';
import type { ConnectionContext, RawConnection } from './types.ts';

type Http = NonNullable<ConnectionContext['http']>;

/**
 * Method, host and path in the one form that policies see; see the three readers below. A proxy says method and path of
 * every request: without them it is refused, unless `partial`, where they are empty.
 */
export function normaliseHttp(raw: NonNullable<RawConnection['http']>, partial = false): Http | Refusal {
  const method = partial && !raw.method ? '' : readMethod(raw.method ?? '');
  if (method instanceof Refusal) return method;
  const host = readHost(raw.host ?? '');
  if (host instanceof Refusal) return host;
  const path = partial && !raw.path ? '' : readPath(method, raw.path ?? '');
  if (path instanceof Refusal) return path;
  return { host, method, path };
}

/** A token of RFC 9110 section 5.6.2, upper-case. */
function readMethod(text: string): string | Refusal {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/.test(text)) return new Refusal('http.method', 'is not a method');
  return text.toUpperCase();
}

/** Lower-case, without port and without the root's dot; empty where the request names no host. */
function readHost(text: string): string | Refusal {
  if (text === '') return '';
  const field = 'http.host';
  if (text.length > limits.idText) return new Refusal(field, 'is too long');
  const parts = /^(\[[0-9a-fA-F:.]+\]|[0-9A-Za-z._-]+)(?::\d{1,5})?$/.exec(text);
  if (!parts) return new Refusal(field, 'is not a host name');
  const host = (parts[1] as string).toLowerCase();
  if (host.startsWith('['))
    return isIPv6(host.slice(1, -1)) ? host : new Refusal(field, 'is not an IPv6 address');
  return host.length > 1 && host.endsWith('.') ? host.slice(0, -1) : host;
}

/**
 * The path without query, percent-decoded exactly once, with dot segments removed (RFC 3986 section 5.2.4) and
 * runs of slashes made one.
 *
 * Refused, because program and upstream could read it differently: bad escapes, escapes that are not UTF-8, encoded
 * or plain backslashes, encoded slashes (`%2F` would become a separator that the upstream may not see), control
 * characters, `#`, and `..` above the root. `*` is for OPTIONS and the empty path for CONNECT only.
 */
function readPath(method: string, text: string): string | Refusal {
  const field = 'http.path';
  if (text.length > limits.pathText) return new Refusal(field, 'is too long');
  const query = text.indexOf('?');
  const path = query < 0 ? text : text.slice(0, query);
  if (path === '*' && method === 'OPTIONS') return path;
  if (path === '' && method === 'CONNECT') return path;
  if (!path.startsWith('/')) return new Refusal(field, 'does not begin with a slash');
  if (/%2f|%5c|\\|#/i.test(path))
    return new Refusal(field, 'holds an encoded slash, a backslash or a fragment');
  const decoded = decodeOnce(path);
  if (decoded === undefined) return new Refusal(field, 'holds a malformed escape');
  return checkText(field, decoded, limits.pathText) ?? removeDotSegments(decoded);
}

function decodeOnce(path: string): string | undefined {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function removeDotSegments(path: string): string | Refusal {
  // A copy: a piece of a text keeps all of it for as long as the piece is kept.
  if (!/\/[./]/.test(path)) return inOnePiece('/', path.slice(1));
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  const last = segments.at(-1) as string;
  for (const segment of segments) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') kept.push(segment);
    else if (kept.pop() === undefined) return new Refusal('http.path', 'climbs above the root');
  }
  const directory = kept.length > 0 && (last === '' || last === '.' || last === '..');
  return inOnePiece('/', kept.join('/'), directory ? '/' : '');
}
