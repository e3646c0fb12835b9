import test from 'ava';
import type { DecisionDeps } from '../../../src/decision/deps.ts';
import { policyState, policyStateFindings, policyStateLimits } from '../../../src/decision/facts-policy.ts';
import type { PolicyEngine } from '../../../src/policy/types.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const hour = 3_600_000;
const engine = {} as PolicyEngine;

interface Given {
  readonly max_age?: number | null;
  readonly grace?: number;
  readonly last?: number | null;
  readonly pinned?: boolean;
  readonly location?: string | null;
}

function stateOf({ max_age = hour, grace = 0, last = now, pinned = false, location = '/p' }: Given) {
  const deps = {
    config: { policy: { max_age, grace } },
    sourceAges: {
      lastSuccess: (kind: string, name: string, at: string) =>
        kind === 'policy' && name === 'office' && at === '/p' ? last : null,
    },
    policyOrigin: () => ({ source: 'office', location, pinned }),
  } as unknown as DecisionDeps;
  return policyState(engine, now, deps);
}

test('a policy is fresh until its source has been silent for max_age, then in grace, then stale', (t) => {
  const freshness = (age: number, grace = 0) => stateOf({ last: now - age, grace })?.freshness;
  t.is(freshness(0), 'fresh');
  t.is(freshness(hour - 1), 'fresh');
  t.is(freshness(hour), 'stale');
  t.is(freshness(hour, hour), 'within_grace');
  t.is(freshness(2 * hour - 1, hour), 'within_grace');
  t.is(freshness(2 * hour, hour), 'stale');
});

test('a source that never said that it is the newest, or says so in the future, is stale without grace', (t) => {
  t.like(stateOf({ last: null, grace: hour }), { freshness: 'stale', last_success: null, stale_since: null });
  t.like(stateOf({ last: now + 24 * hour, grace: hour }), { freshness: 'stale', last_success: null });
});

test('without a limit, for the policy that ships and for a pinned bundle there is no age', (t) => {
  const old = { last: now - 100 * hour };
  t.is(stateOf({ ...old, max_age: null }), null);
  t.is(stateOf({ ...old, location: null }), null);
  t.is(stateOf({ ...old, pinned: true }), null);
  t.is(stateOf(old)?.freshness, 'stale');
});

test('a stale policy denies, one in grace warns, and no allow outlasts the grace', (t) => {
  const within = stateOf({ last: now - hour, grace: hour });
  t.deepEqual(policyStateFindings(within, now), [
    {
      code: 'policy.stale_within_grace',
      detail: {
        source: 'office',
        max_age_s: 3600,
        last_success: '2026-06-01T11:00:00.000Z',
        age_s: 3600,
        grace_until: '2026-06-01T13:00:00.000Z',
      },
    },
  ]);
  t.deepEqual(
    policyStateLimits(within).map(({ until }) => until),
    [now + hour],
  );
  const stale = stateOf({ last: now - 3 * hour, grace: hour });
  t.deepEqual(
    policyStateFindings(stale, now).map(({ code }) => code),
    ['policy.bundle_stale'],
  );
  t.deepEqual(policyStateLimits(stale), []);
  t.deepEqual(policyStateFindings(stateOf({}), now), []);
  t.deepEqual(
    policyStateLimits(stateOf({})).map(({ until }) => until),
    [now + hour],
  );
});
