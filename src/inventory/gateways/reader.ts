import { createEpochMemory } from '../../store/epoch-memory.ts';
import type { Store } from '../../store/types.ts';
import { delegationColumns, delegationFromRow, type DelegationRow } from './table.ts';
import type { Delegation, DelegationReader } from './types.ts';

/** Reads delegations by gateway and child, remembering answers until anything in the store changes. Throws PDP_STORE_UNAVAILABLE. */
export function createDelegationReader(store: Store, maxEntries = 10_000): DelegationReader {
  const memory = createEpochMemory<readonly Delegation[]>(store, maxEntries, 'delegations');
  const statement = store.prepare<DelegationRow>(
    `SELECT ${delegationColumns} FROM delegations WHERE tenant = ? AND gateway = ? AND scope = ? AND value = ?`,
  );
  const read = (tenant: string, gateway: string, scope: string, value: string): readonly Delegation[] =>
    statement.all(tenant, gateway, scope, value).map(delegationFromRow);
  return {
    delegations: (tenant, gateway, deviceId, className) =>
      memory.read(tenant, [gateway, deviceId, className].join('\0'), () => [
        ...read(tenant, gateway, 'device', deviceId),
        ...read(tenant, gateway, 'class', className),
      ]),
  };
}
