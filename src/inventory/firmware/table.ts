import type { SqlValue, Store } from '../../store/types.ts';
import type { FirmwareRecord, FirmwareStatus } from './types.ts';

/** A row of the table `firmware`. */
export interface FirmwareRow extends Record<string, SqlValue> {
  readonly firmware_hash: string;
  readonly product: string;
  readonly version: string;
  readonly status: string;
  readonly advisory: string | null;
  readonly grace_until: number | null;
  readonly epoch: number;
  readonly updated_at: number;
}

export const firmwareColumns =
  'firmware_hash, product, version, status, advisory, grace_until, epoch, updated_at';

/** A row as a record; what it does not say is absent. */
export function firmwareFromRow(row: FirmwareRow): FirmwareRecord {
  const { firmware_hash, product, version, status, advisory, grace_until: grace, epoch, updated_at } = row;
  return {
    ...{ firmware_hash, product, version, status: status as FirmwareStatus },
    ...(advisory !== null && { advisory }),
    ...(grace !== null && { grace_until: grace }),
    ...{ epoch, updated_at },
  };
}

/** All firmware of a tenant by its hash. Throws PDP_STORE_UNAVAILABLE. */
export function allFirmware(store: Store, tenant: string): readonly FirmwareRecord[] {
  return store
    .prepare<FirmwareRow>(`SELECT ${firmwareColumns} FROM firmware WHERE tenant = ? ORDER BY firmware_hash`)
    .all(tenant)
    .map(firmwareFromRow);
}
