import { setImmediate as breathe } from 'node:timers/promises';
import type { Store } from '../store/types.ts';

/** Rows that are read without a pause; some milliseconds. */
const rowsAtOnce = 10_000;

const pieceSql = `
  WITH piece AS (
    SELECT tenant, device_id,
      status = 'active' AND generation IN (SELECT generation FROM generations WHERE state = 'visible') AS active
    FROM devices WHERE (tenant, device_id) > (?, ?) ORDER BY tenant, device_id LIMIT ${rowsAtOnce})
  SELECT tenant, device_id, sum(active) OVER () AS active FROM piece ORDER BY tenant DESC, device_id DESC LIMIT 1`;

/**
 * Active devices of all tenants, about: counted a piece at a time with the event loop free between them, so that a
 * server can count ten millions of them. A device that an import is just replacing may be counted with either row.
 */
export async function countAllActive(store: Store): Promise<number> {
  const piece = store.prepare<{ tenant: string; device_id: string; active: number }>(pieceSql);
  let active = 0;
  for (let last = piece.get('', ''); last !== undefined; last = piece.get(last.tenant, last.device_id)) {
    active += last.active;
    await breathe();
  }
  return active;
}
