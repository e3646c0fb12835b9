import { PassThrough, Readable } from 'node:stream';
import test from 'ava';
import { setStatus } from '../../../src/inventory/edit.ts';
import { importDevices, type ImportOptions } from '../../../src/inventory/import.ts';
import { InventoryInvalid } from '../../../src/inventory/problems.ts';
import { createInventoryReader } from '../../../src/inventory/reader.ts';
import type { DeviceRecord, DeviceStatus } from '../../../src/inventory/types.ts';
import { sweepRetired } from '../../../src/store/sweep.ts';
import type { Store } from '../../../src/store/types.ts';
import { device, importRows, ndjson, nobody } from '../../helpers/inventory.ts';
import { temporaryStore } from '../../helpers/temporary-store.ts';

const find = (store: Store, id: string, tenant = 'default'): DeviceRecord | undefined =>
  store.snapshot(() => createInventoryReader(store).device(tenant, id));
const count = (store: Store, table: string): unknown =>
  store.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'];
const edit = (store: Store, deviceId: string, status: DeviceStatus): number =>
  setStatus(store, { tenant: 'default', deviceId, status, actor: 'op', why: 'urgent', now: 2000 }).epoch;

/** An import whose rows are given one after the other, so that something may happen while it is running. */
function openImport(store: Store, options: Partial<ImportOptions> = {}) {
  const input = new PassThrough();
  const done = importDevices(store, {
    input,
    format: 'ndjson',
    tenant: 'default',
    actor: 'tester',
    why: 'test',
    now: 1500,
    ...options,
  });
  return { input, done };
}

test('an import adds devices and is one readable change', async (t) => {
  const store = temporaryStore(t);
  const rows = Array.from({ length: 7 }, (_, index) => device(`d${index}`, { owner: 'acme' }));
  t.deepEqual(await importRows(store, rows, { source: 'fleet.ndjson' }), {
    rows: 7,
    added: 7,
    changed: 0,
    removed: 0,
    unchanged: 0,
    kept_status: 0,
    kept_ended: 0,
    lockout: nobody,
    epoch: 1,
  });
  const [change, ...others] = store.changesSince(0, 10);
  t.deepEqual(others, []);
  t.deepEqual(change, {
    epoch: 1,
    origin: 'local',
    tenant: 'default',
    at: 1000,
    actor: 'tester',
    why: 'test',
    kind: 'device.import',
    selector: 'fleet.ndjson',
    detail: {
      rows: 7,
      added: 7,
      changed: 0,
      removed: 0,
      unchanged: 0,
      kept_status: 0,
      kept_ended: 0,
      kept_out: 0,
      first_added: ['d0', 'd1', 'd2', 'd3', 'd4'],
      first_changed: [],
      first_removed: [],
      first_kept_status: [],
      first_kept_ended: [],
      kept_edits: 0,
      first_kept: [],
    },
  });
  t.like(find(store, 'd6'), { device_id: 'd6', owner: 'acme', epoch: 1, updated_at: 1000 });
});

test('the same content again changes nothing and makes no epoch', async (t) => {
  const store = temporaryStore(t);
  const rows = [
    device('d1', { tags: ['b', 'a'], attributes: { y: '1', x: '2' } }),
    device('d2', { keys: ['A'.repeat(64)] }),
  ];
  await importRows(store, rows);
  const reordered = [
    { class: 'meter', status: 'active', keys: ['a'.repeat(64)], device_id: 'd2' },
    { attributes: { x: '2', y: '1' }, ...device('d1', { tags: ['a', 'b', 'a'] }) },
  ];
  t.deepEqual(await importRows(store, reordered), {
    rows: 2,
    added: 0,
    changed: 0,
    removed: 0,
    unchanged: 2,
    kept_status: 0,
    kept_ended: 0,
    lockout: nobody,
    epoch: null,
  });
  t.deepEqual(store.epochs(), { local: 1 });
  t.is(count(store, 'generations'), 1);
});

test('a later import replaces what it names, adds what is new and leaves the rest', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1', { owner: 'a' }), device('d2'), device('d3')]);
  const result = await importRows(store, [device('d1', { site: 's' }), device('d2'), device('d4')], {
    now: 5000,
  });
  t.deepEqual(result, {
    rows: 3,
    added: 1,
    changed: 1,
    removed: 0,
    unchanged: 1,
    kept_status: 0,
    kept_ended: 0,
    lockout: nobody,
    epoch: 2,
  });
  t.like(find(store, 'd1'), { site: 's', epoch: 2, updated_at: 5000 });
  t.false('owner' in (find(store, 'd1') ?? {}), 'a field that is not in the new row is gone');
  t.like(find(store, 'd2'), { epoch: 1, updated_at: 1000 });
  t.like(find(store, 'd3'), { epoch: 1 });
  t.like(find(store, 'd4'), { epoch: 2 });
});

