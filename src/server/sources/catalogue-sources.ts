import type { Config, InventorySourceConfig } from '../../config/types.ts';
import { catalogueLimits } from '../../inventory/catalogue-rows.ts';
import type { CatalogueResult } from '../../inventory/catalogue-types.ts';
import { lockoutLimitOf } from '../../inventory/lockout-limit.ts';
import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import type { Store } from '../../store/types.ts';
import { handBytes } from '../helpers/apply-crl-file.ts';
import {
  importCatalogueFile,
  type CatalogueFileJob,
  type CatalogueKind,
} from '../helpers/import-catalogue-file.ts';
import type { StoreHand } from '../helpers/store-hand.ts';
import { inventorySource } from './file-or-url.ts';
import type { Applied, Brought, SourceEntry, SourceSpec } from './types.ts';

/** What catalogues are imported into. */
export interface CatalogueWorld {
  readonly store: Store;
  readonly log: (line: string) => void;
  /** Who does what would hold up decisions; undefined as long as none are made. */
  readonly hand?: () => StoreHand | undefined;
}

type CatalogueSourceConfig = InventorySourceConfig & { readonly kind: CatalogueKind };

function bringsCatalogue(source: InventorySourceConfig): source is CatalogueSourceConfig {
  return source.kind !== 'devices';
}

/** The sources of firmware and of delegations to gateways, as they are configured. */
export function catalogueEntries({ inventory }: Config): readonly SourceEntry[] {
  return inventory.sources.filter(bringsCatalogue).map(inventorySource);
}

/** The sources of firmware and of delegations with what becomes of what they bring. */
export function catalogueSources(config: Config, world: CatalogueWorld): SourceSpec[] {
  return config.inventory.sources.filter(bringsCatalogue).map((source) => ({
    ...inventorySource(source),
    apply: (brought) => applyCatalogue(brought, source, config, world),
  }));
}

async function applyCatalogue(
  { path, size, now }: Brought,
  { name, kind, format, columns, tenant, whole }: CatalogueSourceConfig,
  config: Config,
  world: CatalogueWorld,
): Promise<Applied> {
  if (size > catalogueLimits.bytes)
    throw new PortreeveError(
      'PDP_LIMIT_EXCEEDED',
      `${kind} of ${name}: ${size} bytes are more than ${catalogueLimits.bytes}`,
    );
  const job = {
    kind,
    path,
    source: name,
    format,
    columns,
    tenant,
    whole,
    limit: lockoutLimitOf(config),
    now,
  };
  const {
    epoch,
    added,
    changed,
    removed,
    unchanged,
    kept_back: back,
  } = await tellingLockout(job, size, world);
  const counts = `${added} added, ${changed} changed, ${removed} removed, ${unchanged} unchanged`;
  const stay = back === 0 ? '' : `, ${back} stay taken back`;
  return { changed: epoch !== null, what: `${kind} of ${name}: ${counts}${stay}` };
}

/** A catalogue that would keep out too many devices is an alarm; the last good one stays. */
async function tellingLockout(
  job: CatalogueFileJob,
  size: number,
  { store, log, hand }: CatalogueWorld,
): Promise<CatalogueResult> {
  const other = size > handBytes ? hand?.() : undefined;
  try {
    return await (other ? other.do({ is: 'catalogue', job }) : importCatalogueFile(store, job));
  } catch (thrown) {
    const error = asPortreeveError(thrown, 'PDP_INVENTORY_INVALID');
    if (error.code === 'PDP_LOCKOUT') log(`ALARM: ${job.kind} of ${job.source} is refused: ${error.message}`);
    throw error;
  }
}
