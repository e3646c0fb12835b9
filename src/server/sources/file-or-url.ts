import type { FileOrUrlSourceConfig, InventorySourceConfig, UrlSourceConfig } from '../../config/types.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { isBelowUrl } from '../../lib/http-url.ts';
import type { SourceEntry, SourceKind, SourceLocation, SourceSpec } from './types.ts';

/** Share of the interval by which the times of asking are strewn. */
export const usualJitter = 0.1;

/** A configured source that is a file or a URL, signed or not, as what it brings. */
export function fileOrUrlSource(kind: SourceKind, source: FileOrUrlSourceConfig): SourceEntry {
  const { name, file, url, interval, timeout, max_bytes, max_age, signed_by } = source;
  const location = url === null ? { file: file ?? '' } : urlLocation(url, source);
  return { kind, name, location, interval, jitter: usualJitter, timeout, max_bytes, max_age, signed_by };
}

/** A configured source of inventory: besides its bytes it matters whose they are, and how they are read. */
export function inventorySource(source: InventorySourceConfig): SourceEntry {
  const { kind, tenant, format, columns, whole } = source;
  const reading = sha256Hex(Buffer.from(canonicalJson({ tenant, format, columns, whole })));
  return { ...fileOrUrlSource(kind, source), reading };
}

/** A configured URL: redirects stay within its origin, but for the prefixes that are named. */
export function urlLocation(
  url: string,
  { ca, headers_file, redirects }: Omit<UrlSourceConfig, 'url'>,
): SourceLocation {
  return { url, ca, headers_file, mayVisit: mayVisit(redirects) };
}

/** Whether a redirect may be followed: within the origin, and to the prefixes that are named. */
export function mayVisit(redirects: readonly string[]): (url: URL, same: boolean) => boolean {
  return (url, same) => same || isBelowAny(url, redirects);
}

/** Whether a URL stands below one of these prefixes. */
export function isBelowAny(url: URL, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => isBelowUrl(url, new URL(prefix)));
}

/** Sources of one kind whose keys stand in the same file: what is signed for one must not be taken for another's. */
export function toldApart(specs: readonly SourceSpec[]): SourceSpec[] {
  const alike = (one: SourceSpec, other: SourceSpec): boolean =>
    one !== other && one.kind === other.kind && one.signed_by === other.signed_by;
  return specs.map((spec) => {
    const shared = spec.signed_by !== null && specs.some((other) => alike(spec, other));
    return shared ? { ...spec, must_name: true } : spec;
  });
}
