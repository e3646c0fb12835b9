import type { Config, InventorySourceConfig } from '../../config/types.ts';
import type { ImportResult } from '../../inventory/import.ts';
import { lockoutLimitOf, lockoutText } from '../../inventory/lockout-limit.ts';
import { boundClasses } from '../../inventory/unbound.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import type { Store } from '../../store/types.ts';
import { handBytes } from '../helpers/apply-crl-file.ts';
import { importDevicesInHelper } from '../helpers/device-helper.ts';
import { importDeviceFile, type DeviceFileJob } from '../helpers/import-device-file.ts';
import type { StoreHand } from '../helpers/store-hand.ts';
import { inventorySource } from './file-or-url.ts';
import type { Applied, Brought, SourceEntry, SourceSpec } from './types.ts';

/** What inventories are imported into. */
export interface DeviceWorld {
  readonly store: Store;
  readonly log: (line: string) => void;
  /** Who does what would hold up decisions; undefined as long as none are made. */
  readonly hand?: () => StoreHand | undefined;
  /** Ends imports that are under way. */
  readonly signal?: AbortSignal;
}

/** Bytes of a file above which it is imported by a process of its own. */
const inlineBytes = 256 * 1024;

function bringsDevices({ kind }: InventorySourceConfig): boolean {
  return kind === 'devices';
}

/** The sources of devices, as they are configured. */
export function deviceEntries({ inventory }: Config): readonly SourceEntry[] {
  return inventory.sources.filter(bringsDevices).map(inventorySource);
}

/** The sources of devices with what becomes of what they bring. */
export function deviceSources(config: Config, world: DeviceWorld): SourceSpec[] {
  return config.inventory.sources.filter(bringsDevices).map((source) => {
    const alarm = onceInARow((problem) =>
      world.log(`ALARM: devices of ${source.name} are refused: ${problem}`),
    );
    return {
      ...inventorySource(source),
      apply: (brought) => apply(brought, source, config, { ...world, alarm }),
    };
  });
}

/** Tells a problem once for as long as it is the same; undefined = there is none any more. */
function onceInARow(tell: (problem: string) => void): (problem: string | undefined) => void {
  let last: string | undefined;
  return (problem) => {
    if (problem !== undefined && problem !== last) tell(problem);
    last = problem;
  };
}

async function apply(
  { path, from, now, size }: Brought,
  source: InventorySourceConfig,
  config: Config,
  { alarm, ...world }: DeviceWorld & { readonly alarm: (problem: string | undefined) => void },
): Promise<Applied> {
  const { name, format, columns, tenant, whole } = source;
  const job: DeviceFileJob = {
    ...{ path, name: from, format, columns, tenant, whole, now },
    classes: Object.keys(config.classes),
    bound: [...boundClasses(config.classes)],
    limit: lockoutLimitOf(config),
    why: `source ${name}`,
  };
  try {
    const done = await imported(job, size, world);
    alarm(undefined);
    const { added, changed, removed, unchanged, kept_status: kept, kept_ended: ended, lockout } = done;
    const stay = kept === 0 ? '' : `, ${kept} keep their status`;
    const over = ended === 0 ? '' : `, of ${ended} bindings stay ended`;
    const out = lockout.kept_out === 0 ? '' : `; it keeps out ${lockoutText(lockout)}`;
    const counts = `${added} added, ${changed} changed, ${removed} removed, ${unchanged} unchanged`;
    return { changed: done.epoch !== null, what: `devices of ${name}: ${counts}${stay}${over}${out}` };
  } catch (thrown) {
    const error = asPortreeveError(thrown, 'PDP_INVENTORY_INVALID');
    if (error.code === 'PDP_LOCKOUT') alarm(error.message);
    throw error;
  }
}

function imported(
  job: DeviceFileJob,
  size: number,
  { store, log, signal, hand }: DeviceWorld,
): Promise<ImportResult> {
  const other = size > handBytes ? hand?.() : undefined;
  if (other) return other.do({ is: size > inlineBytes ? 'large_devices' : 'devices', job });
  if (size <= inlineBytes) return importDeviceFile(store, job);
  return importDevicesInHelper({ storePath: store.path, job, log, ...(signal && { signal }) });
}
