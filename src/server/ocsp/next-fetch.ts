import type { EpochMs } from '../../lib/clock.ts';
import { withoutNextUpdateMs } from '../../revocation/ocsp/limits.ts';
import type { OcspAnswer } from '../../revocation/ocsp/types.ts';
import { afterFailure, afterSuccess } from '../sources/schedule.ts';

const [minute, day] = [60_000, 24 * 3_600_000];
const jitter = 0.1;

/** Longest pause after failures about one certificate, and after failures of the responder itself (ms). */
const [mostPause, mostGeneralPause] = [15 * minute, minute];

/** What revokes seldom comes back (ms). */
const leastWhenRevoked = 10 * minute;

/**
 * When a certificate is asked about again: at half of the time that its answer is still believed for, after a minute
 * where the responder does not know it, and not before ten minutes where it is revoked. `maxAge` in milliseconds.
 */
export function afterAnswer(
  { status, this_update: thisUpdate, next_update: nextUpdate }: OcspAnswer,
  maxAge: number | null,
  now: EpochMs,
  random: number,
): EpochMs {
  const end = Math.min(
    nextUpdate ?? thisUpdate + withoutNextUpdateMs,
    maxAge === null ? Infinity : thisUpdate + maxAge,
  );
  const interval = status === 'unknown' ? minute : 7 * day;
  const next = afterSuccess({ interval, jitter }, now, end, random);
  return status === 'revoked' || status === 'on_hold' ? Math.max(next, now + leastWhenRevoked) : next;
}

/** When a certificate is asked about again that there was no answer about; `failures` counts this one. */
export function afterNoAnswer(
  now: EpochMs,
  failures: number,
  retryAfter: number | undefined,
  random: number,
): EpochMs {
  return afterFailure({ interval: mostPause, jitter }, now, failures, retryAfter, random);
}

/** When a responder is asked again that was down, busy or no responder; `failures` counts this one. */
export function afterOutage(
  now: EpochMs,
  failures: number,
  retryAfter: number | undefined,
  random: number,
): EpochMs {
  return afterFailure({ interval: mostGeneralPause, jitter }, now, failures, retryAfter, random);
}
