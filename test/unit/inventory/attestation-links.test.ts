import test from 'ava';
import { createInventoryReader } from '../../../src/inventory/reader.ts';
import { device, importRows } from '../../helpers/inventory.ts';
import { temporaryStore } from '../../helpers/temporary-store.ts';

const key = 'ab'.repeat(32);

test('attestation keys and the UEID of a device are kept with it', async (t) => {
  const store = temporaryStore(t);
  const ueid = 'AYw3rQ7kU2v9xkQ0JZ8sT1M';
  await importRows(store, [device('d1', { attestation_keys: [key.toUpperCase()], ueid }), device('d2')]);
  const reader = createInventoryReader(store);
  t.like(reader.device('default', 'd1'), { attestation_keys: [key], ueid });
  const without = reader.device('default', 'd2');
  t.deepEqual([without?.attestation_keys ?? [], without?.ueid], [[], undefined]);
});

test('what is no digest and no UEID is refused with the import', async (t) => {
  const store = temporaryStore(t);
  for (const fields of [
    { attestation_keys: ['abc'] },
    { ueid: 'short' },
    { ueid: 'not base64url!' },
    { ueid: 'A'.repeat(45) },
  ])
    await t.throwsAsync(importRows(store, [device('d1', fields)]), { code: 'PDP_INVENTORY_INVALID' });
});

test("an attestation key that two devices are linked to binds nobody's own key", async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [
    device('d1', { attestation_keys: [key] }),
    device('d2', { attestation_keys: [key] }),
  ]);
  const reader = createInventoryReader(store);
  t.deepEqual(
    store.snapshot(() => reader.holders('default', key, 0)),
    [],
  );
});
