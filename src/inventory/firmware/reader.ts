import { createEpochMemory } from '../../store/epoch-memory.ts';
import type { Store } from '../../store/types.ts';
import { firmwareColumns, firmwareFromRow, type FirmwareRow } from './table.ts';
import type { FirmwareReader, FirmwareRecord } from './types.ts';

/** Reads the catalogue by hash, remembering answers until anything in the store changes. Throws PDP_STORE_UNAVAILABLE. */
export function createFirmwareReader(store: Store, maxEntries = 10_000): FirmwareReader {
  const memory = createEpochMemory<FirmwareRecord | undefined>(store, maxEntries, 'firmware');
  const statement = store.prepare<FirmwareRow>(
    `SELECT ${firmwareColumns} FROM firmware WHERE tenant = ? AND firmware_hash = ?`,
  );
  return {
    firmware: (tenant, hash) =>
      memory.read(tenant, hash, () => {
        const row = statement.get(tenant, hash);
        return row && firmwareFromRow(row);
      }),
  };
}
