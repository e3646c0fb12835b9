import type { Config } from '../config/types.ts';
import { judgeTrail } from '../inventory/observed/trail.ts';
import { differencesOf } from './differences.ts';
import type { Difference } from './differences.ts';
import { placeOf } from './place.ts';
import type { Facts } from './types.ts';

/**
 * Holds what a record says of a shared key against the uses that it lists: the last of them is this connection, and
 * all of them come to what is said of them by the kept configuration. Uses before are taken as they stand.
 */
export function sharedUseDifferences(
  facts: Facts | null,
  rules: Config['shared_use'] | undefined,
): readonly Difference[] {
  if (!facts?.shared_use || rules === undefined) return [];
  const { shared_use: fact, device_id, now } = facts;
  const { scope, moves, uses } = fact;
  const last = { device_id, last_used: now, ...placeOf(facts, rules) };
  return differencesOf(
    'facts.shared_use',
    { scope, moves, last: uses.at(-1) ?? null },
    { scope: null, moves: null, ...judgeTrail(uses, rules, now), last },
  );
}
