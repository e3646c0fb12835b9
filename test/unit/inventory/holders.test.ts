import { Readable } from 'node:stream';
import test from 'ava';
import { importDevices } from '../../../src/inventory/import.ts';
import { createInventoryReader } from '../../../src/inventory/reader.ts';
import { openStore } from '../../../src/store/open.ts';

const now = Date.UTC(2026, 10, 21);
const [one, two] = ['11'.repeat(32), '22'.repeat(32)];

test('the holders of a key are the devices whose records bind it now, in one tenant', async (t) => {
  const store = openStore({ path: ':memory:', mode: 'read_write', now });
  t.teardown(() => store.close());
  const put = (tenant: string, keys: Record<string, string[]>) =>
    importDevices(store, {
      input: Readable.from(
        Object.entries(keys).map(
          ([id, list]) =>
            `${JSON.stringify({ device_id: id, status: 'active', class: 'meter', keys: list })}\n`,
        ),
      ),
      format: 'ndjson',
      tenant,
      actor: 'test',
      why: 'test',
      now,
    });
  const holders = (tenant: string, key: string) =>
    store.snapshot(() => createInventoryReader(store).holders(tenant, key, now));
  await put('default', { a: [one], b: [one, two], c: [] });
  await put('acme', { d: [one] });
  t.deepEqual(holders('default', one), ['a', 'b']);
  t.deepEqual(holders('default', two), ['b']);
  t.deepEqual(holders('acme', one), ['d']);
  await put('default', { a: [two], b: [two] });
  t.deepEqual(holders('default', one), []);
  t.deepEqual(holders('default', two), ['a', 'b']);
});
