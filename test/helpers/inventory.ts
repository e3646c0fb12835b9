import { Readable } from 'node:stream';
import { importDevices, type ImportOptions, type ImportResult } from '../../src/inventory/import.ts';
import type { Store } from '../../src/store/types.ts';

export type Fields = Record<string, unknown>;

/** What an import keeps out that keeps nobody out. */
export const nobody = {
  kept_out: 0,
  total_active: null,
  by_class: [],
  by_site: [],
  certainty: 'exact',
  unknown: [],
};

/** One import row with the fields that every device must have. */
export function device(deviceId: string, fields: Fields = {}): Fields {
  return { device_id: deviceId, status: 'active', class: 'meter', ...fields };
}

/** NDJSON text of rows. */
export function ndjson(rows: readonly Fields[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** Imports rows (as NDJSON) or the text of a file into the tenant `default`. */
export function importRows(
  store: Store,
  rows: readonly Fields[] | string,
  options: Partial<ImportOptions> = {},
): Promise<ImportResult> {
  const text = typeof rows === 'string' ? rows : ndjson(rows);
  return importDevices(store, {
    input: Readable.from([Buffer.from(text)]),
    format: 'ndjson',
    tenant: 'default',
    actor: 'tester',
    why: 'test',
    now: 1000,
    ...options,
  });
}
