import { createReadStream } from 'node:fs';
import type { ColumnMap } from '../../inventory/csv-rows.ts';
import { importDevices, type ImportResult } from '../../inventory/import.ts';
import type { LockoutLimit } from '../../inventory/lockout-limit.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { Store } from '../../store/types.ts';

/** A file of devices that is to come into force: plain data, which another process can be told. */
export interface DeviceFileJob {
  readonly path: string;
  /** What it is called for people and records. */
  readonly name: string;
  readonly format: 'ndjson' | 'csv';
  readonly columns: ColumnMap;
  readonly tenant: string;
  readonly whole: boolean;
  readonly classes: readonly string[];
  /** `boundClasses`, as entries. */
  readonly bound: readonly (readonly [string, 'certificate' | 'key'])[];
  readonly limit: LockoutLimit;
  readonly why: string;
  readonly now: EpochMs;
}

/**
 * Imports a file in the server's name. A status that may not follow the present one (an operator marked the device lost)
 * stays, lest one device hold up all others. Throws what `importDevices` throws.
 */
export function importDeviceFile(
  store: Store,
  job: DeviceFileJob,
  onProgress?: (progress: { readonly rows: number }) => void,
): Promise<ImportResult> {
  const { path, name, format, columns, tenant, whole, classes, bound, limit, why, now } = job;
  return importDevices(store, {
    input: createReadStream(path, { highWaterMark: 1024 * 1024 }),
    ...{ format, tenant, why, now, actor: 'server', source: name },
    columns: Object.keys(columns).length === 0 ? undefined : columns,
    deleteMissing: whole,
    forbidden: 'keep',
    lockout: { limit },
    classes: new Set(classes),
    bound: new Map(bound),
    ...(onProgress && { onProgress }),
  });
}
