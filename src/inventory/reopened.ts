import type { Store } from '../store/types.ts';
import { createInventoryReader } from './reader.ts';

/** Devices that one state keeps out and another one would let in. */
export interface Reopened {
  readonly devices: number;
  /** The first of them, `TENANT/ID: STATUS`. */
  readonly examples: readonly string[];
}

const mostExamples = 10;

/**
 * Devices whose status keeps them out in `before` and that are active in `after`. Reads through all of `before`, a
 * second for some million devices. Throws PDP_STORE_UNAVAILABLE.
 */
export function reopenedDevices(before: Store, after: Store): Reopened {
  const [there, then] = [createInventoryReader(before), createInventoryReader(after)];
  // A device may have several rows; which of them counts is the reader's to say.
  const shut = before.prepare<{ device_id: string }>(
    `SELECT DISTINCT device_id FROM devices WHERE tenant = ? AND status <> 'active' ORDER BY device_id`,
  );
  const examples: string[] = [];
  let devices = 0;
  for (const tenant of tenantsOf(before)) {
    for (const { device_id: id } of shut.iterate(tenant)) {
      const status = before.snapshot(() => there.device(tenant, id))?.status ?? 'active';
      if (status === 'active') continue;
      if (after.snapshot(() => then.device(tenant, id))?.status !== 'active') continue;
      devices += 1;
      if (examples.length < mostExamples) examples.push(`${tenant}/${id}: ${status}`);
    }
  }
  return { devices, examples };
}

/** One look-up a tenant, however many devices each has. */
function tenantsOf(store: Store): readonly string[] {
  const next = store.prepare<{ tenant: string | null }>(
    'SELECT min(tenant) AS tenant FROM devices WHERE tenant > ?',
  );
  const tenants: string[] = [];
  for (let tenant = next.get('')?.tenant; typeof tenant === 'string'; tenant = next.get(tenant)?.tenant)
    tenants.push(tenant);
  return tenants;
}
