import test from 'ava';
import { setBindings } from '../../../src/inventory/bind.ts';
import { setStatus } from '../../../src/inventory/edit.ts';
import { listDevices } from '../../../src/inventory/list.ts';
import type { DeviceDifference } from '../../../src/inventory/difference.ts';
import { countActive } from '../../../src/inventory/lockout.ts';
import { createObservedWriter } from '../../../src/inventory/observed/write.ts';
import { createInventoryReader } from '../../../src/inventory/reader.ts';
import { sweepRetired } from '../../../src/store/sweep.ts';
import type { Store } from '../../../src/store/types.ts';
import { device, importRows } from '../../helpers/inventory.ts';
import { someObservation } from '../../helpers/observations.ts';
import { temporaryStore } from '../../helpers/temporary-store.ts';

const whole = { deleteMissing: true } as const;
const ids = (store: Store): string[] =>
  listDevices(store, { tenant: 'default', limit: 100 }).map((found) => found.device_id);
const count = (store: Store, table: string): unknown =>
  store.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'];

test('a whole inventory takes away the devices that it does not name', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1'), device('d2'), device('d3')]);
  const done = await importRows(store, [device('d2'), device('d4')], { ...whole, now: 2000 });
  t.like(done, { rows: 2, added: 1, changed: 0, removed: 2, unchanged: 1, epoch: 2 });
  t.is(done.lockout.kept_out, 2);
  t.deepEqual(ids(store), ['d2', 'd4']);
  t.is(createInventoryReader(store).device('default', 'd1'), undefined);
  t.like(store.changesSince(1, 1)[0]?.detail, { removed: 2, first_removed: ['d1', 'd3'] });
  t.is(count(store, 'devices'), 2, 'nothing of them is left once the sweep is done');
});

test('the same whole inventory again changes nothing', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1'), device('d2')], whole);
  await importRows(store, [device('d1')], whole);
  t.like(await importRows(store, [device('d1')], whole), { removed: 0, unchanged: 1, epoch: null });
});

test('a decommissioned device stays although a whole inventory does not name it', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1', { status: 'decommissioned' }), device('d2')]);
  t.like(await importRows(store, [device('d3')], whole), { removed: 1 });
  t.deepEqual(ids(store), ['d1', 'd3']);
  await t.throwsAsync(importRows(store, [device('d1')]), { code: 'PDP_INVENTORY_INVALID' });
});

test('a lost device stays although a whole inventory does not name it: forgotten, it would come back as a new one', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1', { status: 'lost' }), device('d2')]);
  t.like(await importRows(store, [device('d2')], whole), { removed: 0 });
  const source = { ...whole, forbidden: 'keep' } as const;
  t.like(await importRows(store, [device('d1'), device('d2')], source), { kept_status: 1 });
  t.is(createInventoryReader(store).device('default', 'd1')?.status, 'lost');
});

test('a device that is lost or decommissioned while a whole inventory takes it away stays', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1'), device('d2'), device('d3'), device('d4')]);
  const edit = (deviceId: string, status: 'lost' | 'decommissioned' | 'quarantined'): void =>
    void setStatus(store, { tenant: 'default', deviceId, status, actor: 'a', why: 'w', now: 1 });
  const onDifference = ({ device_id: id, kind }: DeviceDifference): void => {
    if (kind !== 'removed' || id !== 'd4') return;
    // In a transaction of the import: once that is done.
    queueMicrotask(() => {
      edit('d1', 'lost');
      edit('d2', 'decommissioned');
      edit('d3', 'quarantined');
    });
  };
  await importRows(store, [device('d5')], { ...whole, onDifference });
  t.deepEqual(ids(store), ['d1', 'd2', 'd5']);
  t.is(createInventoryReader(store).device('default', 'd1')?.status, 'lost');
});

test('a device that was taken away may be added again, and devices of other tenants stay', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1'), device('d2')]);
  await importRows(store, [device('d1')], { tenant: 'other' });
  await importRows(store, [device('d2')], whole);
  t.is(createInventoryReader(store).device('other', 'd1')?.status, 'active');
  t.like(await importRows(store, [device('d1')]), { added: 1 });
  t.deepEqual(ids(store), ['d1', 'd2']);
});

test('before the sweep a device that was taken away is unknown to look-ups, lists, edits, counts and imports', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1'), device('d2')]);
  await importRows(store, [device('d2')], whole);
  const { generation } = store
    .prepare<{ generation: number }>('SELECT max(generation) AS generation FROM generations')
    .get() ?? { generation: 0 };
  const put = store.prepare(
    `INSERT INTO devices (tenant, device_id, generation, updated_at, status, class, body) VALUES ('default', 'd1', ?, 1, ?, 'meter', '{}')`,
  );
  put.run(1, 'active');
  put.run(generation, 'removed');
  store.prepare("INSERT INTO staged_devices VALUES (?, 'd1', 'default', 0)").run(generation);
  t.is(createInventoryReader(store).device('default', 'd1'), undefined);
  t.deepEqual(ids(store), ['d2']);
  t.is(countActive(store, 'default'), 1);
  t.throws(
    () =>
      setStatus(store, { tenant: 'default', deviceId: 'd1', status: 'lost', actor: 'a', why: 'w', now: 1 }),
    { code: 'PDP_NOT_FOUND' },
  );
  t.like(await importRows(store, [device('d1'), device('d2')], { dryRun: true }), { added: 1, unchanged: 1 });
  await sweepRetired(store, 10_000);
  t.is(count(store, 'devices'), 1);
});

