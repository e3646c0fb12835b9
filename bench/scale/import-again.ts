/** Imports an inventory again and again, each time with other contents, until it is killed: store, devices. */
import { Readable } from 'node:stream';
import { importDevices } from '../../src/inventory/import.ts';
import { openStore } from '../../src/store/open.ts';
import { inventory } from './fleet.ts';

const [path, devices] = process.argv.slice(2) as [string, string];
const store = openStore({ path, mode: 'read_write', now: Date.now() });
const by = { tenant: 'default', actor: 'bench', why: 'bench' };
for (let turn = 1; ; turn += 1) {
  const input = Readable.from(inventory(Number(devices), `owner ${turn}`));
  await importDevices(store, { ...by, input, format: 'ndjson', now: Date.now() });
  process.send?.({ imported: turn });
}
