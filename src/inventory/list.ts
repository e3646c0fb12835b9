import type { Store } from '../store/types.ts';
import { decodeDevice, deviceColumns, newestRow, unlessRemoved, type DeviceRow } from './device-rows.ts';
import type { DeviceRecord, DeviceStatus } from './types.ts';

export interface ListOptions {
  readonly tenant: string;
  readonly status?: DeviceStatus;
  readonly class?: string;
  /** Device id after which the page begins; the last one of the page before. */
  readonly after?: string;
  /** Most devices that are answered. */
  readonly limit: number;
}

const rowsSql = `
  SELECT ${deviceColumns} FROM devices d CROSS JOIN generations g ON g.generation = d.generation
  WHERE d.tenant = ? AND d.device_id > ? AND g.state = 'visible' ORDER BY d.device_id`;

/** A page of devices in the order of the UTF-8 bytes of their ids, read in one snapshot. */
export function listDevices(store: Store, options: ListOptions): DeviceRecord[] {
  return store.snapshot(() => {
    const page: DeviceRecord[] = [];
    for (const row of eachDevice(store, options.tenant, options.after ?? '')) {
      if (page.length >= options.limit) break;
      if (matches(row, options)) page.push(decodeDevice(row));
    }
    return page;
  });
}

/** The row that counts for every device after `after`; a device has several while an import is not yet swept. */
export function* eachDevice(store: Store, tenant: string, after: string): Generator<DeviceRow> {
  let same: DeviceRow[] = [];
  for (const row of store.prepare<DeviceRow>(rowsSql).iterate(tenant, after)) {
    if (same.length > 0 && same[0]?.device_id !== row.device_id) {
      const newest = unlessRemoved(newestRow(same));
      if (newest !== undefined) yield newest;
      same = [];
    }
    same.push(row);
  }
  const last = unlessRemoved(newestRow(same));
  if (last !== undefined) yield last;
}

function matches(row: DeviceRow, { status, class: className }: ListOptions): boolean {
  return (
    (status === undefined || row.status === status) && (className === undefined || row.class === className)
  );
}
