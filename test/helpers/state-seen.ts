import { listDevices } from '../../src/inventory/list.ts';
import { listHolds } from '../../src/revocation/holds/list.ts';
import { listInForce } from '../../src/revocation/list-entries.ts';
import type { Store } from '../../src/store/types.ts';

const all = 1_000_000;

/** How many devices there are, and the number of the one list in force of an issuer. */
export function presentIn(store: Store, issuerKey: string): { devices: number; number: number } {
  return store.snapshot(() => ({
    devices: listDevices(store, { tenant: 'default', limit: all }).length,
    number: Number.parseInt(listInForce(store, issuerKey, { limit: 1 })[0]?.crl.number ?? '0', 16),
  }));
}

/**
 * What one snapshot shows that must never be seen: another number of devices than those `allowed`, devices of different
 * statuses, part of a CRL, or a hold that does not stand with its changes.
 */
export function wrongIn(store: Store, allowed: readonly number[], issuer: string): string[] {
  return store.snapshot(() => {
    const devices = listDevices(store, { tenant: 'default', limit: all });
    const statuses = new Set(devices.map(({ status }) => status));
    const wrong: string[] = [];
    if (!allowed.includes(devices.length)) wrong.push(`${devices.length} devices`);
    if (statuses.size > 1) wrong.push(`devices are ${[...statuses].join(' and ')}`);
    for (const { crl, entries } of listInForce(store, issuer, { limit: all }))
      if (entries.length !== crl.entries) wrong.push(`${entries.length} entries of ${crl.entries}`);
    const changes = new Map<string, string[]>();
    for (const { kind, selector } of store.changesSince(0, all))
      if (kind.startsWith('hold.')) changes.set(selector, [...(changes.get(selector) ?? []), kind]);
    const holds = listHolds(store, { tenant: 'default', now: 1000, all: true, limit: all });
    if (holds.length !== changes.size) wrong.push(`${holds.length} holds, changes of ${changes.size}`);
    for (const { hold_id: id, lifted_at: lifted } of holds) {
      const meant = lifted === null ? 'hold.add' : 'hold.add hold.lift';
      const seen = changes.get(id)?.join(' ');
      if (seen !== meant) wrong.push(`hold ${id}: ${seen} instead of ${meant}`);
    }
    return wrong;
  });
}
