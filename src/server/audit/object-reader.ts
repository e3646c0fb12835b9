import { readFile } from 'node:fs/promises';
import type { OutsiderTrust } from '../../audit/witness/types.ts';
import type { AuditAnchorConfig } from '../../config/types.ts';
import { parseHttpDate } from '../../lib/clock.ts';
import type { Clock } from '../../lib/clock.ts';
import { isBelowUrl, parseHttpUrl } from '../../lib/http-url.ts';
import { refused, statusOf } from '../sources/failures.ts';
import { fetchLimited, readAll } from '../sources/fetch-limited.ts';
import type { FetchOptions } from '../sources/fetch-options.ts';
import { readHeadersFile } from '../sources/headers-file.ts';

/** How a store is read that needs more than an address. */
export type StoreAccess = Pick<AuditAnchorConfig, 'put' | 'ca' | 'headers_file' | 'timeout'>;

/** Bytes of a checkpoint with all its signatures. */
const mostBytes = 64 * 1024;

/** Statuses that say that there is no such object. */
const absent: readonly (number | undefined)[] = [404, 410];

/**
 * Reads objects back from where checkpoints were put: with the query, headers and CAs of the store that the URL is
 * below, where one of `stores` is. The time is the store's `Last-Modified`. Throws PDP_SOURCE_UNAVAILABLE and
 * PDP_SOURCE_REFUSED as `fetchLimited`, the second also for a store that tells no time.
 */
export function createObjectReader(
  stores: readonly StoreAccess[],
  clock: Clock,
): NonNullable<OutsiderTrust['readObject']> {
  return async (text) => {
    const url = parseHttpUrl(text);
    if (!url) throw refused(`${text}: is no http or https URL`);
    const store = stores.find(({ put }) => put !== null && isBelowUrl(url, withoutQuery(put)));
    if (store?.put) url.search = new URL(store.put).search;
    try {
      const fetched = await fetchLimited(url.href, await optionsOf(url, store), clock.now());
      if (fetched.status !== 'ok') return undefined;
      const bytes = await readAll(fetched.body);
      const at = fetched.lastModified === undefined ? undefined : parseHttpDate(fetched.lastModified);
      if (at === undefined) throw refused(`${text}: the store does not say since when it has this`);
      return { bytes, at };
    } catch (thrown) {
      if (absent.includes(statusOf(thrown))) return undefined;
      throw thrown;
    }
  };
}

function withoutQuery(put: string): URL {
  const url = new URL(put);
  url.search = '';
  return url;
}

async function optionsOf(url: URL, store: StoreAccess | undefined): Promise<FetchOptions> {
  if (store === undefined) return { maxBytes: mostBytes };
  const { ca, headers_file: headers, timeout } = store;
  const mayHave = headers !== null && url.protocol === 'https:';
  return {
    maxBytes: mostBytes,
    timeouts: { total: timeout },
    ...(ca !== null && { ca: await readFile(ca, 'latin1') }),
    ...(mayHave && { secrets: await readHeadersFile(headers) }),
  };
}
