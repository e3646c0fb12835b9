import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { formatDuration } from '../../lib/duration.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** A certificate's notBefore and notAfter. */
export interface Life {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** An end within so many milliseconds is told beforehand. */
const soonMs = 30 * 86_400_000;

/** Whether a certificate is valid now, and for a while; `renew` says what to do where it is not, or soon no more. */
export function judgeLife(
  check: string,
  what: string,
  { from, to }: Life,
  { now, renew }: { readonly now: EpochMs; readonly renew: string },
): Finding {
  if (now < from)
    return fail(
      check,
      `${what} is not valid before ${formatInstant(from)}`,
      'check the clock of this machine',
    );
  if (now > to) return fail(check, `${what} expired at ${formatInstant(to)}`, renew);
  const left = `${what} is valid for another ${formatDuration(to - now)}`;
  return to - now < soonMs ? warn(check, left, renew) : ok(check, left);
}
