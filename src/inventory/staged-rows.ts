import type { EpochMs } from '../lib/clock.ts';
import type { Store } from '../store/types.ts';
import { bindingKey } from './binding-fields.ts';
import type { DeviceDifference } from './difference.ts';
import type { BoundDigest } from './types.ts';

/** Writes the rows of one generation, each within the caller's transaction. */
export interface StagedRows {
  /** Notes that the generation names a device; answers the line that named it before. */
  readonly note: (deviceId: string, line: number) => number | undefined;
  /** Stores a device's row; false where the generation has one already. */
  readonly put: (deviceId: string, now: EpochMs, status: string, className: string, body: string) => boolean;
  readonly key: (key: BoundDigest, deviceId: string) => void;
  readonly history: (difference: DeviceDifference) => void;
}

/** Prepares what stages rows under a generation. */
export function createWriter(
  store: Store,
  { tenant, generation }: { readonly tenant: string; readonly generation: number },
): StagedRows {
  const note = store.prepare(
    'INSERT INTO staged_devices (generation, device_id, tenant, line) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const noted = store.prepare<{ line: number }>(
    'SELECT line FROM staged_devices WHERE generation = ? AND device_id = ?',
  );
  const put = store.prepare(
    `INSERT INTO devices (tenant, device_id, generation, updated_at, status, class, body)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const key = store.prepare(
    'INSERT INTO device_keys (tenant, key, device_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const history = store.prepare(
    `INSERT INTO device_history (tenant, device_id, generation, kind, difference) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  return {
    note: (id, line) =>
      note.run(generation, id, tenant, line).changes === 1
        ? undefined
        : (noted.get(generation, id)?.line ?? 0),
    put: (id, now, status, className, body) =>
      put.run(tenant, id, generation, now, status, className, body).changes === 1,
    key: (bound, id) => void key.run(tenant, Buffer.from(bindingKey(bound), 'hex'), id),
    history: ({ device_id: id, kind, fields }) =>
      void history.run(tenant, id, generation, kind, JSON.stringify(fields)),
  };
}
