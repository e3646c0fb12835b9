import type { Store } from '../store/types.ts';
import type { Certainty, Lockout, LockoutLimit } from './lockout-limit.ts';
import { alwaysAllowed } from './lockout-limit.ts';
import { LockoutTally } from './lockout-tally.ts';

/** Whom a change keeps out, as far as the inventory can tell. Digests lower-case hex. */
export type LockoutSelector =
  | {
      /** `issuer`: whose certificate was last seen to be issued by that key. */
      readonly kind: 'device' | 'key' | 'certificate' | 'firmware' | 'gateway' | 'issuer';
      readonly value: string;
    }
  | {
      readonly kind: 'class';
      readonly classes: readonly string[];
      /** Classes whose devices come by a gateway's word: those count whose record names gateways of `classes` alone. */
      readonly spokenFor?: readonly string[];
    }
  | { readonly kind: 'all' }
  /**
   * Devices that were seen last in networks which `within` accepts, or may come from nowhere else by their record or
   * their class.
   */
  | {
      readonly kind: 'network';
      readonly within: (cidr: string) => boolean;
      readonly classes: readonly string[];
    };

export interface LockoutQuestion {
  readonly tenant: string;
  readonly selector: LockoutSelector;
  /** Where `total_active` is needed: a scan of the inventory. */
  readonly limit: LockoutLimit;
  /** What the inventory cannot tell about this selector, and which way the number errs for it. */
  readonly certainty?: Certainty;
  readonly unknown?: readonly string[];
}

/**
 * Counts the active devices that a selector keeps out, by class and site, in one snapshot and bounded memory: by their
 * records, and by what they were seen with last. Devices and keys are looked up; for all else the inventory is read
 * through (some microseconds a device).
 */
export function countLockout(store: Store, question: LockoutQuestion): Lockout {
  const { tenant, selector, limit, certainty = 'exact', unknown = [] } = question;
  return store.snapshot(() => {
    const tally = new LockoutTally();
    if (selector.kind === 'network') countNetwork(store, tenant, selector, tally);
    else countMatching(store, tenant, selector, tally);
    const counted = lockoutOf(tally, limit, () => countActive(store, tenant));
    return { ...counted, certainty, unknown };
  });
}

/** What a tally comes to; the whole fleet is counted only where the limit is a share that may have been passed. */
export function lockoutOf(tally: LockoutTally, limit: LockoutLimit, active: () => number): Lockout {
  const counts = 'share' in limit && tally.devices > alwaysAllowed;
  return {
    kept_out: tally.devices,
    total_active: counts ? active() : null,
    by_class: tally.byClass(),
    by_site: tally.bySite(),
    certainty: 'exact',
    unknown: [],
  };
}

/** Active devices of a tenant. */
export function countActive(store: Store, tenant: string): number {
  const sql = `SELECT count(*) AS devices ${activeDevices(store)}`;
  return store.prepare<{ devices: number }>(sql).get(tenant)?.devices ?? 0;
}

/**
 * The rows of a tenant's active devices, one a device, as SQL of the tables `d` and `g` with the tenant as parameter. Only where a finished import has not been settled by the sweep yet may a
 * device have an older row beside the one that counts, which is then looked for.
 */
export function activeDevices(store: Store): string {
  const unsettled = store
    .prepare(
      `SELECT 1 FROM generations g WHERE g.state = 'visible'
         AND EXISTS (SELECT 1 FROM staged_devices s WHERE s.generation = g.generation) LIMIT 1`,
    )
    .get();
  const newest = `AND NOT EXISTS (
      SELECT 1 FROM devices e CROSS JOIN generations h ON h.generation = e.generation
      WHERE e.tenant = d.tenant AND e.device_id = d.device_id
        AND h.state = 'visible' AND h.visible_epoch > g.visible_epoch)`;
  return `FROM devices d CROSS JOIN generations g ON g.generation = d.generation
    WHERE d.tenant = ? AND d.status = 'active' AND g.state = 'visible' ${unsettled ? newest : ''}`;
}

type Matching = Exclude<LockoutSelector, { readonly kind: 'network' }>;

