import { formatInstant, type EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import type { PolicyEngine } from '../policy/types.ts';
import { isAhead } from '../revocation/freshness.ts';
import type { DecisionDeps } from './deps.ts';
import type { Facts, PolicyStateFact } from './types.ts';

/** What the sources of bundles are kept as among all sources. */
const kind = 'policy';

/**
 * How old the policy is that decides: since its source last said that it is the newest. Null where `policy.max_age` sets
 * no limit, for the policy that ships, and for what an operator has pinned: it is old because he wants it to be. A source
 * that never said so, or at a time that is still to come, is stale without grace. Call within one `store.snapshot`.
 */
export function policyState(
  engine: PolicyEngine | undefined,
  now: EpochMs,
  deps: Pick<DecisionDeps, 'config' | 'sourceAges' | 'policyOrigin'>,
): PolicyStateFact | null {
  const { max_age: age, grace } = deps.config.policy;
  const origin = engine && deps.policyOrigin?.(engine);
  if (age === null || !origin || origin.location === null || origin.pinned) return null;
  const success = deps.sourceAges.lastSuccess(kind, origin.source, origin.location, now - age, now);
  const last = success === null || isAhead(success, now) ? null : success;
  const since = last === null ? null : last + age;
  return {
    freshness: freshnessOf(since, grace, now),
    grace_s: Math.floor(grace / 1000),
    last_success: last,
    max_age_s: Math.floor(age / 1000),
    source: origin.source,
    stale_since: since,
  };
}

function freshnessOf(since: EpochMs | null, grace: number, now: EpochMs): PolicyStateFact['freshness'] {
  if (since === null) return 'stale';
  if (now < since) return 'fresh';
  return now < since + grace ? 'within_grace' : 'stale';
}

/** Denies as our fault where the policy is too old; within its grace that is told. */
export function policyStateFindings(fact: PolicyStateFact | null, now: EpochMs): readonly Finding[] {
  if (fact === null || fact.freshness === 'fresh') return [];
  const { source, last_success: last, max_age_s, stale_since: since, grace_s } = fact;
  const detail = {
    ...{ source, max_age_s },
    ...(last !== null && { last_success: formatInstant(last), age_s: Math.floor((now - last) / 1000) }),
    ...(since !== null && grace_s > 0 && { grace_until: formatInstant(since + grace_s * 1000) }),
  };
  const code = fact.freshness === 'stale' ? 'policy.bundle_stale' : 'policy.stale_within_grace';
  return [{ code, detail }];
}

/** Until when an allow may rest on the policy. */
export function policyStateLimits(fact: PolicyStateFact | null): Facts['limits'] {
  if (fact === null || fact.stale_since === null || fact.freshness === 'stale') return [];
  // A grace that is configured counts from now on: what is fresh may go on to its end.
  return [
    { because: `policy of ${fact.source}: usable until`, until: fact.stale_since + fact.grace_s * 1000 },
  ];
}
