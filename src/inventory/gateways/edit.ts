import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { Store } from '../../store/types.ts';
import { readDelegation } from './import.ts';
import { delegateKind, revokeKind } from './revoked.ts';
import { delegationText, listDelegations, removeDelegation, writeDelegation } from './table.ts';
import type { Delegation, DelegationDraft } from './types.ts';

/** Who changes what, and why. */
export interface DelegationEdit {
  readonly tenant: string;
  readonly actor: string;
  readonly why: string;
  readonly now: EpochMs;
}

/**
 * Lets a gateway speak for a device or a class in one short transaction; one that is there takes the new end. Throws
 * PDP_USAGE for one that cannot be or is over already, PDP_STORE_UNAVAILABLE.
 */
export function delegate(store: Store, draft: DelegationDraft, edit: DelegationEdit): Delegation {
  const { tenant, now } = edit;
  const { until, ...others } = draft;
  const problems: string[] = [];
  const checked = readDelegation(
    { ...others, ...(until !== undefined && { until: formatInstant(until) }) },
    (problem) => problems.push(problem),
  );
  if (!checked) throw new PortreeveError('PDP_USAGE', problems.join('; '));
  if (until !== undefined && until <= now)
    throw new PortreeveError(
      'PDP_USAGE',
      `until ${formatInstant(until)} is over: a delegation ends in the future`,
    );
  return store.transact(() => {
    const epoch = store.change({
      ...changeOf(edit, delegateKind, draft.gateway),
      detail: { ...told(checked) },
    });
    writeDelegation(store, tenant, checked, epoch, now);
    return { ...checked, epoch, updated_at: now };
  });
}

/** Delegations that the change of a revocation names; of more it has what they were named by. */
const mostTold = 20;

/** Which delegations of a gateway are meant: all where neither device nor class is named. */
export type RevokedDelegations = Omit<DelegationDraft, 'until'>;

/** Takes delegations of a gateway back, in one short transaction. Throws PDP_NOT_FOUND where there is none. */
export function revokeDelegations(
  store: Store,
  which: RevokedDelegations,
  edit: DelegationEdit,
): { readonly revoked: readonly Delegation[]; readonly epoch: number } {
  const { gateway, ...named } = which;
  const { device_id: deviceId, class: className, site } = named;
  return store.transact(() => {
    const revoked = listDelegations(store, { tenant: edit.tenant, gateway }).filter(
      (one) =>
        (deviceId === undefined || one.device_id === deviceId) &&
        (className === undefined || one.class === className) &&
        (site === undefined || one.site === site),
    );
    if (revoked.length === 0)
      throw new PortreeveError(
        'PDP_NOT_FOUND',
        `nothing of that kind is delegated to ${JSON.stringify(gateway)}; see 'portreeve gateway list' (records of devices that name the gateway are changed with 'device import')`,
      );
    const epoch = store.change({
      ...changeOf(edit, revokeKind, gateway),
      detail: {
        revoked: revoked.length,
        delegations: revoked.slice(0, mostTold).map(delegationText),
        of: named,
      },
    });
    for (const one of revoked) removeDelegation(store, edit.tenant, one);
    return { revoked, epoch };
  });
}

function changeOf({ tenant, actor, why, now }: DelegationEdit, kind: string, selector: string) {
  return { tenant, at: now, actor, why, kind, selector };
}

/** A delegation as records tell it: its end as RFC 3339. */
function told({ until, ...others }: DelegationDraft): Readonly<Record<string, unknown>> {
  return { ...others, until: until === undefined ? null : formatInstant(until) };
}
