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
  certificates?: readonly SeenCertificate[];
  firmware?: readonly SeenFirmware[];
}

/**
 * What is learnt is written without an epoch, since an epoch for each sight would have every memory of every process
 * forget everything. So this one forgets by device, as it is told by the parent, which alone writes; and all of it with
 * any change of state, for a state file may have been replaced. Times of last sights may be old here: no decision
 * depends on them.
 */
export function createObservedMemory(store: Store, board: SharedBoard, maxEntries = 10_000): ObservedMemory {
  const reader = createObservedReader(store);
  const kept = new Map<string, Known>();
  let under: ReturnType<Store['epochs']> | undefined;
  const known = (tenant: string, deviceId: string): Known => {
    const epochs = store.epochs();
    if (epochs !== under) kept.clear();
    under = epochs;
    const name = `${tenant}\0${deviceId}`;
    const found = kept.get(name);
    if (found) return found;
    if (kept.size >= maxEntries) kept.clear();
    const empty: Known = {};
    kept.set(name, empty);
    return empty;
  };
  return {
    certificatesSeen: (tenant, deviceId) =>
      store.snapshot(
        () => (known(tenant, deviceId).certificates ??= reader.certificatesSeen(tenant, deviceId)),
      ),
    highestFirmware: (tenant, deviceId) =>
      store.snapshot(() => (known(tenant, deviceId).firmware ??= reader.highestFirmware(tenant, deviceId))),
    sharedUse: (tenant, key) => board.trail(tenant, key),
    forget: (devices) => {
      for (const { tenant, device_id: id } of devices) kept.delete(`${tenant}\0${id}`);
    },
  };
}
