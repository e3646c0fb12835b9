import { isIPv6 } from 'node:net';
import { objectOf } from './compare.ts';
import { unescape } from './encodings.ts';
import { OperandError, textAt } from './operands.ts';
import { bytesOf } from './text.ts';
import type { BuiltinTable } from './types.ts';

/** A URL as Go's net/url takes it apart. */
export interface GoUrl {
  readonly scheme: string;
  readonly opaque: string;
  /** Whether there is a user before the host. */
  readonly user: boolean;
  readonly host: string;
  readonly path: string;
  /** As it was written, where that says more than `path`. */
  readonly rawPath: string;
  readonly forceQuery: boolean;
  readonly omitHost: boolean;
  readonly rawQuery: string;
  readonly fragment: string;
  readonly rawFragment: string;
}

export const urlBuiltins: BuiltinTable = {
  'uri.is_valid': ([text]) => {
    if (typeof text !== 'string' || text === '') return false;
    try {
      return parseUrl(text) !== undefined;
    } catch {
      return false;
    }
  },
  'uri.parse': (args) => {
    const url = parseUrl(textAt(args, 0));
    const [hostname, port] = splitHost(url.host);
    const raw = url.rawPath === '' ? url.path : url.rawPath;
    const parts = {
      scheme: url.scheme,
      hostname,
      port,
      path: url.path,
      raw_path: raw,
      raw_query: url.rawQuery,
      fragment: url.fragment,
    };
    return objectOf(Object.entries(parts).filter(([, part]) => part !== ''));
  },
};

/** Takes a URL or a reference apart. Throws OperandError. */
export function parseUrl(text: string): GoUrl {
  const [before, fragment] = cut(text, '#');
  if (/[\u0000-\u001f\u007f]/.test(before)) throw bad();
  const named = {
    fragment: unescape(fragment),
    rawFragment: rawOf(fragment, /[A-Za-z0-9\-_.~$&+,/:;=@?!()*]/),
  };
  if (before === '*') return { ...empty, ...named, path: '*' };
  const [scheme, afterScheme] = readScheme(before);
  const forceQuery = /^[^?]*\?$/.test(afterScheme);
  const [rest, rawQuery] = forceQuery ? [afterScheme.slice(0, -1), ''] : cut(afterScheme, '?');
  const base = { ...empty, ...named, scheme, forceQuery, rawQuery };
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...base, opaque: rest };
    if (cut(rest, '/')[0].includes(':')) throw bad();
  }
  const hasHost = rest.startsWith('//') && (scheme !== '' || !rest.startsWith('///'));
  const [authority, path] = hasHost ? splitAuthority(rest.slice(2)) : ['', rest];
  return {
    ...base,
    ...(hasHost && readAuthority(scheme, authority)),
    omitHost: !hasHost && scheme !== '' && rest.startsWith('/'),
    path: unescape(path),
    rawPath: rawOf(path, /[A-Za-z0-9\-_.~$&+,/:;=@]/),
  };
}

const empty: GoUrl = {
  scheme: '',
  opaque: '',
  user: false,
  host: '',
  path: '',
  rawPath: '',
  forceQuery: false,
  omitHost: false,
  rawQuery: '',
  fragment: '',
  rawFragment: '',
};

function readScheme(text: string): readonly [scheme: string, rest: string] {
  if (text.startsWith(':')) throw bad();
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1];
  return scheme === undefined ? ['', text] : [scheme.toLowerCase(), text.slice(scheme.length + 1)];
}

function splitAuthority(text: string): readonly [authority: string, path: string] {
  const slash = text.indexOf('/');
  return slash < 0 ? [text, ''] : [text.slice(0, slash), text.slice(slash)];
}

function readAuthority(scheme: string, authority: string): Pick<GoUrl, 'user' | 'host'> {
  const at = authority.lastIndexOf('@');
  const host = readHost(scheme, authority.slice(at + 1));
  if (at < 0) return { user: false, host };
  const user = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) throw bad();
  unescape(user);
  return { user: true, host };
}

function readHost(scheme: string, host: string): string {
  const bracket = host.lastIndexOf('[');
  if (bracket > 0) throw bad();
  if (bracket === 0) return readLiteral(host);
  const [first, last] = [host.indexOf(':'), host.lastIndexOf(':')];
  // Only of these schemes a host with several colons is refused; others list several hosts.
  const port = first === last || scheme === 'http' || scheme === 'https' ? first : last;
  if (port >= 0 && !/^:\d*$/.test(host.slice(port))) throw bad();
  return unescapeHost(host);
}

/** `[::1%25zone]:80`. */
function readLiteral(host: string): string {
  const end = host.lastIndexOf(']');
  if (end < 0 || !/^(?::\d*)?$/.test(host.slice(end + 1))) throw bad();
  const inner = host.slice(1, end);
  const zone = inner.indexOf('%25');
  const address =
    zone < 0 ? unescapeHost(inner) : unescapeHost(inner.slice(0, zone)) + unescape(inner.slice(zone));
  if (!isIPv6(address)) throw bad();
  return `[${address}]${host.slice(end + 1)}`;
}

/** In a host only bytes beyond ASCII, and the percent sign, may be escaped. */
function unescapeHost(host: string): string {
  if (/%(?!25)[0-7]/.test(host)) throw bad();
  if (/[\u0000-\u007f]/.test(host.replace(/%[0-9a-fA-F]{2}|[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/g, '')))
    throw bad();
  return unescape(host);
}

function splitHost(host: string): readonly [hostname: string, port: string] {
  const [, name = host, port = ''] = /^(.*):(\d*)$/s.exec(host) ?? [];
  return [/^\[.*\]$/s.test(name) ? name.slice(1, -1) : name, port];
}

/** The text as it was written, where it is not what escaping its meaning gives. */
function rawOf(text: string, plain: RegExp): string {
  const escaped = Array.from(bytesOf(unescape(text)), (byte) => {
    const character = String.fromCharCode(byte);
    return plain.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  return escaped.join('') === text ? '' : text;
}

function cut(text: string, separator: string): readonly [before: string, after: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function bad(): OperandError {
  return new OperandError('no URL');
}
