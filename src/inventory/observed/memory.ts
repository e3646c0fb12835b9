import { createBoundedMemory } from '../../lib/bounded-memory.ts';
import type { Store } from '../../store/types.ts';
import type { SharedBoard } from './board.ts';
import { createObservedReader } from './reader.ts';
import type { ObservedReader, SeenCertificate, SeenFirmware } from './types.ts';

/** What decisions look at: each look-up is remembered until the state changes or something new was learnt. */
export interface ObservedMemory extends ObservedReader {
  /** Something that decisions read was learnt of these devices. */
  forget(devices: readonly LearntOf[]): void;
}

/** A device of which something was learnt that decisions read. */
export interface LearntOf {
  readonly tenant: string;
  readonly device_id: string;
}

interface Known {
  readonly certificates?: readonly SeenCertificate[];
  readonly firmware?: readonly SeenFirmware[];
}

/**
 * What is learnt is written without an epoch, since an epoch for each sight would have every memory of every process
 * forget everything. So this one forgets by device, as it is told by the parent, which alone writes; and all of it with
 * any change of state, for a state file may have been replaced. Times of last sights may be old here: no decision
 * depends on them.
 */
export function createObservedMemory(store: Store, board: SharedBoard, maxEntries = 10_000): ObservedMemory {
  const reader = createObservedReader(store);
  const kept = createBoundedMemory<string, Known>(maxEntries);
  let under: ReturnType<Store['epochs']> | undefined;
  const known = (tenant: string, deviceId: string): Known | undefined => {
    const epochs = store.epochs();
    if (epochs !== under) kept.forget();
    under = epochs;
    return kept.find(tenant, deviceId)?.value;
  };
  const certificatesSeen = (tenant: string, deviceId: string): readonly SeenCertificate[] => {
    const before = known(tenant, deviceId);
    if (before?.certificates) return before.certificates;
    const certificates = reader.certificatesSeen(tenant, deviceId);
    kept.keep(tenant, deviceId, { ...before, certificates }, false);
    return certificates;
  };
  const highestFirmware = (tenant: string, deviceId: string): readonly SeenFirmware[] => {
    const before = known(tenant, deviceId);
    if (before?.firmware) return before.firmware;
    const firmware = reader.highestFirmware(tenant, deviceId);
    // It is asked of ids that are merely claimed, too: of those nothing was ever seen.
    const claimed = before === undefined && firmware.length === 0;
    kept.keep(tenant, deviceId, { ...before, firmware }, claimed);
    return firmware;
  };
  return {
    certificatesSeen: (tenant, deviceId) => store.snapshot(() => certificatesSeen(tenant, deviceId)),
    highestFirmware: (tenant, deviceId) => store.snapshot(() => highestFirmware(tenant, deviceId)),
    sharedUse: (tenant, key) => board.trail(tenant, key),
    forget: (devices) => {
      for (const { tenant, device_id: id } of devices) kept.drop(tenant, id);
    },
  };
}
