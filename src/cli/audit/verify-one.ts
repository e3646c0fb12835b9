import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openPlace } from '../../audit/verify/place.ts';
import { verifyLog } from '../../audit/verify/verify-log.ts';
import type { LogReport, VerifyOptions } from '../../audit/verify/verify-log.ts';
import { createLogFetcher } from '../../server/audit/fetch-log.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { plain } from '../output.ts';
import type { Session } from '../session.ts';

/** Verifies one log with a bar of progress on a terminal. */
export async function verifyOne(
  location: string,
  options: VerifyOptions,
  session: Session,
): Promise<LogReport> {
  const { folder, clock } = session.around;
  const place = await openPlace(location, { folder, fetch: createLogFetcher(clock) });
  const bar = entryBar(location, session);
  try {
    return (await verifyLog(place, { ...options, onTotal: bar.total, onEntries: bar.add })).report;
  } finally {
    bar.end();
  }
}

const barWidth = 30;
const everyMs = 100;

/** A bar that fills as entries are read; nothing in a pipe. */
export function entryBar(
  what: string,
  session: Session,
): {
  readonly total: (entries: number) => void;
  readonly add: (entries: number) => void;
  readonly end: () => void;
} {
  const line = session.progress();
  const { clock } = session.around;
  let [total, done, shownAt] = [0, 0, -Infinity];
  return {
    total: (entries) => (total = entries),
    add: (entries) => {
      done += entries;
      const at = clock.monotonic();
      if (at - shownAt < everyMs) return;
      shownAt = at;
      const filled = total === 0 ? barWidth : Math.floor((done / total) * barWidth);
      line.show(
        `${plain(what)} [${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${done} of ${total} entries`,
      );
    },
    end: line.end,
  };
}

/** Reads a checkpoint that the caller holds. Throws PDP_INPUT_MALFORMED where it cannot be read. */
export function readHeld(name: string, session: Session): Uint8Array {
  try {
    return readFileSync(resolve(session.around.folder, name));
  } catch (cause) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', `cannot read ${name}: ${describeThrown(cause)}`, {
      cause,
    });
  }
}