test('superseded rows and staging notes are swept after an import', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1'), device('d2')]);
  await importRows(store, [device('d1', { owner: 'x' }), device('d2')]);
  t.is(count(store, 'devices'), 2);
  t.is(count(store, 'staged_devices'), 0);
  t.is(await sweepRetired(store, 1000), 0);
});

test('a dry run tells the counts and changes nothing', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1'), device('d2')]);
  const rows = [device('d1', { owner: 'x' }), device('d2'), device('d3')];
  t.deepEqual(await importRows(store, rows, { dryRun: true }), {
    rows: 3,
    added: 1,
    changed: 1,
    removed: 0,
    unchanged: 1,
    kept_status: 0,
    kept_ended: 0,
    lockout: nobody,
    epoch: null,
  });
  t.is(find(store, 'd3'), undefined);
  t.deepEqual(store.epochs(), { local: 1 });
  t.is(count(store, 'devices'), 2);
});

test('one bad row refuses the whole import, with every problem in the order of the lines', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1')]);
  const error = await t.throwsAsync(
    importRows(store, [
      device('d1', { owner: 'new' }),
      device('d2'),
      device('d2'),
      device('d3', { status: 'on' }),
      device('d2', { owner: 'x' }),
    ]),
    { instanceOf: InventoryInvalid, code: 'PDP_INVENTORY_INVALID' },
  );
  t.deepEqual(
    error.problems.map(({ line }) => line),
    [3, 4, 5],
  );
  t.is(error.problems[0]?.message, 'device_id "d2" is on line 2 already');
  t.is(error.problems[2]?.message, 'device_id "d2" is on line 2 already');
  t.false('owner' in (find(store, 'd1') ?? {}));
  t.is(find(store, 'd2'), undefined);
  t.deepEqual(store.epochs(), { local: 1 });
  t.is(count(store, 'devices'), 1);
  t.is(count(store, 'generations'), 1);
});

test('duplicates are found however far apart they are', async (t) => {
  const store = temporaryStore(t);
  const rows = Array.from({ length: 10_000 }, (_, index) => device(`d${index}`));
  const error = await t.throwsAsync(importRows(store, [...rows, device('d0')]), {
    instanceOf: InventoryInvalid,
  });
  t.deepEqual(error.problems, [{ line: 10_001, message: 'device_id "d0" is on an earlier line already' }]);
});

test('the same device id under two tenants is two devices', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1', { owner: 'one' })], { tenant: 'one' });
  await importRows(store, [device('d1', { owner: 'two' })], { tenant: 'two' });
  setStatus(store, { tenant: 'one', deviceId: 'd1', status: 'lost', actor: 'op', why: 'w', now: 1 });
  t.like(find(store, 'd1', 'one'), { owner: 'one', status: 'lost' });
  t.like(find(store, 'd1', 'two'), { owner: 'two', status: 'active' });
  t.is(find(store, 'd1'), undefined);
});

test('nothing of an import is seen before its end, and then everything', async (t) => {
  const store = temporaryStore(t);
  const { input, done } = openImport(store);
  const rows = Array.from({ length: 9000 }, (_, index) => device(`d${index}`));
  const staged = new Promise<void>((resolve) => input.once('drain', resolve));
  input.write(ndjson(rows));
  await staged;
  t.is(find(store, 'd0'), undefined);
  input.end();
  t.is((await done).added, 9000);
  t.truthy(find(store, 'd0'));
  t.truthy(find(store, 'd8999'));
});

for (const when of ['before its row was staged', 'after its row was staged'] as const) {
  test(`a device that is disabled while an import runs stays disabled (${when})`, async (t) => {
    const store = temporaryStore(t);
    await importRows(store, [device('d1'), device('d2')]);
    const { input, done } = openImport(store);
    if (when === 'before its row was staged') edit(store, 'd1', 'disabled');
    const rows = Array.from({ length: 5000 }, (_, index) => device(`d${index}`, { owner: 'new' }));
    input.write(ndjson(rows));
    if (when === 'after its row was staged') {
      await new Promise((resolve) => setTimeout(resolve, 300));
      t.truthy(store.prepare('SELECT 1 AS one FROM staged_devices WHERE device_id = ?').get('d1'));
      edit(store, 'd1', 'disabled');
    }
    input.end();
    const { epoch } = await done;
    t.is(epoch, 3);
    t.like(find(store, 'd1'), { status: 'disabled', owner: 'new', epoch: 3 });
    t.like(find(store, 'd2'), { status: 'active', owner: 'new' });
    t.like(store.changesSince(2, 1)[0]?.detail, { kept_edits: 1, first_kept: ['d1'] });
  });
}

