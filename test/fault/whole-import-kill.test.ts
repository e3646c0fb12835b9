import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { listDevices } from '../../src/inventory/list.ts';
import { openStore } from '../../src/store/open.ts';
import { sweepRetired } from '../../src/store/sweep.ts';
import { device, importRows } from '../helpers/inventory.ts';
import { runStoreChild } from '../helpers/run-store-child.ts';
import { temporaryStore } from '../helpers/temporary-store.ts';

const kills = Math.ceil(4 * Number(process.env['SOAK_FACTOR'] ?? 1));
const fleet = 6000;
const left = 3000;

/** Devices that a process which only reads sees right now. */
function seen(path: string): number {
  const reader = openStore({ path, mode: 'read_only', now: 0 });
  try {
    return listDevices(reader, { tenant: 'default', limit: 2 * fleet }).length;
  } finally {
    reader.close();
  }
}

test('a whole import that is killed leaves all devices that it does not name, or none of them', async (t) => {
  const store = temporaryStore(t, { busyTimeoutMs: 20_000 });
  const { path } = store;
  const rows = Array.from({ length: fleet }, (_, index) => device(`d${index}`));
  await importRows(store, rows);
  // Milliseconds; moves with each round so that about half of the kills come before the import is visible.
  let aim = 150;
  for (let round = 0; round < kills; round += 1) {
    const child = runStoreChild(t, path, { act: 'import', rows: left, status: 'active', whole: true });
    await child.until('opened');
    await pause(Math.random() * 2 * aim);
    child.process.kill('SIGKILL');
    await child.ended;
    const devices = seen(path);
    t.true(devices === fleet || devices === left, `round ${round}: ${devices} devices`);
    if (child.told.some(({ at }) => at === 'done')) t.is(devices, left, 'what was acknowledged is kept');
    aim *= devices === left ? 0.6 : 1.4;
    t.log(`killed after ${child.told.length} messages: ${devices} devices`);
    await importRows(store, rows);
    t.is(seen(path), fleet, 'what was taken away can be brought back at once');
  }
  await sweepRetired(store, 60_000);
  t.is(store.prepare('SELECT count(*) AS n FROM staged_devices').get()?.['n'], 0);
  t.is(store.prepare('SELECT count(*) AS n FROM devices').get()?.['n'], fleet);
  t.is(store.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
});

test('what the first import of a tenant leaves behind when it is killed is swept, and nothing else', async (t) => {
  const store = temporaryStore(t, { busyTimeoutMs: 20_000 });
  const child = runStoreChild(t, store.path, { act: 'import', rows: 40_000, status: 'active' });
  await child.until('progress');
  child.process.kill('SIGKILL');
  await child.ended;
  await importRows(store, [device('d1'), device('d7'), device('x')]);
  await sweepRetired(store, 60_000);
  t.is(store.prepare('SELECT count(*) AS n FROM devices').get()?.['n'], 3);
  t.is(store.prepare('SELECT count(*) AS n FROM generations').get()?.['n'], 1);
  t.is(seen(store.path), 3);
});
