import { readFile } from 'node:fs/promises';
import type { Config, InventorySourceConfig } from '../../config/types.ts';
import { importFirmware } from '../../inventory/firmware/import.ts';
import { importDelegations } from '../../inventory/gateways/import.ts';
import { catalogueLimits } from '../../inventory/catalogue-rows.ts';
import { lockoutLimitOf } from '../../inventory/lockout-limit.ts';
import type { CatalogueImport, CatalogueResult } from '../../inventory/catalogue-types.ts';
import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import type { Store } from '../../store/types.ts';
import { inventorySource } from './file-or-url.ts';
import type { Applied, Brought, SourceEntry, SourceSpec } from './types.ts';

/** What catalogues are imported into. */
export interface CatalogueWorld {
  readonly store: Store;
  readonly log: (line: string) => void;
}

/** How what a source brings is taken in, by its kind. */
const imports: Readonly<
  Partial<Record<InventorySourceConfig['kind'], (store: Store, options: CatalogueImport) => CatalogueResult>>
> = { firmware: importFirmware, gateways: importDelegations };

/** The sources of firmware and of delegations to gateways, as they are configured. */
export function catalogueEntries({ inventory }: Config): readonly SourceEntry[] {
  return inventory.sources.filter(({ kind }) => imports[kind]).map(inventorySource);
}

/** The sources of firmware and of delegations with what becomes of what they bring. */
export function catalogueSources(config: Config, { store, log }: CatalogueWorld): SourceSpec[] {
  const lockout = { limit: lockoutLimitOf(config) };
  return config.inventory.sources.flatMap((source) => {
    const take = imports[source.kind];
    if (!take) return [];
    const apply = (brought: Brought): Promise<Applied> =>
      applyCatalogue(brought, source, log, (options) =>
        take(store, { ...options, lockout, stopAbove: true }),
      );
    return [{ ...inventorySource(source), apply }];
  });
}

async function applyCatalogue(
  { path, size, now }: Brought,
  source: InventorySourceConfig,
  log: CatalogueWorld['log'],
  take: (options: CatalogueImport) => CatalogueResult,
): Promise<Applied> {
  const { name, kind, format, columns, tenant, whole } = source;
  if (size > catalogueLimits.bytes)
    throw new PortreeveError(
      'PDP_LIMIT_EXCEEDED',
      `${kind} of ${name}: ${size} bytes are more than ${catalogueLimits.bytes}`,
    );
  const options: CatalogueImport = {
    bytes: await readFile(path),
    columns: Object.keys(columns).length === 0 ? undefined : columns,
    ...{ format, tenant, whole, now, actor: 'server', why: `source ${name}`, source: name },
  };
  const { epoch, added, changed, removed, unchanged } = tellingLockout(source, log, () => take(options));
  const counts = `${added} added, ${changed} changed, ${removed} removed, ${unchanged} unchanged`;
  return { changed: epoch !== null, what: `${kind} of ${name}: ${counts}` };
}

/** A catalogue that would keep out too many devices is an alarm; the last good one stays. */
function tellingLockout(
  { kind, name }: InventorySourceConfig,
  log: CatalogueWorld['log'],
  take: () => CatalogueResult,
): CatalogueResult {
  try {
    return take();
  } catch (thrown) {
    const error = asPortreeveError(thrown, 'PDP_INVENTORY_INVALID');
    if (error.code === 'PDP_LOCKOUT') log(`ALARM: ${kind} of ${name} is refused: ${error.message}`);
    throw error;
  }
}
