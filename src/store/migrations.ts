import { attestationKeys } from './migrations/attestation-keys.ts';
import { bundles } from './migrations/bundles.ts';
import { crls } from './migrations/crls.ts';
import { deviceHistory } from './migrations/device-history.ts';
import { firmware } from './migrations/firmware.ts';
import { gateways } from './migrations/gateways.ts';
import { holds } from './migrations/holds.ts';
import { observed } from './migrations/observed.ts';
import { ocsp } from './migrations/ocsp.ts';
import { sources } from './migrations/sources.ts';

/** "PORT": marks the SQLite file as ours (PRAGMA application_id), so that a foreign file is never migrated. */
export const applicationId = 0x504f5254;

/**
 * All table definitions, one entry a format version; the store's format is how many of them it has been through.
 * An entry is never changed once released: a further one is appended. Times are milliseconds since 1970.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- Every change of state; the epoch of this installation is its row number.
  CREATE TABLE changes (
    epoch INTEGER PRIMARY KEY AUTOINCREMENT,
    origin TEXT NOT NULL,
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    why TEXT NOT NULL,
    kind TEXT NOT NULL,
    selector TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;

  -- Highest epoch by origin, so that each decision reads one tiny row instead of an aggregate.
  CREATE TABLE epochs (origin TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  -- Bulk work is staged under a generation and becomes visible by changing this one row.
  CREATE TABLE generations (
    generation INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('staging', 'visible', 'retired')),
    started_at INTEGER NOT NULL,
    base_epoch INTEGER NOT NULL,
    visible_epoch INTEGER,
    heartbeat_at INTEGER NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE crls (
    issuer_key TEXT PRIMARY KEY,
    issuer_name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    number TEXT,
    this_update INTEGER NOT NULL,
    next_update INTEGER NOT NULL,
    imported_at INTEGER NOT NULL,
    source TEXT NOT NULL,
    digest TEXT NOT NULL,
    entries INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE revoked (
    generation INTEGER NOT NULL,
    serial BLOB NOT NULL,
    revoked_at INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    PRIMARY KEY (generation, serial)
  ) STRICT, WITHOUT ROWID;

  -- The row of the visible generation with the highest visible_epoch is the device. An edit changes that row in
  -- place and notes its own epoch; a row as imported has NULL there and takes its generation's visible_epoch.
  CREATE TABLE devices (
    tenant TEXT NOT NULL,
    device_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    epoch INTEGER,
    updated_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    class TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, device_id, generation)
  ) STRICT, WITHOUT ROWID;

  -- Which devices a generation names, while it is being staged and until it is swept: finds duplicates within one
  -- import, and leads the sweep to what became superfluous without a scan of all devices.
  CREATE TABLE staged_devices (
    generation INTEGER NOT NULL,
    device_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    line INTEGER NOT NULL,
    PRIMARY KEY (generation, device_id)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Where to look for the devices that a key is bound to: every device whose record named the key once. Only a hint,
  -- which is why rows are never taken away: the device's record of the day says whether it still binds the key.
  CREATE TABLE device_keys (
    tenant TEXT NOT NULL,
    key BLOB NOT NULL,
    device_id TEXT NOT NULL,
    PRIMARY KEY (tenant, key, device_id)
  ) STRICT, WITHOUT ROWID;

  INSERT OR IGNORE INTO device_keys
    SELECT d.tenant, unhex(k.value), d.device_id FROM devices d, json_each(d.body, '$.keys') k
    WHERE unhex(k.value) IS NOT NULL;
  `,
  // Each fragment stands in a file of its own, named for what it holds.
  [crls, holds, sources, attestationKeys, observed, deviceHistory, ocsp, firmware, gateways].join('\n'),
  bundles,
];

/** The store format that this program writes. */
export const storeFormat = migrations.length;
