import { LRUCache } from 'lru-cache';
import { createEpochMemory } from '../store/epoch-memory.ts';
import type { Store } from '../store/types.ts';
import { bindingKey } from './binding-fields.ts';
import { bindsKey } from './binding.ts';
import { currentRow, decodeDevice, rowEpoch, type DeviceRow } from './device-rows.ts';
import type { DeviceRecord, InventoryReader } from './types.ts';

export interface InventoryReaderOptions {
  /** Decoded devices that are kept; 10,000 by default. */
  readonly maxEntries?: number;
}

/** Devices that are looked at for one key; two are one too many already. */
const maxHolders = 64;

/**
 * Point look-ups of devices, a few microseconds each. What is remembered is served under the epochs that were just
 * read from the same snapshot alone; a row's decoded form is kept beside the row and serves while that is the same, which
 * outlives changes to other devices. An older device is never served, nor one of another file: numbers of changes are
 * the same in both, so that they do not tell.
 */
export function createInventoryReader(store: Store, options: InventoryReaderOptions = {}): InventoryReader {
  const { maxEntries = 10_000 } = options;
  const readRow = currentRow(store);
  const memory = createEpochMemory<DeviceRecord | undefined>(store, maxEntries, 'devices');
  const decoded = new LRUCache<string, DecodedRow>({ max: maxEntries });
  const read = (tenant: string, deviceId: string): DeviceRecord | undefined => {
    const row = readRow(tenant, deviceId);
    if (row === undefined) return undefined;
    // Neither a tenant nor a device id holds a NUL, so two devices never share a key.
    const key = `${tenant}\0${deviceId}`;
    const known = decoded.get(key);
    if (known && isSameRow(known, row)) return known.record;
    const record = decodeDevice(row);
    // Not the row itself: what a statement answers takes more memory than all that is read from it.
    decoded.set(key, { body: row.body, record });
    return record;
  };
  const device = (tenant: string, deviceId: string): DeviceRecord | undefined =>
    memory.read(tenant, deviceId, () => read(tenant, deviceId));
  const hinted = store.prepare<{ device_id: string }>(
    `SELECT device_id FROM device_keys WHERE tenant = ? AND key = ? ORDER BY device_id LIMIT ${maxHolders}`,
  );
  const bound = createEpochMemory<Holders>(store, maxEntries, 'device_keys');
  const load = (tenant: string, keyDigest: string): Holders => {
    const named = hinted
      .all(tenant, Buffer.from(keyDigest, 'hex'))
      .flatMap(({ device_id: id }) => device(tenant, id) ?? [])
      .filter((record) => record.keys.some((key) => bindingKey(key) === keyDigest));
    const windowed = named.some((record) => !record.keys.includes(keyDigest));
    return windowed ? { named } : { named, ids: named.map((record) => record.device_id) };
  };
  return {
    device,
    holders: (tenant, keyDigest, now) => {
      const { named, ids } = bound.read(tenant, keyDigest, () => load(tenant, keyDigest));
      if (ids) return ids;
      return named.filter((record) => bindsKey(record, keyDigest, now)).map((record) => record.device_id);
    },
  };
}

interface DecodedRow {
  readonly body: string;
  readonly record: DeviceRecord;
}

function isSameRow({ body, record }: DecodedRow, row: DeviceRow): boolean {
  return (
    record.epoch === rowEpoch(row) &&
    record.status === row.status &&
    record.updated_at === row.updated_at &&
    record.class === row.class &&
    body === row.body
  );
}

/** The devices whose records name one key; their ids where none of them does so within a window. */
interface Holders {
  readonly named: readonly DeviceRecord[];
  readonly ids?: readonly string[];
}
