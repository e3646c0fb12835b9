/**
 * Reads an absolute `http:` or `https:` URL as RFC 3986 and the WHATWG have it; undefined for all else, for one with a
 * user, a password or a fragment, and for what a reader would have to mend (spaces, control characters, backslashes).
 */
export function parseHttpUrl(text: string): URL | undefined {
  if (text.length > 4096 || /[\s\\\p{Cc}]/u.test(text)) return undefined;
  const url = URL.parse(text);
  if (!url || !/^https?:\/\/[^/]/i.test(text)) return undefined;
  if (url.username !== '' || url.password !== '' || url.hash !== '' || text.includes('#')) return undefined;
  return url;
}

/**
 * Whether a URL stands at or below a prefix: same scheme, host and port, and the prefix's path ends at a slash or is the
 * whole path. Dots and escapes have been resolved by the reading, so that no `..` leads out.
 */
export function isBelowUrl(url: URL, prefix: URL): boolean {
  if (url.origin !== prefix.origin) return false;
  const path = `${prefix.pathname}${prefix.search}`;
  const asked = `${url.pathname}${url.search}`;
  return asked === path || (path.endsWith('/') && asked.startsWith(path));
}

/** The URL whose path has `ending` behind it; the query stays. */
export function withPathEnding(url: string, ending: string): string {
  const longer = new URL(url);
  longer.pathname += ending;
  return longer.href;
}