function countMatching(store: Store, tenant: string, selector: Matching, tally: LockoutTally): void {
  const { sql, values } = condition(tenant, selector);
  const rows = store.prepare<{ class: string; site: string | null; devices: number }>(
    `SELECT d.class, json_extract(d.body, '$.site') AS site, count(*) AS devices
     ${activeDevices(store)} AND ${sql} GROUP BY 1, 2`,
  );
  for (const row of rows.iterate(tenant, ...values)) tally.add(row.class, row.site, row.devices);
}

function condition(
  tenant: string,
  selector: Matching,
): { readonly sql: string; readonly values: (string | Uint8Array)[] } {
  switch (selector.kind) {
    case 'all':
      return { sql: 'TRUE', values: [] };
    case 'class':
      return ofClass(selector);
    case 'device':
      return { sql: 'd.device_id = ?', values: [selector.value] };
    case 'key':
      // What is looked up is a hint: the record itself says whether it still names the key.
      return {
        sql: `d.device_id IN (SELECT k.device_id FROM device_keys k WHERE k.tenant = ? AND k.key = ?)
              AND instr(d.body, ?) > 0`,
        values: [tenant, Buffer.from(selector.value, 'hex'), selector.value],
      };
    case 'certificate':
      return { sql: 'instr(d.body, ?) > 0', values: [selector.value] };
    case 'firmware':
      return {
        sql: `(json_extract(d.body, '$.firmware') = json_array(?) OR EXISTS (
          SELECT 1 FROM seen_firmware f
          WHERE f.tenant = d.tenant AND f.device_id = d.device_id AND f.firmware_hash = ?))`,
        values: [selector.value, selector.value],
      };
    case 'gateway':
      return {
        sql: `(d.device_id = ? OR json_extract(d.body, '$.gateways') = json_array(?) OR ${seenLast('gateway')} = ?)`,
        values: [selector.value, selector.value, selector.value],
      };
    case 'issuer':
      return { sql: `${seenLast('issuer_key')} = ?`, values: [Buffer.from(selector.value, 'hex')] };
  }
}

function ofClass({ classes, spokenFor = [] }: Extract<LockoutSelector, { readonly kind: 'class' }>): {
  readonly sql: string;
  readonly values: string[];
} {
  const own = 'd.class IN (SELECT value FROM json_each(?))';
  const held = JSON.stringify(classes);
  if (spokenFor.length === 0) return { sql: own, values: [held] };
  const behind = `d.class IN (SELECT value FROM json_each(?))
    AND json_array_length(d.body, '$.gateways') > 0 AND NOT EXISTS (
      SELECT 1 FROM json_each(d.body, '$.gateways') n WHERE NOT EXISTS (
        SELECT 1 FROM devices gd CROSS JOIN generations gg ON gg.generation = gd.generation AND gg.state = 'visible'
        WHERE gd.tenant = d.tenant AND gd.device_id = n.value
          AND gd.class IN (SELECT value FROM json_each(?))))`;
  return { sql: `(${own} OR (${behind}))`, values: [held, JSON.stringify(spokenFor), held] };
}

/** Of the certificate that a device was seen with last; null where it was never seen. */
function seenLast(column: 'gateway' | 'issuer_key' | 'network'): string {
  return `(SELECT s.${column} FROM seen_certificates s
    WHERE s.tenant = d.tenant AND s.device_id = d.device_id ORDER BY s.last_seen DESC LIMIT 1)`;
}

function countNetwork(
  store: Store,
  tenant: string,
  { within, classes }: Extract<LockoutSelector, { readonly kind: 'network' }>,
  tally: LockoutTally,
): void {
  const rows = store.prepare<{
    class: string;
    site: string | null;
    networks: string | null;
    seen: string | null;
  }>(
    `SELECT d.class, json_extract(d.body, '$.site') AS site, json_extract(d.body, '$.networks') AS networks,
       ${seenLast('network')} AS seen
     ${activeDevices(store)} AND (
       networks IS NOT NULL OR seen IS NOT NULL OR d.class IN (SELECT value FROM json_each(?)))`,
  );
  const confined = new Set(classes);
  for (const row of rows.iterate(tenant, JSON.stringify(classes))) {
    const own = row.networks === null ? [] : (JSON.parse(row.networks) as string[]);
    const isSeen = row.seen !== null && within(row.seen);
    // A source has to be within every list that names any.
    if (isSeen || confined.has(row.class) || (own.length > 0 && own.every(within)))
      tally.add(row.class, row.site);
  }
}
