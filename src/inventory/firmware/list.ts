import type { SqlValue, Store } from '../../store/types.ts';
import { firmwareColumns, firmwareFromRow, type FirmwareRow } from './table.ts';
import type { FirmwareRecord, FirmwareStatus } from './types.ts';
import { compareVersions } from './version.ts';

export interface ListFirmware {
  readonly tenant: string;
  readonly product?: string | undefined;
  readonly status?: FirmwareStatus | undefined;
  readonly limit: number;
}

/** Firmware of a tenant by product, the highest version first. Throws PDP_STORE_UNAVAILABLE. */
export function listFirmware(
  store: Store,
  { tenant, product, status, limit }: ListFirmware,
): readonly FirmwareRecord[] {
  const values: SqlValue[] = [tenant];
  const wanted = (column: string, value: string | undefined): string => {
    if (value === undefined) return '';
    values.push(value);
    return `AND ${column} = ?`;
  };
  const where = `${wanted('product', product)} ${wanted('status', status)}`;
  const rows = store.snapshot(() =>
    store
      .prepare<FirmwareRow>(`SELECT ${firmwareColumns} FROM firmware WHERE tenant = ? ${where}`)
      .all(...values),
  );
  return rows.map(firmwareFromRow).sort(byProductAndVersion).slice(0, limit);
}

function byProductAndVersion(a: FirmwareRecord, b: FirmwareRecord): number {
  if (a.product !== b.product) return a.product < b.product ? -1 : 1;
  const order = compareVersions(b.version, a.version) ?? 0;
  return order !== 0 ? order : a.firmware_hash < b.firmware_hash ? -1 : 1;
}
