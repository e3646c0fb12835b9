import { staysUnnamed } from './lifecycle.ts';
import type { Store } from '../store/types.ts';
import { deviceColumns, newestRow, unlessRemoved, type DeviceRow } from './device-rows.ts';

/** Ids that are looked at in one snapshot: about 10 ms. */
const idsAtOnce = 2000;

const idsSql = `
  SELECT DISTINCT d.device_id FROM devices d WHERE d.tenant = ? AND d.device_id > ?
  ORDER BY d.device_id LIMIT ${idsAtOnce}`;

const missingSql = `
  SELECT ${deviceColumns} FROM devices d CROSS JOIN generations g ON g.generation = d.generation
  WHERE d.tenant = ?1 AND d.device_id > ?2 AND d.device_id <= ?3 AND g.state = 'visible'
    AND NOT EXISTS (SELECT 1 FROM staged_devices s WHERE s.generation = ?4 AND s.device_id = d.device_id)
  ORDER BY d.device_id`;

/**
 * The visible devices of a tenant that a generation does not name, in the order of their ids, read in short snapshots
 * once all of the generation is staged. Devices that `staysUnnamed` keeps are left out.
 */
export function* missingDevices(store: Store, tenant: string, generation: number): Generator<DeviceRow> {
  for (let after = ''; ;) {
    const page = store.snapshot(() => {
      const last = store.prepare<{ device_id: string }>(idsSql).all(tenant, after).at(-1)?.device_id;
      if (last === undefined) return undefined;
      return {
        last,
        rows: store.prepare<DeviceRow>(missingSql).all(tenant, after, last, generation),
      };
    });
    if (page === undefined) return;
    for (const rows of Map.groupBy(page.rows, (row) => row.device_id).values()) {
      const row = unlessRemoved(newestRow(rows));
      if (row !== undefined && !staysUnnamed(row.status)) yield row;
    }
    after = page.last;
  }
}
