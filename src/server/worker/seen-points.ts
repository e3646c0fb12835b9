import type { IdentityResolver, ResolvedCredential } from '../../identity/types.ts';
import { parseHttpUrl } from '../../lib/http-url.ts';
import { crlUrlsOf } from '../../revocation/distribution-point-urls.ts';
import { isBelowAny } from '../sources/file-or-url.ts';

/** Distribution points that certificates of connections have named: what a worker tells the parent of them. */
export interface SeenPoints {
  /** The same resolver, noticing what it resolves. */
  watch(resolver: IdentityResolver): IdentityResolver;
  /** URLs so far, at most `mostPoints`. */
  urls(): readonly string[];
}

/** Whoever has a certificate of the fleet names few; more than these are a CA gone wrong. */
export const mostPoints = 256;

/**
 * Notices the distribution points of certificates with a path to an anchor, as far as they stand below a prefix that is
 * allowed: what strangers write into certificates of their own is never asked for. Without a prefix it does nothing.
 */
export function createSeenPoints(allow: readonly string[]): SeenPoints {
  const urls = new Set<string>();
  const noticed = new WeakSet<ResolvedCredential>();
  const notice = (resolved: ResolvedCredential): void => {
    if (noticed.has(resolved)) return;
    noticed.add(resolved);
    for (const url of (resolved.paths[0]?.certificates ?? []).flatMap(crlUrlsOf)) {
      const parsed = urls.size < mostPoints && !urls.has(url) ? parseHttpUrl(url) : undefined;
      if (parsed && isBelowAny(parsed, allow)) urls.add(url);
    }
  };
  return {
    watch: (resolver) =>
      allow.length === 0
        ? resolver
        : {
            resolve: (presented) => {
              const resolved = resolver.resolve(presented);
              notice(resolved);
              return resolved;
            },
            stats: () => resolver.stats(),
          },
    urls: () => [...urls],
  };
}