test('setting the status that a device already has also wins over an import that is running', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1', { status: 'disabled' })]);
  const { input, done } = openImport(store);
  input.write(ndjson([device('d1', { status: 'active' })]));
  t.is(edit(store, 'd1', 'disabled'), 2);
  input.end();
  await done;
  t.is(find(store, 'd1')?.status, 'disabled');
});

test('an import that begins after an edit sets the status of its file', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1')]);
  edit(store, 'd1', 'disabled');
  t.is((await importRows(store, [device('d1')])).changed, 1);
  t.is(find(store, 'd1')?.status, 'active');
});

test('very many edits during an import are all kept', async (t) => {
  const store = temporaryStore(t);
  const ids = Array.from({ length: 2500 }, (_, index) => `d${index}`);
  await importRows(
    store,
    ids.map((id) => device(id)),
  );
  const { input, done } = openImport(store);
  store.transact(() => ids.slice(0, 2200).forEach((id) => edit(store, id, 'quarantined')));
  input.end(ndjson(ids.map((id) => device(id, { owner: 'new' }))));
  await done;
  const quarantined = store
    .prepare(`SELECT count(*) AS n FROM devices WHERE status = 'quarantined' AND body LIKE '%new%'`)
    .get();
  t.is(quarantined?.['n'], 2200);
  t.like(store.changesSince(2201, 1)[0]?.detail, { kept_edits: 2200 });
});

test('a decommissioned device is not brought back by an import', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1', { status: 'decommissioned' })]);
  const error = await t.throwsAsync(importRows(store, [device('d0'), device('d1')]), {
    instanceOf: InventoryInvalid,
  });
  t.is(error.problems[0]?.line, 2);
  t.regex(error.problems[0]?.message ?? '', /decommissioned, which is final/);
  t.is((await importRows(store, [device('d1', { status: 'decommissioned', owner: 'x' })])).changed, 1);
});

test('a second import of a tenant is refused while one is running; one of another tenant is not', async (t) => {
  const store = temporaryStore(t);
  const { input, done } = openImport(store);
  await t.throwsAsync(importRows(store, [device('d1')]), {
    code: 'PDP_STORE_UNAVAILABLE',
    message: /import of tenant "default" has been running since 1970-01-01T00:00:01\.500Z/,
  });
  t.is((await importRows(store, [device('d1')], { tenant: 'other' })).added, 1);
  input.end(ndjson([device('d2')]));
  t.is((await done).added, 1);
  t.is((await importRows(store, [device('d1')])).added, 1);
});

test('an input that fails refuses the import and leaves nothing', async (t) => {
  const store = temporaryStore(t);
  const input = new Readable({
    read() {
      this.push(ndjson([device('d1')]));
      this.destroy(new Error('gone'));
    },
  });
  await t.throwsAsync(importRows(store, [], { input }), { code: 'PDP_INPUT_MALFORMED', message: /gone/ });
  t.is(find(store, 'd1'), undefined);
  t.is(count(store, 'generations'), 0);
});

test('an input of CSV that fails refuses the import too', async (t) => {
  const store = temporaryStore(t);
  const input = new Readable({
    read() {
      this.push('device_id,status,class\nd1,active,m\n');
      this.destroy(new Error('gone'));
    },
  });
  await t.throwsAsync(importRows(store, [], { input, format: 'csv' }), {
    code: 'PDP_INPUT_MALFORMED',
    message: /gone/,
  });
  t.is(find(store, 'd1'), undefined);
});

test('an empty file is refused, or imports nothing where that is meant', async (t) => {
  const store = temporaryStore(t);
  const refused = { code: 'PDP_INVENTORY_INVALID', message: /no devices/ };
  await t.throwsAsync(importRows(store, []), refused);
  await t.throwsAsync(importRows(store, 'device_id,status,class\n', { format: 'csv' }), refused);
  const nothing = {
    rows: 0,
    added: 0,
    changed: 0,
    removed: 0,
    unchanged: 0,
    kept_status: 0,
    kept_ended: 0,
    lockout: nobody,
    epoch: null,
  };
  t.deepEqual(await importRows(store, [], { allowEmpty: true }), nothing);
  t.is(count(store, 'generations'), 0, 'nothing is left of any of them');
});

test('the class of each sound row is told', async (t) => {
  const seen: string[] = [];
  const rows = [device('a'), device('b', { class: 'kettle' }), device('c')];
  await importRows(temporaryStore(t), rows, { onClass: (name) => void seen.push(name) });
  t.deepEqual(seen, ['meter', 'kettle', 'meter']);
});

test('progress grows to the number of rows', async (t) => {
  const store = temporaryStore(t);
  const seen: number[] = [];
  const rows = Array.from({ length: 6000 }, (_, index) => device(`d${index}`));
  await importRows(store, rows, { onProgress: ({ rows: soFar }) => seen.push(soFar) });
  t.is(seen.at(-1), 6000);
  t.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
});
