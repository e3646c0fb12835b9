import { canonicalForm } from '../lib/canonical-json.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Store } from '../store/types.ts';
import type { DeviceDraft } from './record.ts';
import type { DeviceRecord, DeviceStatus } from './types.ts';

/** What the columns `status`, `class` and `body` of the table `devices` hold. */
export interface DeviceContent {
  readonly status: string;
  readonly class: string;
  /** JSON of all further fields that are not empty, always in the same order: equal devices have equal text. */
  readonly body: string;
}

/** A row of `devices` of a visible generation. */
export interface DeviceRow extends DeviceContent {
  readonly device_id: string;
  readonly generation: number;
  /** Epoch of the edit that last changed the row; null as imported. */
  readonly epoch: number | null;
  readonly updated_at: EpochMs;
  readonly visible_epoch: number;
}

/** Columns of a DeviceRow from the tables `d` (devices) and `g` (generations). */
export const deviceColumns =
  'd.device_id, d.generation, d.epoch, d.updated_at, d.status, d.class, d.body, g.visible_epoch';

// CROSS JOIN keeps SQLite from beginning with the generations: one descent to the device, then its few rows.
const currentSql = `
  SELECT ${deviceColumns} FROM devices d CROSS JOIN generations g ON g.generation = d.generation
  WHERE d.tenant = ? AND d.device_id = ? AND g.state = 'visible'`;

/** Of rows of one device, the one that counts: that of the generation which became visible last. */
export function newestRow<Row extends Pick<DeviceRow, 'visible_epoch'>>(
  rows: readonly Row[],
): Row | undefined {
  let newest = rows[0];
  for (const row of rows) {
    if (newest === undefined || row.visible_epoch > newest.visible_epoch) newest = row;
  }
  return newest;
}

/**
 * `status` of a row by which an import takes a device away: it hides the rows of earlier generations until the sweep has
 * removed them, and then goes itself. No device has it.
 */
export const removedStatus = 'removed';

/** A row unless it says that there is no such device. */
export function unlessRemoved<Row extends Pick<DeviceRow, 'status'>>(row: Row | undefined): Row | undefined {
  return row?.status === removedStatus ? undefined : row;
}

/** Answers a function that reads the row that counts for a device; undefined for an unknown one. */
export function currentRow(store: Store): (tenant: string, deviceId: string) => DeviceRow | undefined {
  const statement = store.prepare<DeviceRow>(currentSql);
  return (tenant, deviceId) => unlessRemoved(newestRow(statement.all(tenant, deviceId)));
}

/** Epoch of the change that made a row what it is. */
export function rowEpoch(row: Pick<DeviceRow, 'epoch' | 'visible_epoch'>): number {
  return row.epoch ?? row.visible_epoch;
}

/** The stored form of a device. */
export function encodeDevice(draft: DeviceDraft): DeviceContent {
  const { status, class: className, tags, certificates, keys, firmware, networks, gateways } = draft;
  const body = JSON.stringify({
    owner: draft.owner,
    site: draft.site,
    serial: draft.serial,
    hardware_model: draft.hardware_model,
    key_protection: draft.key_protection,
    ueid: draft.ueid,
    renewal_expected_by: draft.renewal_expected_by,
    tags: unlessEmpty(tags),
    certificates: unlessEmpty(certificates),
    keys: unlessEmpty(keys),
    issued: unlessEmpty(draft.issued),
    attestation_keys: unlessEmpty(draft.attestation_keys),
    firmware: unlessEmpty(firmware),
    networks: unlessEmpty(networks),
    gateways: unlessEmpty(gateways),
    entitlements: unlessEmpty(draft.entitlements),
    attributes: Object.keys(draft.attributes).length === 0 ? undefined : draft.attributes,
  });
  return { status, class: className, body };
}

/** The device that a row's content describes, before it has an epoch. */
export function decodeDraft(row: DeviceContent & { readonly device_id: string }): DeviceDraft {
  const {
    epoch: _,
    updated_at: __,
    ...draft
  } = decodeDevice({
    ...row,
    ...{ generation: 0, epoch: 0, updated_at: 0, visible_epoch: 0 },
  });
  return draft;
}

/** The device that a row holds. */
export function decodeDevice(row: DeviceRow): DeviceRecord {
  const stored = JSON.parse(row.body) as Partial<DeviceDraft>;
  return canonicalForm({
    device_id: row.device_id,
    status: row.status as DeviceStatus,
    class: row.class,
    tags: [],
    certificates: [],
    keys: [],
    firmware: [],
    networks: [],
    gateways: [],
    entitlements: [],
    attributes: {},
    ...stored,
    epoch: rowEpoch(row),
    updated_at: row.updated_at,
  });
}

function unlessEmpty<Item>(items: readonly Item[] | undefined): readonly Item[] | undefined {
  return items === undefined || items.length === 0 ? undefined : items;
}
