import type { FetchFile } from '../../audit/sources/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { fetchWhole } from '../sources/fetch-limited.ts';
import { statusOf } from '../sources/failures.ts';

/**
 * Bytes of a file of a log, by its place, above which it is refused: a server that is asked may be anybody's. Hashes are 256
 * times 32 bytes, entries 256 of at most 65,535 behind their lengths; the last is for exports and what digests name.
 */
const mostBytes: readonly (readonly [RegExp, number])[] = [
  [/\/tile\/entries\/[xp\d/.]+$/, 256 * 65_537],
  [/\/tile\/\d+\/[xp\d/.]+$/, 256 * 32],
  [/\/(checkpoint|keys\/[^/]+|checkpoints\/[^/]+)$/, 4 * 1024 * 1024],
  [/(?:)/, 1024 * 1024 * 1024],
];

function limitOf(url: string): number {
  const { pathname } = new URL(url);
  return mostBytes.find(([form]) => form.test(pathname))?.[1] as number;
}

/** Statuses that say that a log has no such file; stores of objects answer 403 for what is not there. */
const absent: readonly (number | undefined)[] = [403, 404, 410];

/**
 * Reads the static files of logs from web servers. Throws PDP_SOURCE_UNAVAILABLE and PDP_SOURCE_REFUSED as `fetchLimited`
 * does, but for what is not there.
 */
export function createLogFetcher(clock: Clock): FetchFile {
  return async (url) => {
    try {
      return await fetchWhole(url, { maxBytes: limitOf(url) }, clock.now());
    } catch (thrown) {
      if (absent.includes(statusOf(thrown))) return undefined;
      throw thrown;
    }
  };
}
