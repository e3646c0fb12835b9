/** Imports an inventory again and again, each time with other contents, until it is killed: store, devices. */
import { Readable } from 'node:stream';
import { importDevices } from '../../src/inventory/import.ts';
import { yieldToDecisions } from '../../src/server/helpers/yield-to-decisions.ts';
import { openStore } from '../../src/store/open.ts';
import { inventory } from './fleet.ts';

const [path, devices] = process.argv.slice(2) as [string, string];
// As the command does once an import is a long one.
yieldToDecisions();
const store = openStore({ path, mode: 'read_write', now: Date.now() });
const by = { tenant: 'default', actor: 'bench', why: 'bench' };
for (let turn = 1; ; turn += 1) {
  const input = Readable.from(inventory(Number(devices), `owner ${turn}`));
  await importDevices(store, { ...by, input, format: 'ndjson', now: Date.now() });
  process.send?.({ imported: turn });
}
