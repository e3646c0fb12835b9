import { request as requestHttp } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { programVersion } from '../program.ts';
import { isLocalAddress, literalAddress, lookupRemote } from './address-guard.ts';
import { asUnavailable, refused, shownUrl } from './failures.ts';
import type { FetchOptions, FetchTimeouts } from './fetch-options.ts';
import type { Watchdog } from './watchdog.ts';

/**
 * Sends one request, on a connection of its own, and resolves with the head of the answer; its body stands still until
 * it is read. Compressed answers are not asked for, since what they unpack to has no bound. Throws
 * PDP_SOURCE_UNAVAILABLE (name, connection, TLS, silence) and PDP_SOURCE_REFUSED (local addresses where refused).
 */
export async function sendRequest(
  url: URL,
  headers: Readonly<Record<string, string>>,
  o: FetchOptions,
  watchdog: Watchdog,
  timeouts: FetchTimeouts,
): Promise<IncomingMessage> {
  const literal = literalAddress(url);
  const remoteOnly = o.mayBeLocal?.(url) === false;
  if (remoteOnly && literal !== undefined && isLocalAddress(literal)) {
    throw refused(`${shownUrl(url)}: leads to this machine or its links, which no entry names`);
  }
  const answer = Promise.withResolvers<IncomingMessage>();
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
    ...settings(o, remoteOnly),
    headers: {
      'user-agent': `portreeve/${programVersion}`,
      accept: '*/*',
      'accept-encoding': 'identity',
      ...headers,
    },
    signal: watchdog.signal,
  });
  watchdog.expect('no connection', timeouts.connect);
  request.once('socket', (socket) => {
    const connected = url.protocol === 'https:' ? 'secureConnect' : 'connect';
    socket.once(connected, () => watchdog.expect('no answer', timeouts.idle));
  });
  request.once('response', answer.resolve);
  request.on('error', (thrown) => answer.reject(watchdog.failure ?? asUnavailable(thrown, shownUrl(url))));
  request.end(o.body);
  return answer.promise;
}

function settings(
  o: FetchOptions,
  remoteOnly: boolean,
): RequestOptions & { readonly rejectUnauthorized: boolean } {
  return {
    method: o.method ?? 'GET',
    agent: false,
    // Whatever the environment says: an unknown server is never listened to.
    rejectUnauthorized: true,
    ...(o.ca !== undefined && { ca: o.ca }),
    ...o.client,
    ...(remoteOnly && { lookup: lookupRemote }),
  };
}
