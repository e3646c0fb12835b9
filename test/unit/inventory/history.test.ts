import test from 'ava';
import { setBindings } from '../../../src/inventory/bind.ts';
import { setStatus } from '../../../src/inventory/edit.ts';
import { deviceHistory, pruneHistory } from '../../../src/inventory/history.ts';
import { addHold, liftHold } from '../../../src/revocation/holds/edit.ts';
import { device, importRows } from '../../helpers/inventory.ts';
import { temporaryStore } from '../../helpers/temporary-store.ts';

const by = { tenant: 'default', deviceId: 'd1', actor: 'op', why: 'case 1', now: 3000 };

test('the history of a device is its edits and what imports changed about it, newest first', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1', { owner: 'a' }), device('d2')]);
  await importRows(store, [device('d1', { owner: 'b' })], { source: 'fleet.csv', why: 'nightly', now: 2000 });
  setStatus(store, { ...by, status: 'disabled' });
  setBindings(store, { ...by, change: (bound) => ({ ...bound, keys: ['aa'.repeat(32)] }) });
  await importRows(store, [device('d2')], { deleteMissing: true, source: 'whole.csv', now: 4000 });
  const events = deviceHistory(store, 'default', 'd1', 10);
  t.deepEqual(
    events.map(({ epoch, change, source, kind, fields }) => [epoch, change, source, kind, fields]),
    [
      [
        5,
        'device.import',
        'whole.csv',
        'removed',
        [
          { field: 'status', before: 'disabled', after: null },
          { field: 'class', before: 'meter', after: null },
        ],
      ],
      [4, 'device.set_bindings', null, null, [{ field: 'keys', before: null, after: ['aa'.repeat(32)] }]],
      [3, 'device.set_status', null, null, [{ field: 'status', before: 'active', after: 'disabled' }]],
      [2, 'device.import', 'fleet.csv', 'changed', [{ field: 'owner', before: 'a', after: 'b' }]],
    ],
  );
  t.like(events[2], { actor: 'op', why: 'case 1', at: 3000 });
  t.is(deviceHistory(store, 'default', 'd1', 2).length, 2);
  t.deepEqual(deviceHistory(store, 'other', 'd1', 10), []);
  t.deepEqual(deviceHistory(store, 'default', 'd2', 10), [], 'the first import is not noted');
});

test('an import that is refused or only tried leaves no history', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1'), device('d2')]);
  await importRows(store, [device('d1', { owner: 'x' })], { dryRun: true });
  const lockout = { limit: { devices: 0 } };
  await t.throwsAsync(importRows(store, [device('d1', { status: 'lost' })], { lockout }));
  t.deepEqual(deviceHistory(store, 'default', 'd1', 10), []);
  t.is(store.prepare('SELECT count(*) AS n FROM device_history').get()?.['n'], 0);
});

test('what imports from before a time noted is removed bit by bit, and nothing newer', async (t) => {
  const store = temporaryStore(t);
  const rows = Array.from({ length: 700 }, (_, index) => device(`d${index}`));
  await importRows(store, rows);
  await importRows(
    store,
    rows.map((row) => ({ ...row, owner: 'a' })),
    { now: 2000 },
  );
  await importRows(store, [device('d1', { owner: 'b' })], { now: 9000 });
  t.is(pruneHistory(store, 5000), 500);
  t.is(pruneHistory(store, 5000), 200);
  t.is(pruneHistory(store, 5000), 0);
  t.deepEqual(
    deviceHistory(store, 'default', 'd1', 10).map(({ epoch }) => epoch),
    [3],
  );
});

test('holds on a device, and how they ended, are its history; those on others are not', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1'), device('d2')]);
  const hold = (value: string) =>
    addHold(store, {
      ...{ tenant: 'default', kind: 'device', value, until: null },
      ...{ who: 'op', why: 'case 2', now: 3000, keptOut: 1 },
    });
  const { hold_id: holdId } = hold('d1');
  hold('d2');
  liftHold(store, { tenant: 'default', holdId, who: 'op', why: 'found', now: 4000 });
  const events = deviceHistory(store, 'default', 'd1', 10);
  t.deepEqual(
    events.map(({ change, why, detail }) => [change, why, detail['hold']]),
    [
      ['hold.lift', 'found', holdId],
      ['hold.add', 'case 2', holdId],
    ],
  );
});
