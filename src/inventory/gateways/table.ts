import type { SqlValue, Store } from '../../store/types.ts';
import type { Delegation, DelegationDraft } from './types.ts';

/** A row of the table `delegations`. */
export interface DelegationRow extends Record<string, SqlValue> {
  readonly gateway: string;
  readonly scope: string;
  readonly value: string;
  readonly site: string;
  readonly until: number | null;
  readonly epoch: number;
  readonly updated_at: number;
}

export const delegationColumns = 'gateway, scope, value, site, until, epoch, updated_at';

/** A row as a delegation; what it does not say is absent. */
export function delegationFromRow(row: DelegationRow): Delegation {
  const { gateway, scope, value, site, until, epoch, updated_at } = row;
  return {
    gateway,
    ...(scope === 'device' ? { device_id: value } : { class: value }),
    ...(site !== '' && { site }),
    ...(until !== null && { until }),
    ...{ epoch, updated_at },
  };
}

/** What a delegation's row is found by within its tenant. */
export function delegationKey(
  draft: Omit<DelegationDraft, 'until'>,
): readonly [string, string, string, string] {
  const { gateway, device_id: deviceId, class: className, site } = draft;
  return deviceId === undefined
    ? [gateway, 'class', className ?? '', site ?? '']
    : [gateway, 'device', deviceId, ''];
}

/** Writes one delegation in the transaction that is open. */
export function writeDelegation(
  store: Store,
  tenant: string,
  draft: DelegationDraft,
  epoch: number,
  now: number,
): void {
  store
    .prepare(
      `INSERT OR REPLACE INTO delegations (tenant, gateway, scope, value, site, until, epoch, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(tenant, ...delegationKey(draft), draft.until ?? null, epoch, now);
}

/** Takes one delegation away in the transaction that is open. */
export function removeDelegation(store: Store, tenant: string, draft: DelegationDraft): void {
  store
    .prepare(
      'DELETE FROM delegations WHERE tenant = ? AND gateway = ? AND scope = ? AND value = ? AND site = ?',
    )
    .run(tenant, ...delegationKey(draft));
}

export interface ListDelegations {
  readonly tenant: string;
  readonly gateway?: string | undefined;
  readonly limit?: number;
}

/** Delegations of a tenant, or of one of its gateways, in the order of gateways. Throws PDP_STORE_UNAVAILABLE. */
export function listDelegations(
  store: Store,
  { tenant, gateway, limit = -1 }: ListDelegations,
): readonly Delegation[] {
  const one = gateway === undefined ? [] : [gateway];
  return store
    .prepare<DelegationRow>(
      `SELECT ${delegationColumns} FROM delegations WHERE tenant = ? ${one.length === 0 ? '' : 'AND gateway = ?'}
        ORDER BY gateway, scope DESC, value, site LIMIT ?`,
    )
    .all(tenant, ...one, limit)
    .map(delegationFromRow);
}

/** What a delegation is about, in words. */
export function delegationText({ gateway, device_id: id, class: name, site }: DelegationDraft): string {
  const whom =
    id === undefined ? `class ${name ?? ''}${site === undefined ? '' : ` at ${site}`}` : `device ${id}`;
  return `${gateway} for ${whom}`;
}
