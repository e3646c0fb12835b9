import type { EpochMs } from '../../lib/clock.ts';
import type { Store } from '../../store/types.ts';
import type { CatalogueDifference } from '../catalogue-difference.ts';
import { countActive, lockoutOf } from '../lockout.ts';
import { allowedLockout, alwaysAllowed, type Lockout, type LockoutLimit } from '../lockout-limit.ts';
import { LockoutTally } from '../lockout-tally.ts';
import type { FirmwareDraft } from './types.ts';

export interface FirmwareLockout {
  readonly tenant: string;
  readonly now: EpochMs;
  readonly limit: LockoutLimit;
  /** Ends the counting where it is above the limit: a fleet of millions takes seconds to be counted whole. */
  readonly stopAbove: boolean;
}

const rowsSql = `
  SELECT DISTINCT d.device_id, d.class, json_extract(d.body, '$.site') AS site
  FROM json_each(?2) h
  CROSS JOIN seen_firmware s ON s.tenant = ?1 AND s.firmware_hash = h.value
  CROSS JOIN devices d ON d.tenant = s.tenant AND d.device_id = s.device_id AND d.status = 'active'
  CROSS JOIN generations g ON g.generation = d.generation AND g.state = 'visible'`;

/**
 * Counts the active devices that were last seen to run, as their highest version, firmware which a change of the catalogue
 * makes unusable: blocked, vulnerable without grace, or not there any more.
 */
export function countUnusable(
  store: Store,
  difference: CatalogueDifference<FirmwareDraft>,
  { tenant, now, limit, stopAbove }: FirmwareLockout,
): Lockout {
  const hashes = newlyUnusable(difference, now);
  return store.snapshot(() => {
    const tally = new LockoutTally();
    const active = (): number => countActive(store, tenant);
    if (hashes.length > 0) count(store, tenant, hashes, tally, stopAbove ? most(limit, active) : Infinity);
    const unknown = hashes.length > 0 ? ['devices whose firmware was not seen'] : [];
    return { ...lockoutOf(tally, limit, active), certainty: 'at_least', unknown };
  });
}

/** Only what a device may run now is taken from it. */
function newlyUnusable(
  { added, changed, removed }: CatalogueDifference<FirmwareDraft>,
  now: EpochMs,
): readonly string[] {
  const taken = [
    ...added.filter((after) => !isUsable(after, now)),
    ...changed
      .filter(({ before, after }) => isUsable(before, now) && !isUsable(after, now))
      .map((one) => one.after),
    ...removed.filter((before) => isUsable(before, now)),
  ];
  return taken.map(({ firmware_hash: hash }) => hash);
}

function isUsable({ status, grace_until: grace }: FirmwareDraft, now: EpochMs): boolean {
  return status === 'approved' || (status === 'known_vulnerable' && grace !== undefined && now < grace);
}

function count(
  store: Store,
  tenant: string,
  hashes: readonly string[],
  tally: LockoutTally,
  stopAt: number,
): void {
  const rows = store.prepare<{ device_id: string; class: string; site: string | null }>(rowsSql);
  for (const row of rows.iterate(tenant, JSON.stringify(hashes))) {
    tally.add(row.class, row.site);
    if (tally.devices > stopAt) return;
  }
}

function most(limit: LockoutLimit, active: () => number): number {
  return Math.max(alwaysAllowed, allowedLockout(limit, active));
}
