import type { Config } from '../config/types.ts';
import type { DeviceRecord } from '../inventory/types.ts';
import { formatInstant } from '../lib/clock.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import type { ClockStanding } from '../lib/trusted-time.ts';
import type { ClockFact, Facts } from './types.ts';

/**
 * What is wrong with the machine's clock, and until when the device's class is decided about at the kept time. The grace
 * counts from when the clock was last right, so that switching off and on does not lengthen it.
 */
export function clockFact(
  standing: ClockStanding | null,
  device: DeviceRecord | undefined,
  classes: Config['classes'],
): ClockFact | null {
  if (standing === null) return null;
  const { confirmed, kept, system } = standing;
  const grace = device === undefined ? null : (classes[device.class]?.clock_grace_s ?? null);
  return { confirmed, grace_until: grace === null ? null : confirmed + grace * 1000, kept, system };
}

/** Denies as our fault, whatever else is right: expiry, revocation and holds are all judged by time. */
export function clockFindings(clock: ClockFact | null, now: EpochMs): readonly Finding[] {
  if (clock === null) return [];
  const { confirmed, grace_until: graceUntil, kept, system } = clock;
  const detail = {
    because: 'the clock is behind the kept time',
    clock: formatInstant(system),
    kept: formatInstant(kept),
    confirmed: formatInstant(confirmed),
    ...(graceUntil !== null && { grace_until: formatInstant(graceUntil) }),
  };
  return [{ code: withinGrace(clock, now) ? 'system.clock_within_grace' : 'system.clock_untrusted', detail }];
}

/** The end of the grace, where the decision relies on it. */
export function clockLimits(clock: ClockFact | null, now: EpochMs): Facts['limits'] {
  if (clock === null || clock.grace_until === null || !withinGrace(clock, now)) return [];
  return [{ because: 'clock grace of the class', until: clock.grace_until }];
}

function withinGrace({ grace_until: until }: ClockFact, now: EpochMs): boolean {
  return until !== null && now < until;
}
