import type { EpochMs } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import type { Store } from '../store/types.ts';
import { bindingKey } from './binding-fields.ts';
import { currentRow, decodeDraft, encodeDevice } from './device-rows.ts';
import { mostBindings } from './device-fields.ts';
import { deviceDifference, type DeviceDifference } from './difference.ts';
import { unknownDevice } from './edit.ts';
import { setBindingsKind } from './edited.ts';
import type { BoundDigest, DeviceRecord, IssuedBinding } from './types.ts';

/** What a device's record binds, and by when it is to be renewed. */
export type DeviceBindings = Pick<DeviceRecord, 'certificates' | 'keys' | 'renewal_expected_by'> & {
  readonly issued: readonly IssuedBinding[];
};

export interface SetBindingsOptions {
  readonly tenant: string;
  readonly deviceId: string;
  readonly actor: string;
  readonly why: string;
  readonly now: EpochMs;
  /** From what is bound to what is to be. */
  readonly change: (bindings: DeviceBindings) => DeviceBindings;
}

/**
 * Changes what is bound to a device in one short transaction; the answer's epoch is null where that is what was bound
 * already. Throws PDP_NOT_FOUND for an unknown device, PDP_INVENTORY_INVALID for more bindings than a device may have.
 */
export function setBindings(
  store: Store,
  options: SetBindingsOptions,
): { readonly epoch: number | null; readonly difference: DeviceDifference } {
  const { tenant, deviceId, actor, why, now, change } = options;
  return store.transact(() => {
    const row = currentRow(store)(tenant, deviceId);
    if (row === undefined) throw unknownDevice(tenant, deviceId);
    const before = decodeDraft(row);
    const { renewal_expected_by: renewal, ...rest } = before;
    const wanted = change({
      certificates: before.certificates,
      keys: before.keys,
      issued: before.issued ?? [],
      ...(renewal !== undefined && { renewal_expected_by: renewal }),
    });
    for (const list of [wanted.certificates, wanted.keys, wanted.issued]) {
      if (list.length > mostBindings)
        throw new PortreeveError(
          'PDP_INVENTORY_INVALID',
          `device ${JSON.stringify(deviceId)} would have ${list.length} bindings of one kind: ${mostBindings} are the most; unbind old ones first`,
        );
    }
    const after = {
      ...rest,
      certificates: sorted(wanted.certificates),
      keys: sorted(wanted.keys),
      issued: sorted(wanted.issued),
      ...(wanted.renewal_expected_by !== undefined && { renewal_expected_by: wanted.renewal_expected_by }),
    };
    const difference = deviceDifference(deviceId, before, after);
    if (difference.fields.length === 0) return { epoch: null, difference };
    const epoch = store.change({
      ...{ tenant, at: now, actor, why, kind: setBindingsKind, selector: deviceId },
      detail: { fields: difference.fields },
    });
    store
      .prepare(
        `UPDATE devices SET body = ?, epoch = ?, updated_at = ? WHERE tenant = ? AND device_id = ? AND generation = ?`,
      )
      .run(encodeDevice(after).body, epoch, now, tenant, deviceId, row.generation);
    const hint = store.prepare(
      'INSERT INTO device_keys (tenant, key, device_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    for (const key of after.keys) hint.run(tenant, Buffer.from(bindingKey(key), 'hex'), deviceId);
    return { epoch, difference };
  });
}

function sorted<Bound extends BoundDigest | IssuedBinding>(list: readonly Bound[]): Bound[] {
  return list.toSorted((a, b) => (bindingKey(a) < bindingKey(b) ? -1 : 1));
}

/** Bindings of one list with one more, or with another window for it; the others end at `endOthers` at the latest. */
export function withBinding<Bound extends BoundDigest | IssuedBinding>(
  list: readonly Bound[],
  added: Bound,
  endOthers?: EpochMs,
): Bound[] {
  const others = list.filter((bound) => bindingKey(bound) !== bindingKey(added));
  return [...(endOthers === undefined ? others : others.map((bound) => ending(bound, endOthers))), added];
}

/** The binding, ended at a time unless it ends before. */
export function ending<Bound extends BoundDigest | IssuedBinding>(bound: Bound, until: EpochMs): Bound {
  if (typeof bound === 'string') return { sha256: bound, until } as Bound;
  const { until: before } = bound;
  return before !== undefined && before <= until ? bound : ({ ...(bound as object), until } as Bound);
}
