import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import type { DeviceStatus } from '../../src/inventory/types.ts';
import { listDevices } from '../../src/inventory/list.ts';
import { openStore } from '../../src/store/open.ts';
import { sweepRetired } from '../../src/store/sweep.ts';
import { runStoreChild } from '../helpers/run-store-child.ts';
import { device, importRows } from '../helpers/inventory.ts';
import { openedStore, temporaryStore } from '../helpers/temporary-store.ts';

const kills = Math.ceil(4 * Number(process.env['SOAK_FACTOR'] ?? 1));
const fleet = 6000;

/** Statuses that a process which only reads sees right now. */
function statuses(path: string): Set<DeviceStatus> {
  const reader = openStore({ path, mode: 'read_only', now: 0 });
  try {
    const devices = listDevices(reader, { tenant: 'default', limit: fleet + 1 });
    if (devices.length !== fleet) throw new Error(`${devices.length} devices instead of ${fleet}`);
    return new Set(devices.map((found) => found.status));
  } finally {
    reader.close();
  }
}

test('an import that is killed leaves the state before or after it, never between', async (t) => {
  const store = temporaryStore(t, { busyTimeoutMs: 20_000 });
  const path = store.path;
  await importRows(
    store,
    Array.from({ length: fleet }, (_, index) => device(`d${index}`)),
  );
  let before: DeviceStatus = 'active';
  // Milliseconds; moves with each round so that about half of the kills come before the import is visible.
  let aim = 120;
  for (let round = 0; round < kills; round += 1) {
    const after: DeviceStatus = before === 'active' ? 'disabled' : 'active';
    const child = runStoreChild(t, path, { act: 'import', rows: fleet, status: after });
    await child.until('opened');
    await pause(Math.random() * 2 * aim);
    child.process.kill('SIGKILL');
    await child.ended;
    const seen = statuses(path);
    t.is(seen.size, 1, `round ${round}: all devices have one status`);
    const acknowledged = child.told.some((message) => message.at === 'done');
    if (acknowledged) t.true(seen.has(after), 'what was acknowledged is kept');
    aim *= seen.has(after) ? 0.6 : 1.4;
    before = [...seen][0] ?? before;
    t.log(
      `killed after ${child.told.length} messages; the state is ${seen.has(after) ? 'after' : 'before'} the import`,
    );
  }
  await sweepRetired(store, 60_000);
  t.deepEqual(statuses(path), new Set([before]), 'the sweep of what was left behind changes nothing');
  t.is(store.prepare('SELECT count(*) AS n FROM staged_devices').get()?.['n'], 0);
  t.is(store.prepare('SELECT count(*) AS n FROM devices').get()?.['n'], fleet);
  t.is(store.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
});

test('after a killed import the next one begins at once', async (t) => {
  const store = temporaryStore(t, { busyTimeoutMs: 20_000 });
  const child = runStoreChild(t, store.path, { act: 'import', rows: 40_000, status: 'active' });
  await child.until('progress');
  child.process.kill('SIGKILL');
  await child.ended;
  t.deepEqual(listDevices(store, { tenant: 'default', limit: 1 }), []);
  const reader = openedStore(t, { path: store.path, mode: 'read_only' });
  t.deepEqual(reader.epochs(), {});
  t.is((await importRows(store, [device('d1')])).added, 1);
  t.deepEqual(
    listDevices(reader, { tenant: 'default', limit: 9 }).map((found) => found.device_id),
    ['d1'],
  );
});
