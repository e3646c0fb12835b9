import { LRUCache } from 'lru-cache';
import type { Store } from '../store/types.ts';
import { currentRow, decodeDevice, rowEpoch } from './device-rows.ts';
import type { DeviceRecord, InventoryReader } from './types.ts';

export interface InventoryReaderOptions {
  /** Decoded devices that are kept; 10,000 by default. */
  readonly maxEntries?: number;
}

/**
 * Point look-ups of devices, a few microseconds each. The row is read from the snapshot every time; what is cached
 * is only its decoded form, under the epoch of the row that was just read, so an older device is never served.
 */
export function createInventoryReader(store: Store, options: InventoryReaderOptions = {}): InventoryReader {
  const read = currentRow(store);
  const decoded = new LRUCache<string, DeviceRecord>({ max: options.maxEntries ?? 10_000 });
  return {
    device(tenant, deviceId) {
      const row = read(tenant, deviceId);
      if (row === undefined) return undefined;
      // Neither a tenant nor a device id holds a NUL, so two devices never share a key.
      const key = `${tenant}\0${deviceId}`;
      const known = decoded.get(key);
      if (known?.epoch === rowEpoch(row)) return known;
      const record = decodeDevice(row);
      decoded.set(key, record);
      return record;
    },
  };
}
