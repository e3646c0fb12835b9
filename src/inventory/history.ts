import type { EpochMs } from '../lib/clock.ts';
import type { Store } from '../store/types.ts';
import type { FieldDifference } from './difference.ts';

/** One thing that happened to a device. */
export interface DeviceEvent {
  readonly epoch: number;
  readonly at: EpochMs;
  readonly actor: string;
  readonly why: string;
  /** `changes.kind`: an edit of this device, a hold on it, or an import. */
  readonly change: string;
  /** File or source of an import; null for an edit. */
  readonly source: string | null;
  /** What an import did with the device; null for an edit. */
  readonly kind: 'added' | 'changed' | 'removed' | null;
  readonly fields: readonly FieldDifference[];
  /** What the change says beside that. */
  readonly detail: Readonly<Record<string, unknown>>;
}

interface ChangeRow extends Record<string, string | number | null> {
  readonly epoch: number;
  readonly at: number;
  readonly actor: string;
  readonly why: string;
  readonly kind: string;
  readonly selector: string;
  readonly detail: string;
}

type ImportedRow = ChangeRow & { readonly what: DeviceEvent['kind']; readonly difference: string };

/**
 * What happened to a device, newest first: every change of its own and every hold on it (kept for good), and what imports changed about it
 * (kept for `historyMs`). A tenant's first import notes nothing of its single devices; that a device came with it is
 * seen by its record's epoch alone. Reads one snapshot.
 */
export function deviceHistory(store: Store, tenant: string, deviceId: string, limit: number): DeviceEvent[] {
  return store.snapshot(() => {
    const own = store
      .prepare<ChangeRow>(
        `SELECT epoch, at, actor, why, kind, selector, detail FROM changes
         WHERE selector = ? AND tenant = ? ORDER BY epoch DESC LIMIT ?`,
      )
      .all(deviceId, tenant, limit)
      .map((row) => eventOf(row, null, fieldsOf(row)));
    const imported = store
      .prepare<ImportedRow>(
        `SELECT c.epoch, c.at, c.actor, c.why, c.kind, c.selector, c.detail, h.kind AS what, h.difference
         FROM device_history h CROSS JOIN generations g ON g.generation = h.generation
           CROSS JOIN changes c ON c.epoch = g.visible_epoch
         WHERE h.tenant = ? AND h.device_id = ? AND g.state = 'visible' ORDER BY c.epoch DESC LIMIT ?`,
      )
      .all(tenant, deviceId, limit)
      .map((row) => eventOf(row, row.what, JSON.parse(row.difference) as FieldDifference[]));
    const held = store
      .prepare<ChangeRow>(
        `SELECT c.epoch, c.at, c.actor, c.why, c.kind, c.selector, c.detail
         FROM holds h CROSS JOIN changes c ON c.selector = h.hold_id AND c.tenant = h.tenant
         WHERE h.tenant = ? AND h.kind = 'device' AND h.value = ? AND c.kind LIKE 'hold.%'
         ORDER BY c.epoch DESC LIMIT ?`,
      )
      .all(tenant, deviceId, limit)
      .map((row) => holdEvent(row));
    return [...own, ...imported, ...held].toSorted((a, b) => b.epoch - a.epoch).slice(0, limit);
  });
}

function eventOf(row: ChangeRow, kind: DeviceEvent['kind'], fields: readonly FieldDifference[]): DeviceEvent {
  const { epoch, at, actor, why } = row;
  const own = kind === null;
  const detail = own ? (JSON.parse(row.detail) as Record<string, unknown>) : {};
  return { epoch, at, actor, why, change: row.kind, source: own ? null : row.selector, kind, fields, detail };
}

/** A hold on the device, its lift or its end; the change names the hold alone. */
function holdEvent(row: ChangeRow): DeviceEvent {
  const event = eventOf(row, null, []);
  return { ...event, detail: { ...event.detail, hold: row.selector } };
}

/** Fields with what they were and became, as edits tell them. */
function fieldsOf(row: ChangeRow): FieldDifference[] {
  const detail = JSON.parse(row.detail) as Record<string, unknown>;
  if (Array.isArray(detail['fields'])) return detail['fields'] as FieldDifference[];
  const { before, after } = detail as Record<'before' | 'after', Record<string, unknown> | undefined>;
  if (typeof before !== 'object' || typeof after !== 'object') return [];
  return Object.keys(after).map((field) => ({ field, before: before[field] ?? null, after: after[field] }));
}

const rowsAtOnce = 500;

/** Whether `pruneHistory` would find something to do. Reads only. Throws PDP_STORE_UNAVAILABLE. */
export function isPruningDue(store: Store, before: EpochMs): boolean {
  return generationOfBefore(store, before) !== undefined;
}

/**
 * Removes up to a batch of what imports of before `before` changed about single devices; answers how many rows went. One
 * short transaction.
 */
export function pruneHistory(store: Store, before: EpochMs): number {
  return store.transact(() => {
    const oldest = generationOfBefore(store, before);
    if (oldest === undefined) return 0;
    return store
      .prepare(
        `DELETE FROM device_history WHERE generation = ?1 AND (tenant, device_id) IN
           (SELECT tenant, device_id FROM device_history WHERE generation = ?1 LIMIT ${rowsAtOnce})`,
      )
      .run(oldest).changes;
  });
}

/** An import of before a time of which history is left. */
function generationOfBefore(store: Store, before: EpochMs): number | undefined {
  return store
    .prepare<{ generation: number }>(
      `SELECT generation FROM generations g WHERE started_at < ? AND state = 'visible'
         AND EXISTS (SELECT 1 FROM device_history h WHERE h.generation = g.generation) LIMIT 1`,
    )
    .get(before)?.generation;
}
