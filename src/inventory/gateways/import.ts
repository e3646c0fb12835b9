import { limits } from '../../context/limits.ts';
import { formatInstant } from '../../lib/clock.ts';
import type { Store } from '../../store/types.ts';
import { fieldReader } from '../catalogue-fields.ts';
import type { CatalogueImport, CatalogueResult } from '../catalogue-types.ts';
import { plainText } from '../device-fields.ts';
import { importCatalogue, type CatalogueKind } from '../import-catalogue.ts';
import { countUnspokenFor } from './lockout.ts';
import { isRevoked } from './revoked.ts';
import {
  delegationKey,
  delegationText,
  listDelegations,
  removeDelegation,
  writeDelegation,
} from './table.ts';
import type { DelegationDraft } from './types.ts';

/** Imports which gateway may speak for which devices and classes. Throws as `importCatalogue`. */
export function importDelegations(store: Store, options: CatalogueImport): CatalogueResult {
  return importCatalogue(store, kind, options);
}

const kind: CatalogueKind<DelegationDraft> = {
  change: 'gateway.import',
  what: 'delegations',
  fields: ['gateway', 'device_id', 'class', 'site', 'until'],
  read: readDelegation,
  key: (draft) => delegationKey(draft).join('\0'),
  text: (draft) =>
    `${delegationText(draft)}${draft.until === undefined ? '' : ` until ${formatInstant(draft.until)}`}`,
  present: (store, tenant) =>
    listDelegations(store, { tenant }).map(({ epoch: _epoch, updated_at: _at, ...draft }) => draft),
  write: writeDelegation,
  lockout: (store, difference, { tenant, now, lockout, stopAbove = false }) =>
    countUnspokenFor(store, difference, { tenant, now, limit: lockout?.limit ?? { share: 1 }, stopAbove }),
  remove: removeDelegation,
  takenBack: isRevoked,
};

/** Builds a delegation from the fields of one row, or of a command, strictly. */
export function readDelegation(
  fields: Readonly<Record<string, unknown>>,
  report: (message: string) => void,
): DelegationDraft | undefined {
  const reader = fieldReader(fields, report);
  const gateway = reader.required('gateway', plainText(limits.idText));
  const deviceId = reader.text('device_id', plainText(limits.idText));
  const className = reader.text('class', plainText(128));
  const site = reader.text('site', plainText(128));
  const until = reader.instant('until');
  if ((fields['device_id'] === undefined) === (fields['class'] === undefined))
    reader.refuse('must have exactly one of device_id and class');
  if (fields['site'] !== undefined && fields['class'] === undefined)
    reader.refuse('site goes with a class: a device has its own');
  if (!reader.sound() || gateway === undefined) return undefined;
  return {
    gateway,
    ...(deviceId !== undefined && { device_id: deviceId }),
    ...(className !== undefined && { class: className }),
    ...(site !== undefined && { site }),
    ...(until !== undefined && { until }),
  };
}
