import { readFile } from 'node:fs/promises';
import type { ReadObject } from '../../audit/witness/types.ts';
import type { AuditAnchorConfig } from '../../config/types.ts';
import { parseHttpDate } from '../../lib/clock.ts';
import type { Clock } from '../../lib/clock.ts';
import { asPortreeveError, describeThrown } from '../../lib/errors.ts';
import { isBelowUrl, parseHttpUrl } from '../../lib/http-url.ts';
import { refused, shownUrl, statusOf } from '../sources/failures.ts';
import { fetchLimited, readAll } from '../sources/fetch-limited.ts';
import type { FetchOptions } from '../sources/fetch-options.ts';
import { readHeadersFile } from '../sources/headers-file.ts';

/** How a store is read that needs more than an address. */
export type StoreAccess = Pick<AuditAnchorConfig, 'put' | 'ca' | 'headers_file' | 'timeout'>;

/** Bytes of a checkpoint with all its signatures. */
const mostBytes = 64 * 1024;

/** Statuses that say that there is no such object. */
const absent: readonly (number | undefined)[] = [404, 410];

/** Silences in a row after which a store is left alone: each may take as long as its limit of time. */
const mostFailures = 3;

/**
 * Reads objects back from where checkpoints were put, with the query, headers and CAs of the store that the URL is below.
 * The addresses stand in the log, which anybody may have written: what is below none of `stores` is not asked for. The
 * time is the store's `Last-Modified`. What cannot be had (store down, late, in another form, without a time) is
 * `unread`, and a store that does not answer three times in a row is not asked again.
 */
export function createObjectReader(stores: readonly StoreAccess[], clock: Clock): ReadObject {
  const failures = new Map<StoreAccess, number>();
  return async (text) => {
    const url = parseHttpUrl(text);
    const store = url && stores.find(({ put }) => put !== null && isBelowUrl(url, withoutQuery(put)));
    if (!url || !store?.put) return { unread: 'its address is below no store that is trusted' };
    const failed = failures.get(store) ?? 0;
    if (failed >= mostFailures) return { unread: `${withoutQuery(store.put).href} was given up` };
    url.search = new URL(store.put).search;
    try {
      const object = await readOne(url, store, clock);
      failures.delete(store);
      return object;
    } catch (thrown) {
      if (isSilent(thrown)) failures.set(store, failed + 1);
      return { unread: describeThrown(thrown) };
    }
  };
}

/** Whether nobody answered, which takes time; who answers with an error is asked on. */
function isSilent(thrown: unknown): boolean {
  const { code } = asPortreeveError(thrown);
  return code === 'PDP_SOURCE_UNAVAILABLE' && statusOf(thrown) === undefined;
}

/** Throws PDP_SOURCE_UNAVAILABLE and PDP_SOURCE_REFUSED as `fetchLimited`, the second also without a time. */
async function readOne(url: URL, store: StoreAccess, clock: Clock): ReturnType<ReadObject> {
  try {
    const fetched = await fetchLimited(url.href, await optionsOf(url, store), clock.now());
    if (fetched.status !== 'ok') return undefined;
    const bytes = await readAll(fetched.body);
    const at = fetched.lastModified === undefined ? undefined : parseHttpDate(fetched.lastModified);
    if (at === undefined) throw refused(`${shownUrl(url)}: the store does not say since when it has this`);
    return { bytes, at };
  } catch (thrown) {
    if (absent.includes(statusOf(thrown))) return undefined;
    throw thrown;
  }
}

function withoutQuery(put: string): URL {
  const url = new URL(put);
  url.search = '';
  return url;
}

async function optionsOf(
  url: URL,
  { ca, headers_file: headers, timeout }: StoreAccess,
): Promise<FetchOptions> {
  const mayHave = headers !== null && url.protocol === 'https:';
  return {
    maxBytes: mostBytes,
    timeouts: { total: timeout },
    ...(ca !== null && { ca: await readFile(ca, 'latin1') }),
    ...(mayHave && { secrets: await readHeadersFile(headers) }),
  };
}
