import type { Config, PaceConfig } from '../../config/types.ts';
import type { Certificate } from '../../identity/types.ts';
import { parseHttpUrl } from '../../lib/http-url.ts';
import { crlUrlsOf } from '../../revocation/distribution-point-urls.ts';
import { applyCrlFile } from '../helpers/apply-crl-file.ts';
import type { CrlWorld } from '../helpers/apply-crl-file.ts';
import { isLocalAddress, literalAddress } from './address-guard.ts';
import { isBelowAny, urlLocation, usualJitter } from './file-or-url.ts';
import type { Applied, Brought, SourceEntry, SourceLocation } from './types.ts';

/** Distribution points that are followed at most, however many certificates name. */
const maxPoints = 1000;

/**
 * The sources of CRLs that a configuration names by URL, and the distribution points of CA certificates, and of those
 * that were seen in connections, as far as it allows them. CRLs sign themselves, so that http is as good as https for them.
 */
export function crlSources(
  config: Config,
  issuers: readonly Certificate[],
  seen: readonly string[] = [],
): SourceEntry[] {
  const { sources, distribution_points: points } = config.revocation;
  const configured = sources.map((source) => crlSource(source.name, urlLocation(source.url, source), source));
  const known = new Set(sources.map(({ url }) => parseHttpUrl(url)?.href));
  const further = allowedPoints([...issuers.flatMap(crlUrlsOf), ...seen], points.allow).filter(
    (url) => !known.has(url),
  );
  return [...configured, ...further.map((url) => crlSource(url, pointLocation(url, points), points))];
}

function crlSource(
  name: string,
  location: SourceLocation,
  { interval, timeout, max_bytes, max_age }: PaceConfig,
): SourceEntry {
  const pace = { interval, jitter: usualJitter, timeout, max_bytes, max_age };
  return { kind: 'crl', name, location, ...pace, signed_by: null };
}

function allowedPoints(named: readonly string[], allow: readonly string[]): string[] {
  if (allow.length === 0) return [];
  const urls = [...new Set(named)];
  return urls.filter((url) => isBelowAny(new URL(url), allow)).slice(0, maxPoints);
}

/** What a certificate names is followed only where the configuration names it too, redirects included. */
function pointLocation(
  url: string,
  { ca, allow }: Config['revocation']['distribution_points'],
): SourceLocation {
  const local = allow.filter(namesLocalHost);
  return {
    url,
    ca,
    headers_file: null,
    mayVisit: (to) => isBelowAny(to, allow),
    mayBeLocal: (to) => isBelowAny(to, local),
  };
}

function namesLocalHost(prefix: string): boolean {
  const url = new URL(prefix);
  const literal = literalAddress(url);
  return url.hostname === 'localhost' || (literal !== undefined && isLocalAddress(literal));
}

/** Brings the CRLs that a source has brought into force. Throws as `applyCrlFile`. */
export async function applyCrls({ path, from, now }: Brought, world: CrlWorld): Promise<Applied> {
  const act = { now, why: 'background source' };
  const { changed, nextUpdate, kept } = await applyCrlFile({ path, name: from }, world, act);
  return { changed, ...(nextUpdate !== undefined && { renewBy: nextUpdate }), again: !kept };
}
