import { LRUCache } from 'lru-cache';
import { createEpochMemory } from '../store/epoch-memory.ts';
import type { Store } from '../store/types.ts';
import { currentRow, decodeDevice, rowEpoch } from './device-rows.ts';
import type { DeviceRecord, InventoryReader } from './types.ts';

export interface InventoryReaderOptions {
  /** Decoded devices that are kept; 10,000 by default. */
  readonly maxEntries?: number;
}

/**
 * Point look-ups of devices, a few microseconds each. What is remembered is served under the epochs that were just
 * read from the same snapshot alone; a row's decoded form is kept under the epoch of the row, which outlives changes
 * to other devices. An older device is never served.
 */
export function createInventoryReader(store: Store, options: InventoryReaderOptions = {}): InventoryReader {
  const { maxEntries = 10_000 } = options;
  const readRow = currentRow(store);
  const memory = createEpochMemory<DeviceRecord | undefined>(store, maxEntries);
  const decoded = new LRUCache<string, DeviceRecord>({ max: maxEntries });
  const read = (tenant: string, deviceId: string, key: string): DeviceRecord | undefined => {
    const row = readRow(tenant, deviceId);
    if (row === undefined) return undefined;
    const known = decoded.get(key);
    if (known?.epoch === rowEpoch(row)) return known;
    const record = decodeDevice(row);
    decoded.set(key, record);
    return record;
  };
  return {
    device(tenant, deviceId) {
      // Neither a tenant nor a device id holds a NUL, so two devices never share a key.
      const key = `${tenant}\0${deviceId}`;
      return memory.read(key, () => read(tenant, deviceId, key));
    },
  };
}
