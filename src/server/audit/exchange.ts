import { readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import type { EpochMs } from '../../lib/clock.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import { parseHttpUrl } from '../../lib/http-url.ts';
import { busy, refused, shownUrl } from '../sources/failures.ts';
import type { FetchOptions } from '../sources/fetch-options.ts';
import { readHeadersFile } from '../sources/headers-file.ts';
import { limitedBody, refuseBody } from '../sources/http-body.ts';
import { readAll } from '../sources/fetch-limited.ts';
import { sendRequest } from '../sources/http-request.ts';
import { readRetryAfter } from '../sources/retry-after.ts';
import { startWatchdog } from '../sources/watchdog.ts';

/** What is sent to an outsider. */
export interface Sending {
  readonly url: string;
  readonly method: 'POST' | 'PUT';
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** File of further headers, read anew each time; null = none. */
  readonly headersFile: string | null;
  /** PEM file of the CAs that a TLS server must chain to; null = the platform's. */
  readonly ca: string | null;
  /** PEM files of what is shown to a TLS server that asks for it, read anew each time. */
  readonly client?: { readonly certificate: string; readonly key: string };
  /** Most time for all of it (ms). */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Statuses whose answer is wanted, with its body; any other is thrown. */
  readonly wanted: readonly number[];
  /** Bytes of body after which the answer is cut off. */
  readonly maxBytes: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** Longest time to a connection, and longest silence (ms). */
const mostSilence = 10_000;

/**
 * Sends a body to an outsider and reads the answer; redirects are not followed. Throws PDP_SOURCE_UNAVAILABLE (down,
 * late, cut off, or an error of the server's own, with the time that it asked for: `retryAfterOf`) and
 * PDP_SOURCE_REFUSED for any other status that is not wanted.
 */
export async function exchange(o: Sending, now: EpochMs): Promise<Answer> {
  const url = parseHttpUrl(o.url);
  if (!url) throw refused(`${o.url}: is no http or https URL`);
  const about = shownUrl(url);
  const options = await optionsOf(o, url);
  const silence = Math.min(mostSilence, o.timeout);
  const timeouts = { connect: silence, idle: silence, total: o.timeout };
  const watchdog = startWatchdog(about, timeouts, o.signal);
  try {
    const headers = { ...options.headers, ...options.secrets };
    const response = await sendRequest(url, headers, options, watchdog, timeouts);
    const { statusCode: status = 0 } = response;
    if (!o.wanted.includes(status)) {
      response.destroy();
      const told = `${about}: answers ${status}`;
      throw status >= 500 || status === 429
        ? busy(told, readRetryAfter(response.headers['retry-after'], now))
        : refused(told);
    }
    const reading = { about, maxBytes: o.maxBytes, idleMs: silence, watchdog };
    const body = hasNone(status, response.headers)
      ? new Uint8Array()
      : await readAll(limitedBody(response, refuseBody(response, reading), reading));
    response.destroy();
    return { status, headers: response.headers, body };
  } catch (thrown) {
    throw watchdog.failure ?? asPortreeveError(thrown, 'PDP_SOURCE_UNAVAILABLE');
  } finally {
    watchdog.stop();
  }
}

async function optionsOf(o: Sending, url: URL): Promise<FetchOptions> {
  if (o.headersFile !== null && url.protocol !== 'https:')
    throw refused(`${shownUrl(url)}: headers of ${o.headersFile} are sent by https only`);
  return {
    ...{ method: o.method, body: o.body, maxBytes: o.maxBytes, signal: o.signal },
    headers: { ...o.headers, 'content-length': String(o.body.byteLength) },
    ...(o.headersFile !== null && { secrets: await readHeadersFile(o.headersFile) }),
    ...(o.ca !== null && { ca: await readFile(o.ca, 'latin1') }),
    ...(o.client && { client: await readClient(o.client) }),
  };
}

async function readClient({
  certificate,
  key,
}: NonNullable<Sending['client']>): Promise<FetchOptions['client']> {
  return { cert: await readFile(certificate, 'latin1'), key: await readFile(key, 'latin1') };
}

/** An answer that says nothing about a body has none that is needed. */
function hasNone(status: number, headers: IncomingHttpHeaders): boolean {
  const announced = headers['content-length'] ?? headers['transfer-encoding'];
  return status === 204 || announced === undefined || headers['content-length'] === '0';
}
