import type { Store } from '../store/types.ts';
import { decodeDraft, encodeDevice, type DeviceContent } from './device-rows.ts';

/** `changes.kind` of edits of one device. */
export const setStatusKind = 'device.set_status';
export const setBindingsKind = 'device.set_bindings';

export const editKinds: readonly string[] = [setStatusKind, setBindingsKind];

/** Which edits a device has had since an epoch. */
export function editsSince(
  store: Store,
  tenant: string,
  deviceId: string,
  epoch: number,
): ReadonlySet<string> {
  const rows = store
    .prepare<{ kind: string }>(
      'SELECT DISTINCT kind FROM changes WHERE selector = ? AND tenant = ? AND epoch > ? AND kind IN (?, ?)',
    )
    .all(deviceId, tenant, epoch, setStatusKind, setBindingsKind);
  return new Set(rows.map(({ kind }) => kind));
}

/** Whether a device has its present status by an edit of its own, and by no import since. */
export function isSetByEdit(store: Store, tenant: string, deviceId: string, status: string): boolean {
  const last = store
    .prepare<{ status: string | null }>(
      `SELECT json_extract(detail, '$.after.status') AS status FROM changes
         WHERE selector = ? AND tenant = ? AND kind = ? ORDER BY epoch DESC LIMIT 1`,
    )
    .get(deviceId, tenant, setStatusKind);
  return last?.status === status;
}

/**
 * What an import wants of a device, with what was edited meanwhile as it is now: an urgent disable, and a certificate
 * that was just renewed, are not undone by a file from before.
 */
export function keepingEdits(
  deviceId: string,
  wanted: DeviceContent,
  current: DeviceContent,
  edits: ReadonlySet<string>,
): DeviceContent {
  const status = edits.has(setStatusKind) ? current.status : wanted.status;
  if (!edits.has(setBindingsKind)) return { ...wanted, status };
  const now = decodeDraft({ ...current, device_id: deviceId });
  const { renewal_expected_by: _, ...draft } = decodeDraft({ ...wanted, device_id: deviceId });
  return encodeDevice({
    ...draft,
    status: status as typeof draft.status,
    certificates: now.certificates,
    keys: now.keys,
    issued: now.issued ?? [],
    ...(now.renewal_expected_by !== undefined && { renewal_expected_by: now.renewal_expected_by }),
  });
}
