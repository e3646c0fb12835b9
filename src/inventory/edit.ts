import type { EpochMs } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import type { Store } from '../store/types.ts';
import { currentRow } from './device-rows.ts';
import { setStatusKind } from './edited.ts';
import { forbiddenChange } from './lifecycle.ts';
import { deviceStatuses, type DeviceStatus } from './types.ts';

export interface SetStatusOptions {
  readonly tenant: string;
  readonly deviceId: string;
  readonly status: DeviceStatus;
  readonly actor: string;
  readonly why: string;
  readonly now: EpochMs;
}

/**
 * Sets a device's status in one short transaction. The same status again is a change too: an import that is
 * running may be about to set another one, and must not. Throws PDP_NOT_FOUND for an unknown device and
 * PDP_INVENTORY_INVALID for a status that does not exist or may not follow the present one (lifecycle.ts).
 */
export function setStatus(
  store: Store,
  options: SetStatusOptions,
): { readonly epoch: number; readonly before: DeviceStatus; readonly after: DeviceStatus } {
  const { tenant, deviceId, status, actor, why, now } = options;
  if (!deviceStatuses.includes(status)) {
    throw new PortreeveError(
      'PDP_INVENTORY_INVALID',
      `status ${JSON.stringify(status)} does not exist: it must be one of ${deviceStatuses.join(', ')}`,
    );
  }
  return store.transact(() => {
    const row = currentRow(store)(tenant, deviceId);
    if (row === undefined) throw unknownDevice(tenant, deviceId);
    const before = row.status as DeviceStatus;
    const forbidden = forbiddenChange(before, status, { why: why.trim() !== '' });
    if (forbidden !== undefined) throw statusRefused(deviceId, forbidden, before);
    const epoch = store.change({
      tenant,
      at: now,
      actor,
      why,
      kind: setStatusKind,
      selector: deviceId,
      detail: { before: { status: before }, after: { status } },
    });
    store
      .prepare(
        `UPDATE devices SET status = ?, epoch = ?, updated_at = ? WHERE tenant = ? AND device_id = ? AND generation = ?`,
      )
      .run(status, epoch, now, tenant, deviceId, row.generation);
    return { epoch, before, after: status };
  });
}

/** PDP_NOT_FOUND for a device that the inventory does not have. */
export function unknownDevice(tenant: string, deviceId: string): PortreeveError {
  return new PortreeveError(
    'PDP_NOT_FOUND',
    `device ${JSON.stringify(deviceId)} is not in the inventory of tenant ${JSON.stringify(tenant)}; see 'portreeve device list'`,
  );
}

function statusRefused(deviceId: string, forbidden: string, before: DeviceStatus): PortreeveError {
  const further = before === 'decommissioned' ? '; enrol the hardware under a new device id' : '';
  return new PortreeveError(
    'PDP_INVENTORY_INVALID',
    `device ${JSON.stringify(deviceId)} ${forbidden}${further}`,
  );
}
