import { parseHttpUrl } from '../../lib/http-url.ts';
import type { Place } from '../place.ts';
import { refuseDuplicates, type Report } from './report.ts';

/** Every list of sources in the configuration. */
export function sourceLists(root: Place): Place[] {
  return [
    root.get('revocation', 'sources'),
    root.get('inventory', 'sources'),
    root.get('policy', 'sources'),
    root.get('policy', 'shadow', 'sources'),
  ];
}

/** Sources of CRLs, which sign themselves. */
export function checkCrlSources(root: Place, report: Report): void {
  const sources = root.get('revocation', 'sources').items();
  refuseDuplicates(
    report,
    sources.map((one) => one.get('name')),
    'a source called',
  );
  for (const source of sources) checkUrlSource(source, report);
}

/**
 * Sources of one kind that are files or URLs: named once, at exactly one place, and unsigned only where nobody between
 * can change what they bring.
 */
export function checkFileOrUrlSources(list: Place, report: Report): void {
  const sources = list.items();
  refuseDuplicates(
    report,
    sources.map((one) => one.get('name')),
    'a source called',
  );
  for (const source of sources) {
    const [file, url] = [source.get('file'), source.get('url')];
    if (file.present === url.present) report.refuse(source, 'must have exactly one of file and url');
    if (url.text?.startsWith('http:') && !source.get('signed_by').present)
      report.refuse(
        url,
        'is http and not signed: whoever is on the way could change it; set signed_by, or use https',
      );
    checkUrlSource(source, report);
  }
}

/**
 * Where the keys of a verifier are published: one place, and no http, since whoever is on the way could put his own keys
 * there.
 */
export function checkKeySource(source: Place, report: Report): void {
  const [file, url] = [source.get('file'), source.get('url')];
  if (source.present && file.present === url.present)
    report.refuse(source, 'must have exactly one of file and url');
  if (url.text?.startsWith('http:'))
    report.refuse(url, 'is http: whoever is on the way could change the keys; use https, or a file');
  checkUrlSource(source, report);
}

/** Places of bundles: one each, and unsigned only where nobody between can change what they bring. */
export function checkBundleSources(sources: readonly Place[], signed: boolean, report: Report): void {
  refuseDuplicates(
    report,
    sources.map((one) => one.get('name')),
    'a source called',
  );
  for (const source of sources) {
    const url = source.get('url');
    if (['file', 'folder', 'url'].filter((key) => source.get(key).present).length !== 1)
      report.refuse(source, 'must have exactly one of file, folder and url');
    if (url.text?.startsWith('http:') && !signed)
      report.refuse(
        url,
        'is http, and bundles need not be signed: whoever is on the way could change it; set policy.signed_by, or use https',
      );
    checkUrlSource(source, report);
  }
}

/** Secrets only where nobody on the way reads them, and a CA only where there is TLS. */
function checkUrlSource(source: Place, report: Report): void {
  const url = parseHttpUrl(source.get('url').text ?? '');
  if (url?.protocol !== 'http:') return;
  const headers = source.get('headers_file');
  if (headers.present) report.refuse(headers, 'would be sent in the clear: the url must be https');
  const ca = source.get('ca');
  if (
    ca.present &&
    !source
      .get('redirects')
      .items()
      .some((one) => one.text?.startsWith('https:'))
  )
    report.warn(ca, 'counts for nothing: the url is http');
}