test('what keeps out more devices than the limit is refused as a whole', async (t) => {
  const store = temporaryStore(t);
  await importRows(
    store,
    Array.from({ length: 10 }, (_, index) => device(`d${index}`)),
  );
  const lockout = { limit: { share: 0.1 } };
  const refused = importRows(store, [device('d0')], { ...whole, lockout });
  await t.throwsAsync(refused, { code: 'PDP_LOCKOUT', message: /keeps out 9 of 10/ });
  t.is(ids(store).length, 10);
  t.like(await importRows(store, [device('d0')], { ...whole, lockout: { ...lockout, typed: 9 } }), {
    removed: 9,
  });
});

test('a dry run tells every difference, and changes and notes nothing', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1', { owner: 'acme' }), device('d2'), device('d3')]);
  const told: DeviceDifference[] = [];
  const rows = [device('d1', { site: 'lyon' }), device('d3'), device('d4')];
  const onDifference = (one: DeviceDifference): void => void told.push(one);
  await importRows(store, rows, { ...whole, dryRun: true, onDifference });
  t.deepEqual(told, [
    {
      device_id: 'd1',
      kind: 'changed',
      fields: [
        { field: 'owner', before: 'acme', after: null },
        { field: 'site', before: null, after: 'lyon' },
      ],
    },
    {
      device_id: 'd4',
      kind: 'added',
      fields: [
        { field: 'status', before: null, after: 'active' },
        { field: 'class', before: null, after: 'meter' },
      ],
    },
    {
      device_id: 'd2',
      kind: 'removed',
      fields: [
        { field: 'status', before: 'active', after: null },
        { field: 'class', before: 'meter', after: null },
      ],
    },
  ]);
  t.deepEqual(ids(store), ['d1', 'd2', 'd3']);
  t.is(count(store, 'device_history'), 0);
});

test('nobody who says why: a lost device comes back by no import, and keeps its status where sources may not be held up', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1', { status: 'lost' }), device('d2')]);
  const rows = [device('d1', { owner: 'acme' }), device('d2', { owner: 'acme' })];
  await t.throwsAsync(importRows(store, rows), { message: /is lost/ });
  t.like(await importRows(store, rows, { forbidden: 'keep' }), { changed: 2, kept_status: 1 });
  t.like(createInventoryReader(store).device('default', 'd1'), { status: 'lost', owner: 'acme' });
  t.like(await importRows(store, rows, { whySaid: true }), { changed: 1 });
  t.is(createInventoryReader(store).device('default', 'd1')?.status, 'active');
});

test('a certificate that was bound while an import was running stays bound', async (t) => {
  const store = temporaryStore(t);
  const [old, renewed] = ['aa'.repeat(32), 'bb'.repeat(32)];
  await importRows(store, [device('d1', { certificates: [old] })]);
  await importRows(store, [device('d1', { certificates: [old], owner: 'acme' })], {
    onClass: () =>
      void setBindings(store, {
        ...{ tenant: 'default', deviceId: 'd1', actor: 'a', why: 'renewed', now: 1500 },
        change: (now) => ({ ...now, certificates: [old, renewed] }),
      }),
  });
  t.like(createInventoryReader(store).device('default', 'd1'), {
    owner: 'acme',
    certificates: [old, renewed],
  });
});

test('an import that takes their certificates from devices keeps them out, where their class asks for these', async (t) => {
  const store = temporaryStore(t);
  const [own, other] = ['a'.repeat(64), 'b'.repeat(64)];
  const bound = new Map([['camera', 'certificate' as const]]);
  const camera = (id: string, fields: object) => device(id, { class: 'camera', ...fields });
  await importRows(store, [
    camera('seen', { certificates: [own] }),
    camera('unseen', { certificates: [own] }),
    camera('renewed', { certificates: [own] }),
    camera('by-serial', { certificates: [own] }),
    device('meter', { certificates: [own] }),
  ]);
  const writer = createObservedWriter(store, {
    intervalMs: () => 1,
    certificatesPerDevice: () => 8,
    higher: () => false,
  });
  store.transact(() => {
    for (const device_id of ['seen', 'renewed', 'by-serial']) {
      const { certificate } = someObservation();
      writer.write(
        someObservation({ device_id, certificate: { ...certificate, fingerprint: own, serial: '0a' } }),
      );
    }
  });
  const rows = [
    camera('seen', { certificates: [other] }),
    camera('unseen', {}),
    camera('renewed', { certificates: [{ sha256: own, until: '2030-01-01T00:00:00Z' }, other] }),
    camera('by-serial', { issued: [{ issuer: 'cameras', serial: '0a' }] }),
    device('meter', {}),
  ];
  const { lockout } = await importRows(store, rows, { bound, dryRun: true });
  t.like(lockout, { kept_out: 2, by_class: [{ name: 'camera', devices: 2 }] });
  await t.throwsAsync(importRows(store, rows, { bound, lockout: { limit: { devices: 1 } } }), {
    code: 'PDP_LOCKOUT',
  });
});
