import { join } from 'node:path';
import test from 'ava';
import { setStatus } from '../../src/inventory/edit.ts';
import { createInventoryReader } from '../../src/inventory/reader.ts';
import { importRows, device } from '../helpers/inventory.ts';
import { runStoreChild } from '../helpers/run-store-child.ts';
import { openedStore, temporaryFolder, temporaryStore } from '../helpers/temporary-store.ts';

test('processes that make the same store at once agree on it', async (t) => {
  const path = join(temporaryFolder(t), 'portreeve.db');
  const children = [1, 2, 3].map(() => runStoreChild(t, path, { act: 'open' }));
  const opened = await Promise.all(children.map((child) => child.until('opened')));
  const { instance } = openedStore(t, { path, mode: 'read_only' });
  t.deepEqual(
    opened,
    opened.map(() => ({ at: 'opened' as const, instance })),
  );
  t.deepEqual(await Promise.all(children.map((child) => child.ended)), [0, 0, 0]);
});

test('what another process changed is seen by the next snapshot', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1')]);
  const reading = openedStore(t, { path: store.path, mode: 'read_only' });
  const reader = createInventoryReader(reading);
  const seen = (): unknown =>
    reading.snapshot(() => [reader.device('default', 'd1')?.status, reading.epochs()['local']]);
  t.deepEqual(seen(), ['active', 1]);
  const child = runStoreChild(t, store.path, { act: 'set_status', device: 'd1', status: 'quarantined' });
  t.deepEqual(await child.until('done'), { at: 'done', epoch: 2 });
  t.deepEqual(seen(), ['quarantined', 2]);
});

test('one-row changes get in while another process is importing, and are kept', async (t) => {
  const store = temporaryStore(t, { busyTimeoutMs: 20_000 });
  await importRows(store, [device('d0'), device('d1'), device('d2')]);
  const rows = 60_000;
  const child = runStoreChild(t, store.path, { act: 'import', rows, status: 'active' });
  await child.until('progress');
  const epochs: number[] = [];
  let slowest = 0;
  for (const deviceId of ['d0', 'd1', 'd2']) {
    const began = performance.now();
    epochs.push(
      setStatus(store, { tenant: 'default', deviceId, status: 'lost', actor: 'op', why: 'w', now: 1 }).epoch,
    );
    slowest = Math.max(slowest, performance.now() - began);
  }
  t.log(`slowest one-row change during the import: ${slowest.toFixed(0)} ms`);
  t.true(slowest < 5000, 'bounded by one staging transaction, not by the import');
  t.deepEqual(epochs, [2, 3, 4], 'all before the import became visible');
  t.deepEqual(await child.until('done'), { at: 'done', epoch: 5 });
  const reader = createInventoryReader(store);
  t.is(reader.device('default', 'd1')?.status, 'lost');
  t.is(reader.device('default', `d${rows - 1}`)?.status, 'active');
  t.is(await child.ended, 0);
});
