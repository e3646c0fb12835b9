import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Config } from '../../config/types.ts';
import { importFirmware } from '../../inventory/firmware/import.ts';
import { importDevices } from '../../inventory/import.ts';
import { addHold } from '../../revocation/holds/edit.ts';
import { openStore } from '../../store/open.ts';
import { firmwareNdjson } from './firmware.ts';
import { inventoryNdjson } from './inventory.ts';
import { livePast, rig } from './rig.ts';
import type { DemoWorld } from './rig.ts';

const day = 86_400_000;

/**
 * Brings the demo's state into being by what operators' commands and sources do: imports of devices and firmware, a hold,
 * and a site whose source was read three hours ago. The files stay beside the state. Throws what those throw.
 */
export async function fillStore(folder: string, config: Config, world: DemoWorld): Promise<void> {
  const { devices, now } = world;
  const inventory = inventoryNdjson(devices, now);
  const catalogue = firmwareNdjson(now);
  await writeFile(join(folder, 'inventory.ndjson'), inventory);
  await writeFile(join(folder, 'firmware.ndjson'), catalogue);
  const by = { actor: 'demo', why: 'the demo fleet', now, format: 'ndjson' } as const;
  const store = openStore({ path: config.state.path, mode: 'read_write', now });
  try {
    await livePast(folder, store, config, world);
    await importDevices(store, { ...by, tenant: 'default', input: Readable.from([Buffer.from(inventory)]) });
    for (const tenant of ['default', rig.name])
      importFirmware(store, { ...by, tenant, bytes: Buffer.from(catalogue), source: 'firmware.ndjson' });
    addHold(store, {
      ...{ tenant: 'default', kind: 'device', value: devices.held.id, keptOut: 1 },
      ...{ until: now + 30 * day, who: 'night shift', why: 'its seal is broken, case 12', now },
    });
  } finally {
    store.close();
  }
}
