import type { Store } from '../../store/types.ts';
import { fieldReader } from '../catalogue-fields.ts';
import type { CatalogueImport, CatalogueResult } from '../catalogue-types.ts';
import { digestText, plainText, type TextRule } from '../device-fields.ts';
import { importCatalogue, type CatalogueKind } from '../import-catalogue.ts';
import { countUnusable } from './lockout.ts';
import { allFirmware } from './table.ts';
import { firmwareStatuses, type FirmwareDraft, type FirmwareStatus } from './types.ts';
import { isVersion } from './version.ts';

/**
 * Imports firmware into the catalogue. Versions that cannot be compared are refused here, so that none is ever compared
 * that has no order. Throws as `importCatalogue`.
 */
export function importFirmware(store: Store, options: CatalogueImport): CatalogueResult {
  return importCatalogue(store, kind, options);
}

/** The hash of a release: SHA-256, SHA-384 or SHA-512 in hex. */
export const firmwareHashText: TextRule = digestText(64, 96, 128);

const versionText: TextRule = (text) =>
  isVersion(text)
    ? text
    : { problem: 'cannot be compared: it must be numbers between dots, perhaps with a -pre.release' };

const statusText: TextRule = (text) =>
  firmwareStatuses.includes(text as FirmwareStatus)
    ? text
    : { problem: `must be one of ${firmwareStatuses.join(', ')}` };

const kind: CatalogueKind<FirmwareDraft> = {
  change: 'firmware.import',
  what: 'firmware',
  fields: ['firmware_hash', 'product', 'version', 'status', 'advisory', 'grace_until'],
  read: readFirmware,
  key: ({ firmware_hash: hash }) => hash,
  text: ({ firmware_hash: hash, product, version, status }) =>
    `${product} ${version} ${status} (${hash.slice(0, 16)}…)`,
  present: (store, tenant) =>
    allFirmware(store, tenant).map(({ epoch: _epoch, updated_at: _at, ...draft }) => draft),
  write: (store, tenant, draft, epoch, now) => {
    store
      .prepare(
        `INSERT OR REPLACE INTO firmware (tenant, firmware_hash, product, version, status, advisory, grace_until, epoch, updated_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        ...[tenant, draft.firmware_hash, draft.product, draft.version, draft.status],
        ...[draft.advisory ?? null, draft.grace_until ?? null, epoch, now],
      );
  },
  lockout: (store, difference, { tenant, now, lockout, stopAbove = false }) =>
    countUnusable(store, difference, { tenant, now, limit: lockout?.limit ?? { share: 1 }, stopAbove }),
  remove: (store, tenant, { firmware_hash: hash }) => {
    store.prepare('DELETE FROM firmware WHERE tenant = ? AND firmware_hash = ?').run(tenant, hash);
  },
};

function readFirmware(
  fields: Readonly<Record<string, unknown>>,
  report: (message: string) => void,
): FirmwareDraft | undefined {
  const reader = fieldReader(fields, report);
  const hash = reader.required('firmware_hash', firmwareHashText);
  const product = reader.required('product', plainText(128));
  const version = reader.required('version', versionText);
  const status = reader.required('status', statusText) as FirmwareStatus | undefined;
  const advisory = reader.text('advisory', plainText(256));
  const grace = reader.instant('grace_until');
  if (status === 'known_vulnerable' && fields['advisory'] === undefined)
    reader.refuse('advisory is missing: it says by what the firmware is known to be vulnerable');
  if (status === 'blocked' && grace !== undefined)
    reader.refuse('blocked firmware has no grace: make it known_vulnerable, or leave grace_until out');
  if (hash === undefined || product === undefined || version === undefined || status === undefined)
    return undefined;
  if (!reader.sound()) return undefined;
  return {
    ...{ firmware_hash: hash, product, version, status },
    ...(advisory !== undefined && { advisory }),
    ...(grace !== undefined && { grace_until: grace }),
  };
}
