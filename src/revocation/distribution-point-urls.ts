import { parseGeneralNames } from '../identity/general-names.ts';
import type { Certificate } from '../identity/types.ts';
import { DerReader } from '../lib/der/reader.ts';
import { contextConstructed, tags } from '../lib/der/tags.ts';
import { parseHttpUrl } from '../lib/http-url.ts';
import { crlLimits } from './limits.ts';

/** cRLDistributionPoints and freshestCRL (RFC 5280 sections 4.2.1.13 and 4.2.1.15), which have the same form. */
const extensions = ['2.5.29.31', '2.5.29.46'];
const known = new WeakMap<Certificate, readonly string[]>();

/**
 * Where a certificate says that CRLs which may list it can be had: the http and https URLs of its distribution points,
 * those of delta CRLs included, each once and as `URL` writes it. Nothing where they cannot be read; never throws.
 */
export function crlUrlsOf(certificate: Certificate): readonly string[] {
  const before = known.get(certificate);
  if (before) return before;
  const urls = new Set(extensions.flatMap((oid) => urlsIn(certificate.extensions.get(oid)?.value)));
  const found = [...urls].slice(0, crlLimits.distributionPoints);
  known.set(certificate, found);
  return found;
}

function urlsIn(value: Uint8Array | undefined): string[] {
  if (value === undefined) return [];
  try {
    const document = new DerReader(value);
    const list = document.enter(tags.sequence);
    document.end();
    const urls: string[] = [];
    do urls.push(...urlsOfPoint(list.enter(tags.sequence)));
    while (!list.done);
    return urls;
  } catch {
    // Path validation tells of an extension that cannot be read.
    return [];
  }
}

function urlsOfPoint(point: DerReader): string[] {
  const name = point.optional(contextConstructed(0));
  const fullName = name?.open().next();
  if (fullName?.tag !== contextConstructed(0)) return [];
  return parseGeneralNames(fullName.open()).flatMap((general) => {
    const url = general.kind === 'uri' ? parseHttpUrl(general.value) : undefined;
    return url ? [url.href] : [];
  });
}
