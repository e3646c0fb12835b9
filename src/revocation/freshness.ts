import type { RevocationRules } from '../identity/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import { clockSkewMs } from './limits.ts';
import type { CrlInfo, RevocationFact } from './types.ts';

export interface Freshness {
  readonly freshness: RevocationFact['freshness'];
  /** From this instant on the CRL is no longer believed; null where it is not believed now. */
  readonly usableUntil: EpochMs | null;
}

/**
 * Whether a CRL may be believed at `now` (RFC 5280 section 6.3.3): fresh before nextUpdate and before thisUpdate plus
 * the anchor's maximum age, within grace for `graceMs` (or the holder's own grace) after the earlier of the two, else stale. The ends themselves
 * are already outside, so that `usableUntil` is always after `now`. A list from the future is not believed either: our
 * clock or the issuer's is wrong (`isAhead` tells it apart).
 */
export function judgeFreshness(
  crl: Pick<CrlInfo, 'thisUpdate' | 'nextUpdate'> | undefined,
  rules: RevocationRules,
  now: EpochMs,
): Freshness {
  if (crl === undefined) return { freshness: 'missing', usableUntil: null };
  const oldest = rules.maxAgeMs === undefined ? Infinity : crl.thisUpdate + rules.maxAgeMs;
  const freshUntil = Math.min(crl.nextUpdate, oldest);
  const graceUntil = freshUntil + graceAfter(freshUntil, rules);
  if (isAhead(crl.thisUpdate, now)) return { freshness: 'stale', usableUntil: null };
  if (now < freshUntil) return { freshness: 'fresh', usableUntil: freshUntil };
  if (now < graceUntil) return { freshness: 'within_grace', usableUntil: graceUntil };
  return { freshness: 'stale', usableUntil: null };
}

/** The longer of the anchor's grace and the holder's, who must have been known before the CRL went stale. */
function graceAfter(freshUntil: EpochMs, { graceMs, offline }: RevocationRules): number {
  return offline && offline.knownSince <= freshUntil ? Math.max(graceMs, offline.graceMs) : graceMs;
}

/** Whether an instant lies further ahead of our clock than clocks may differ. */
export function isAhead(instant: EpochMs, now: EpochMs): boolean {
  return instant > now + clockSkewMs;
}
