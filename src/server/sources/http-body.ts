import type { IncomingMessage } from 'node:http';
import { asUnavailable, refused, unavailable } from './failures.ts';
import type { Watchdog } from './watchdog.ts';

export interface BodyOptions {
  readonly about: string;
  readonly maxBytes: number;
  /** Longest silence, milliseconds. */
  readonly idleMs: number;
  readonly watchdog: Watchdog;
}

/**
 * Refuses what cannot be read safely before its first byte: packed content, more than is allowed, and an answer whose
 * end is only the connection's, which nobody can tell from a broken one. Answers the announced length.
 */
export function refuseBody(response: IncomingMessage, { about, maxBytes }: BodyOptions): number | undefined {
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw refused(`${about}: sent packed (${encoding}), which was not asked for`);
  const length = response.headers['content-length'];
  if (length === undefined) {
    if (/\bchunked\b/i.test(response.headers['transfer-encoding'] ?? '')) return undefined;
    throw refused(`${about}: says neither how long it is nor where it ends`);
  }
  const bytes = Number(length);
  if (bytes > maxBytes) throw refused(`${about}: ${length} bytes are more than max_bytes (${maxBytes})`);
  return bytes;
}

/**
 * The body as it comes, cut off at its limit. Throws PDP_SOURCE_REFUSED above the limit, PDP_SOURCE_UNAVAILABLE where
 * it ends early, falls silent or takes too long. However reading ends, the connection does too.
 */
export async function* limitedBody(
  response: IncomingMessage,
  expected: number | undefined,
  o: BodyOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  let seen = 0;
  const listen = (): void => o.watchdog.expect('silent', o.idleMs);
  try {
    listen();
    for await (const chunk of response as AsyncIterable<Buffer>) {
      o.watchdog.pause();
      seen += chunk.byteLength;
      if (seen > o.maxBytes)
        throw refused(`${o.about}: cut off after more than max_bytes (${o.maxBytes}) bytes`);
      yield chunk;
      listen();
    }
    if (!response.complete || (expected !== undefined && seen !== expected)) {
      throw unavailable(`${o.about}: ended after ${seen} of ${expected ?? 'an unknown number of'} bytes`);
    }
  } catch (thrown) {
    throw o.watchdog.failure ?? asUnavailable(thrown, `${o.about}, after ${seen} bytes`);
  } finally {
    o.watchdog.stop();
    response.destroy();
  }
}
