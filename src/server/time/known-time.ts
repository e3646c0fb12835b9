import type { Config } from '../../config/types.ts';
import type { Clock, EpochMs } from '../../lib/clock.ts';
import { createTrustedClock, earliestPossible } from '../../lib/trusted-time.ts';
import type { TrustedClock } from '../../lib/trusted-time.ts';
import { newestThisUpdate } from '../../revocation/newest-crl.ts';
import { readKeptTime } from '../../store/kept-time.ts';
import type { StoredTime } from '../../store/kept-time.ts';
import type { Store } from '../../store/types.ts';

export type TimeRules = Config['time'];

/**
 * The latest that it is known to have been: the kept time, the newest CRL in force (its issuer signed that it was that
 * late), and that this program was written. A CRL much later than the kept time counts only where the machine's clock
 * (`system`) says so too: one issuer with a wrong clock must not stop all decisions. Throws PDP_STORE_UNAVAILABLE.
 */
export function knownTime(store: Store, system: EpochMs, rules: TimeRules): StoredTime {
  const stored = readKeptTime(store);
  const far = stored ? Math.max(stored.kept + rules.max_leap, system + rules.tolerance) : Infinity;
  const floor = Math.max(earliestPossible, newestThisUpdate(store, far) ?? 0);
  return {
    kept: Math.max(stored?.kept ?? 0, floor),
    confirmed: Math.max(stored?.confirmed ?? 0, floor),
    resets: stored?.resets ?? 0,
  };
}

/** A clock held against what is known at this moment, for whoever decides but once. Throws PDP_STORE_UNAVAILABLE. */
export function clockAgainstStore(store: Store, clock: Clock, rules: TimeRules): TrustedClock {
  return createTrustedClock(clock, knownTime(store, clock.now(), rules), () => rules.tolerance);
}
