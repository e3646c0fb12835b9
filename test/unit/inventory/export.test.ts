import test from 'ava';
import { exportBlocks } from '../../../src/inventory/export.ts';
import { device, importRows } from '../../helpers/inventory.ts';
import { temporaryStore } from '../../helpers/temporary-store.ts';

function many(from: number, count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${from + index}`, 'x']));
}

test('attributes of more names than CSV may have columns are refused there, and never left out', async (t) => {
  const store = temporaryStore(t);
  const rows = Array.from({ length: 20 }, (_, index) =>
    device(`d${index}`, { attributes: many(index * 50, 50) }),
  );
  await importRows(store, rows);
  const [head] = exportBlocks(store, 'default', 'csv');
  t.true(head?.text.includes('attributes.a999'));
  await importRows(store, [device('d20', { attributes: { more: 'x' } })]);
  t.throws(() => [...exportBlocks(store, 'default', 'csv')], { code: 'PDP_LIMIT_EXCEEDED' });
  t.is([...exportBlocks(store, 'default', 'ndjson')].at(-1)?.devices, 21);
});
