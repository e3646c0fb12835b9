import type { Store } from '../store/types.ts';
import { eachDevice } from './list.ts';
import { createInventoryReader } from './reader.ts';

/** Devices that one state keeps out and another one would let in. */
export interface Reopened {
  readonly devices: number;
  /** The first of them, `TENANT/ID: STATUS`. */
  readonly examples: readonly string[];
}

const mostExamples = 10;

/**
 * Devices whose status keeps them out in `before` and that are active in `after`. Reads through all of `before`, some
 * seconds for each million devices. Throws PDP_STORE_UNAVAILABLE.
 */
export function reopenedDevices(before: Store, after: Store): Reopened {
  const reader = createInventoryReader(after);
  const examples: string[] = [];
  let devices = 0;
  for (const tenant of tenantsOf(before)) {
    for (const { device_id: id, status } of eachDevice(before, tenant, '')) {
      if (status === 'active') continue;
      if (after.snapshot(() => reader.device(tenant, id))?.status !== 'active') continue;
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
