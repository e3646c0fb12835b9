import type { IncomingMessage } from 'node:http';
import type { EpochMs } from '../../lib/clock.ts';
import { parseHttpUrl } from '../../lib/http-url.ts';
import { busy, refused, shownUrl, unavailable } from './failures.ts';
import { defaultTimeouts } from './fetch-options.ts';
import type { FetchOptions, FetchTimeouts, Fetched, Validators } from './fetch-options.ts';
import { limitedBody, refuseBody } from './http-body.ts';
import { sendRequest } from './http-request.ts';
import { readRetryAfter } from './retry-after.ts';
import { startWatchdog } from './watchdog.ts';
import type { Watchdog } from './watchdog.ts';

/**
 * Fetches over HTTP or HTTPS under limits: trust, time, size and redirects are all bounded, and nothing is read but
 * what was asked for. `unchanged` answers a condition (ETag, Last-Modified). `now` is for Retry-After dates.
 *
 * Throws PDP_SOURCE_UNAVAILABLE where the server is down, late, cuts its answer off or answers an error
 * (`retryAfterOf` tells what it asked for), and PDP_SOURCE_REFUSED where it sends too much, in a form that was not
 * asked for, or leads where it may not: in circles, from https to http, to another origin, to this machine.
 */
export async function fetchLimited(url: string, o: FetchOptions, now: EpochMs): Promise<Fetched> {
  const first = parseHttpUrl(url);
  if (!first) throw refused(`${url}: is no http or https URL`);
  const timeouts = { ...defaultTimeouts, ...o.timeouts };
  const watchdog = startWatchdog(shownUrl(first), timeouts, o.signal);
  try {
    const fetched = await follow(first, o, watchdog, timeouts, now);
    if (fetched.status === 'unchanged') watchdog.stop();
    return fetched;
  } catch (thrown) {
    watchdog.stop();
    throw watchdog.failure ?? thrown;
  }
}

async function follow(
  first: URL,
  o: FetchOptions,
  watchdog: Watchdog,
  timeouts: FetchTimeouts,
  now: EpochMs,
): Promise<Fetched> {
  const visited = new Set<string>();
  for (let url = first; ;) {
    visited.add(url.href);
    const response = await sendRequest(url, headersFor(url, first, o), o, watchdog, timeouts);
    try {
      const next = nextUrl(response, url, first, o);
      if (next === undefined) return receive(response, url, o, watchdog, timeouts, now);
      if (visited.has(next.href))
        throw refused(`${shownUrl(first)}: redirected in a circle (${shownUrl(next)})`);
      if (visited.size > (o.maxRedirects ?? 5)) throw refused(`${shownUrl(first)}: too many redirects`);
      url = next;
      response.destroy();
    } catch (thrown) {
      response.destroy();
      throw thrown;
    }
  }
}

function headersFor(url: URL, first: URL, o: FetchOptions): Record<string, string> {
  return {
    ...o.headers,
    ...(url.origin === first.origin && o.secrets),
    ...(o.etag !== undefined && { 'if-none-match': o.etag }),
    ...(o.lastModified !== undefined && { 'if-modified-since': o.lastModified }),
    ...(o.body && { 'content-length': String(o.body.byteLength) }),
  };
}

const redirects: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308]);

/** Where an answer leads; undefined where it is no redirect. */
function nextUrl(response: IncomingMessage, url: URL, first: URL, o: FetchOptions): URL | undefined {
  if (!redirects.has(response.statusCode)) return undefined;
  const about = `${shownUrl(first)}: ${shownUrl(url)} redirects`;
  if (o.method === 'POST') throw refused(`${about} a POST`);
  const target = response.headers.location;
  const next = target === undefined ? null : URL.parse(target, url);
  if (next) next.hash = '';
  const checked = next && parseHttpUrl(next.href);
  if (!checked) throw refused(`${about} to no http or https URL`);
  if (url.protocol === 'https:' && checked.protocol === 'http:')
    throw refused(`${about} from https to http (${shownUrl(checked)})`);
  const same = checked.origin === url.origin || isUpgrade(url, checked);
  if (!(o.mayVisit ? o.mayVisit(checked, same) : same))
    throw refused(`${about} to where it may not lead (${shownUrl(checked)})`);
  return checked;
}

/** The same host by TLS, both on their usual ports. */
function isUpgrade(from: URL, to: URL): boolean {
  return from.protocol === 'http:' && to.origin === `https://${from.hostname}` && from.port === '';
}

function receive(
  response: IncomingMessage,
  url: URL,
  o: FetchOptions,
  watchdog: Watchdog,
  timeouts: FetchTimeouts,
  now: EpochMs,
): Fetched {
  const { statusCode, headers } = response;
  const about = shownUrl(url);
  if (statusCode === 304 && (o.etag !== undefined || o.lastModified !== undefined)) {
    response.destroy();
    return { status: 'unchanged', url: url.href, ...validatorsOf(response) };
  }
  if (statusCode !== 200) {
    throw busy(
      `${about}: answers ${statusCode ?? 'nothing'}`,
      readRetryAfter(headers['retry-after'], now),
      statusCode,
    );
  }
  const options = { about, maxBytes: o.maxBytes, idleMs: timeouts.idle, watchdog };
  const expected = refuseBody(response, options);
  watchdog.expect('not read', timeouts.idle);
  return {
    status: 'ok',
    url: url.href,
    ...validatorsOf(response),
    contentType: headers['content-type'],
    body: limitedBody(response, expected, options),
    cancel: () => {
      watchdog.stop();
      response.destroy();
    },
  };
}

/** Only what can be sent back as it is: visible ASCII of a sensible length. */
function validatorsOf({ headers }: IncomingMessage): Validators {
  const usable = (text: string | undefined): string | undefined =>
    text !== undefined && /^[\x20-\x7e]{1,512}$/.test(text) ? text : undefined;
  return { etag: usable(headers.etag), lastModified: usable(headers['last-modified']) };
}

/** Reads a small body whole. Throws as the body does. */
export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Fetches a small document whole; `unchanged` is a fault here, since nothing is asked on a condition. */
export async function fetchWhole(url: string, o: FetchOptions, now: EpochMs): Promise<Uint8Array> {
  const fetched = await fetchLimited(url, o, now);
  if (fetched.status === 'ok') return readAll(fetched.body);
  throw unavailable(`${url}: answers that nothing has changed, which was not asked`);
}
