import { readFile } from 'node:fs/promises';
import type { Config, InventorySourceConfig } from '../../config/types.ts';
import { importFirmware } from '../../inventory/firmware/import.ts';
import { importDelegations } from '../../inventory/gateways/import.ts';
import { catalogueLimits } from '../../inventory/catalogue-rows.ts';
import type { CatalogueImport, CatalogueResult } from '../../inventory/catalogue-types.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { Store } from '../../store/types.ts';
import { fileOrUrlSource } from './file-or-url.ts';
import type { Applied, Brought, SourceEntry, SourceSpec } from './types.ts';

/** How what a source brings is taken in, by its kind. */
const imports: Readonly<
  Partial<Record<InventorySourceConfig['kind'], (store: Store, options: CatalogueImport) => CatalogueResult>>
> = { firmware: importFirmware, gateways: importDelegations };

/** The sources of firmware and of delegations to gateways, as they are configured. */
export function catalogueEntries({ inventory }: Config): readonly SourceEntry[] {
  return inventory.sources
    .filter(({ kind }) => imports[kind])
    .map((source) => fileOrUrlSource(source.kind, source));
}

/** The sources of firmware and of delegations with what becomes of what they bring. */
export function catalogueSources({ inventory }: Config, store: Store): SourceSpec[] {
  return inventory.sources.flatMap((source) => {
    const take = imports[source.kind];
    if (!take) return [];
    const apply = (brought: Brought): Promise<Applied> =>
      applyCatalogue(brought, source, (options) => take(store, options));
    return [{ ...fileOrUrlSource(source.kind, source), apply }];
  });
}

async function applyCatalogue(
  { path, size, now }: Brought,
  { name, kind, format, columns, tenant, whole }: InventorySourceConfig,
  take: (options: CatalogueImport) => CatalogueResult,
): Promise<Applied> {
  if (size > catalogueLimits.bytes)
    throw new PortreeveError(
      'PDP_LIMIT_EXCEEDED',
      `${kind} of ${name}: ${size} bytes are more than ${catalogueLimits.bytes}`,
    );
  const { epoch, added, changed, removed, unchanged } = take({
    bytes: await readFile(path),
    columns: Object.keys(columns).length === 0 ? undefined : columns,
    ...{ format, tenant, whole, now, actor: 'server', why: `source ${name}`, source: name },
  });
  const counts = `${added} added, ${changed} changed, ${removed} removed, ${unchanged} unchanged`;
  return { changed: epoch !== null, what: `${kind} of ${name}: ${counts}` };
}
