import type { FetchFile } from '../../audit/sources/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { fetchWhole } from '../sources/fetch-limited.ts';
import { statusOf } from '../sources/failures.ts';

/** Bytes of a file of a log, or of an export, above which it is refused. */
const mostBytes = 1024 * 1024 * 1024;

/** Statuses that say that a log has no such file; stores of objects answer 403 for what is not there. */
const absent: readonly (number | undefined)[] = [403, 404, 410];

/**
 * Reads the static files of logs from web servers. Throws PDP_SOURCE_UNAVAILABLE and PDP_SOURCE_REFUSED as `fetchLimited`
 * does, but for what is not there.
 */
export function createLogFetcher(clock: Clock): FetchFile {
  return async (url) => {
    try {
      return await fetchWhole(url, { maxBytes: mostBytes }, clock.now());
    } catch (thrown) {
      if (absent.includes(statusOf(thrown))) return undefined;
      throw thrown;
    }
  };
}
