import type { EpochMs } from '../../lib/clock.ts';
import type { Store } from '../../store/types.ts';
import type { CatalogueDifference } from '../catalogue-difference.ts';
import { currentRow } from '../device-rows.ts';
import { activeDevices, countActive, lockoutOf } from '../lockout.ts';
import { allowedLockout, alwaysAllowed, type Lockout, type LockoutLimit } from '../lockout-limit.ts';
import { LockoutTally } from '../lockout-tally.ts';
import { delegationKey, listDelegations } from './table.ts';
import type { DelegationDraft } from './types.ts';

export interface DelegationLockout {
  readonly tenant: string;
  readonly now: EpochMs;
  readonly limit: LockoutLimit;
  /** For the server, which waits for it: ends the counting above the limit, and after some devices of large fleets. */
  readonly stopAbove: boolean;
}

/** Devices that the server looks at for classes that lose their delegation: some tenths of a second. */
const mostLookedAt = 100_000;

/**
 * Counts the active devices for which no gateway may speak any more after a change of delegations: by them alone a gateway
 * might, and now none may. Devices that prove themselves are in that number as well.
 */
export function countUnspokenFor(
  store: Store,
  difference: CatalogueDifference<DelegationDraft>,
  { tenant, now, limit, stopAbove }: DelegationLockout,
): Lockout {
  return store.snapshot(() => {
    const present = listDelegations(store, { tenant });
    const before = coverage(present, now);
    const after = coverage(changed(present, difference), now);
    const tally = new LockoutTally();
    const active = (): number => countActive(store, tenant);
    const ids = [...before.devices].filter((id) => !after.devices.has(id));
    const classes = [...before.classes].flatMap(([name, sites]) =>
      [...sites].every((site) => after.classes.get(name)?.has(site)) ? [] : [name],
    );
    const stopAt = stopAbove && ids.length + classes.length > 0 ? most(limit, active) : Infinity;
    const note = (child: Child): void => {
      if (child.gateways === 0 && covers(before, child) && !covers(after, child))
        tally.add(child.class, child.site);
    };
    for (const id of ids) {
      const child = readChild(store, tenant, id);
      if (child) note(child);
    }
    const lost = new Set(ids);
    let looked = 0;
    for (const child of childrenOf(store, tenant, classes)) {
      if (tally.devices > stopAt || (stopAbove && looked === mostLookedAt)) break;
      looked += 1;
      if (!lost.has(child.device_id)) note(child);
    }
    const cut = stopAbove && looked === mostLookedAt;
    const unknown = [
      ...(tally.devices > 0 ? ['devices that prove themselves'] : []),
      ...(cut ? [`devices after the first ${mostLookedAt} of their classes`] : []),
    ];
    const certainty = tally.devices === 0 && !cut ? 'exact' : cut ? 'at_least' : 'at_most';
    return { ...lockoutOf(tally, limit, active), certainty, unknown };
  });
}

/** For whom any gateway may speak: devices, and classes with their sites ('' for all). */
interface Coverage {
  readonly devices: ReadonlySet<string>;
  readonly classes: ReadonlyMap<string, ReadonlySet<string>>;
}

function coverage(delegations: Iterable<DelegationDraft>, now: EpochMs): Coverage {
  const devices = new Set<string>();
  const classes = new Map<string, Set<string>>();
  for (const { device_id: id, class: name, site = '', until = Infinity } of delegations) {
    if (now >= until) continue;
    if (id !== undefined) devices.add(id);
    if (name !== undefined) classes.set(name, (classes.get(name) ?? new Set()).add(site));
  }
  return { devices, classes };
}

function changed(
  present: readonly DelegationDraft[],
  difference: CatalogueDifference<DelegationDraft>,
): Iterable<DelegationDraft> {
  const keyOf = (draft: DelegationDraft): string => delegationKey(draft).join('\0');
  const rows = new Map(present.map((draft) => [keyOf(draft), draft]));
  for (const draft of difference.removed) rows.delete(keyOf(draft));
  for (const draft of difference.added) rows.set(keyOf(draft), draft);
  for (const { after } of difference.changed) rows.set(keyOf(after), after);
  return rows.values();
}

/** A device for which gateways may speak; `gateways`: how many its own record names. */
interface Child extends Record<string, string | number | null> {
  readonly device_id: string;
  readonly class: string;
  readonly site: string | null;
  readonly gateways: number;
}

function covers({ devices, classes }: Coverage, { device_id: id, class: name, site }: Child): boolean {
  const sites = classes.get(name);
  return devices.has(id) || sites?.has('') === true || (site !== null && sites?.has(site) === true);
}

function readChild(store: Store, tenant: string, id: string): Child | undefined {
  const row = currentRow(store)(tenant, id);
  if (row?.status !== 'active') return undefined;
  const { site, gateways } = JSON.parse(row.body) as { readonly site?: string; readonly gateways?: string[] };
  return { device_id: id, class: row.class, site: site ?? null, gateways: gateways?.length ?? 0 };
}

function childrenOf(store: Store, tenant: string, classes: readonly string[]): Iterable<Child> {
  if (classes.length === 0) return [];
  return store
    .prepare<Child>(
      `SELECT d.device_id, d.class, json_extract(d.body, '$.site') AS site,
         coalesce(json_array_length(d.body, '$.gateways'), 0) AS gateways
       ${activeDevices(store)} AND d.class IN (SELECT value FROM json_each(?))`,
    )
    .iterate(tenant, JSON.stringify(classes));
}

function most(limit: LockoutLimit, active: () => number): number {
  return Math.max(alwaysAllowed, allowedLockout(limit, active));
}
