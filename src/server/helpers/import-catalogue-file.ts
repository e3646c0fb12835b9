import { readFile } from 'node:fs/promises';
import type { InventorySourceConfig } from '../../config/types.ts';
import type { CatalogueImport, CatalogueResult } from '../../inventory/catalogue-types.ts';
import type { ColumnMap } from '../../inventory/csv-rows.ts';
import { importFirmware } from '../../inventory/firmware/import.ts';
import { importDelegations } from '../../inventory/gateways/import.ts';
import type { LockoutLimit } from '../../inventory/lockout-limit.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { Store } from '../../store/types.ts';

/** Catalogues that are files. */
export type CatalogueKind = Exclude<InventorySourceConfig['kind'], 'devices'>;

/** A file of firmware or delegations that is to come into force: plain data, which another process can be told. */
export interface CatalogueFileJob {
  readonly kind: CatalogueKind;
  readonly path: string;
  /** The source that has brought it, for people and records. */
  readonly source: string;
  readonly format: 'ndjson' | 'csv';
  readonly columns: ColumnMap;
  readonly tenant: string;
  readonly whole: boolean;
  readonly limit: LockoutLimit;
  readonly now: EpochMs;
}

const imports: Readonly<Record<CatalogueKind, (store: Store, of: CatalogueImport) => CatalogueResult>> = {
  firmware: importFirmware,
  gateways: importDelegations,
};

/** Imports a file in the server's name. Throws what the catalogue's import throws, and PDP_LOCKOUT above the limit. */
export async function importCatalogueFile(store: Store, job: CatalogueFileJob): Promise<CatalogueResult> {
  const { kind, path, source, columns, limit, ...how } = job;
  return imports[kind](store, {
    ...how,
    bytes: await readFile(path),
    columns: Object.keys(columns).length === 0 ? undefined : columns,
    ...{ actor: 'server', why: `source ${source}`, source },
    lockout: { limit },
    ...{ stopAbove: true, keepTakenBack: true },
  });
}
