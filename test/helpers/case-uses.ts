import { createObservedWriter } from '../../src/inventory/observed/write.ts';
import type { Store } from '../../src/store/types.ts';
import { fleetTime, leaf, moment } from './case-certificates.ts';
import type { DescribedUse } from './case-types.ts';

/** Writes uses of keys as a server's parent does once it has seen that a key is shared. */
export async function addDescribedUses(store: Store, uses: readonly DescribedUse[]): Promise<void> {
  const writer = createObservedWriter(store, {
    intervalMs: () => 0,
    certificatesPerDevice: () => 8,
    higher: () => false,
  });
  for (const { certificate, device_id, gateway, network = null, at } of uses) {
    const { keyDigest: key } = await leaf(certificate);
    const use = { device_id, gateway, network, last_used: moment(at, fleetTime) };
    store.transact(() => writer.writeShared([{ tenant: 'default', key, uses: [use] }]));
  }
}
