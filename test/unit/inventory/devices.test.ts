import { renameSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { judgeBinding, type Bindings } from '../../../src/inventory/binding.ts';
import { setStatus } from '../../../src/inventory/edit.ts';
import { listDevices } from '../../../src/inventory/list.ts';
import { createInventoryReader } from '../../../src/inventory/reader.ts';
import { deviceStatuses, type DeviceStatus } from '../../../src/inventory/types.ts';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { openStore } from '../../../src/store/open.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { device, importRows } from '../../helpers/inventory.ts';
import { openedStore, temporaryFolder, temporaryStore } from '../../helpers/temporary-store.ts';

const runs = 10 * Number(process.env['SOAK_FACTOR'] ?? 1);
const by = { tenant: 'default', actor: 'op', why: 'stolen', now: 3000 };

test('setting a status changes the device, and the change tells before and after', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1', { owner: 'acme' })]);
  t.deepEqual(setStatus(store, { ...by, deviceId: 'd1', status: 'lost' }), {
    epoch: 2,
    before: 'active',
    after: 'lost',
  });
  t.deepEqual(store.changesSince(1, 10), [
    {
      epoch: 2,
      origin: 'local',
      tenant: 'default',
      at: 3000,
      actor: 'op',
      why: 'stolen',
      kind: 'device.set_status',
      selector: 'd1',
      detail: { before: { status: 'active' }, after: { status: 'lost' } },
    },
  ]);
  t.like(createInventoryReader(store).device('default', 'd1'), {
    status: 'lost',
    owner: 'acme',
    epoch: 2,
    updated_at: 3000,
  });
});

test('an unknown device, also one of another tenant, is not found', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1')], { tenant: 'other' });
  t.throws(() => setStatus(store, { ...by, deviceId: 'd1', status: 'lost' }), {
    instanceOf: PortreeveError,
    code: 'PDP_NOT_FOUND',
  });
  t.deepEqual(store.epochs(), { local: 1 });
});

test('a status that does not exist is refused', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1')]);
  t.throws(() => setStatus(store, { ...by, deviceId: 'd1', status: 'gone' as DeviceStatus }), {
    code: 'PDP_INVENTORY_INVALID',
    message: /must be one of/,
  });
});

for (const status of deviceStatuses) {
  test(`a decommissioned device ${status === 'decommissioned' ? 'may be decommissioned again' : `never becomes ${status}`}`, async (t) => {
    const store = temporaryStore(t);
    await importRows(store, [device('d1', { status: 'decommissioned' })]);
    const set = (): unknown => setStatus(store, { ...by, deviceId: 'd1', status });
    if (status === 'decommissioned') t.notThrows(set);
    else t.throws(set, { code: 'PDP_INVENTORY_INVALID', message: /final/ });
    t.is(createInventoryReader(store).device('default', 'd1')?.status, 'decommissioned');
  });

  if (status === 'pre_provisioned') continue;
  test(`an active device may become ${status}`, async (t) => {
    const store = temporaryStore(t);
    await importRows(store, [device('d1')]);
    t.is(setStatus(store, { ...by, deviceId: 'd1', status }).after, status);
  });
}

test('a reader serves the change of another connection in its next snapshot, never what it had decoded before', async (t) => {
  const store = temporaryStore(t);
  const reading = openedStore(t, { path: store.path, mode: 'read_only' });
  const reader = createInventoryReader(reading);
  const status = (): string | undefined => reading.snapshot(() => reader.device('default', 'd1')?.status);
  t.is(status(), undefined);
  await importRows(store, [device('d1')]);
  t.is(status(), 'active');
  t.is(status(), 'active');
  setStatus(store, { ...by, deviceId: 'd1', status: 'disabled' });
  t.is(status(), 'disabled');
  await importRows(store, [device('d1', { status: 'lost' })]);
  t.is(status(), 'lost');
});

test('a reader gives a device of the snapshot it is called in, not a newer one that it decoded elsewhere', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('d1')]);
  const reading = openedStore(t, { path: store.path, mode: 'read_only' });
  const reader = createInventoryReader(reading);
  reading.snapshot(() => {
    t.is(reader.device('default', 'd1')?.status, 'active');
    setStatus(store, { ...by, deviceId: 'd1', status: 'disabled' });
    t.is(reader.device('default', 'd1')?.status, 'active');
  });
  t.is(
    reading.snapshot(() => reader.device('default', 'd1')?.status),
    'disabled',
  );
});

for (const over of [{ status: 'decommissioned' }, { owner: 'other' }, { class: 'camera' }] as const) {
  test(`a device of another file at the path is never the one that was decoded of the file before, under the same numbers: ${JSON.stringify(over)}`, async (t) => {
    const path = join(temporaryFolder(t), 'state.db');
    const clock = fakeClock(0);
    const store = openedStore(t, { path, mode: 'read_write', clock });
    await importRows(store, [device('d1', { owner: 'acme' })]);
    const reader = createInventoryReader(store);
    const before = reader.device('default', 'd1');
    const other = openStore({ path: `${path}.new`, mode: 'read_write', now: 0 });
    await importRows(other, [device('d1', { owner: 'acme', ...over })]);
    other.close();
    renameSync(`${path}.new`, path);
    clock.advance(50);
    const after = reader.device('default', 'd1');
    t.is(after?.epoch, before?.epoch);
    t.like(after, over);
  });
}

test('a reader keeps no more decoded devices than it may, and is right beyond that', async (t) => {
  const store = temporaryStore(t);
  await importRows(
    store,
    Array.from({ length: 20 }, (_, index) => device(`d${index}`, { owner: `o${index}` })),
  );
  const reader = createInventoryReader(store, { maxEntries: 2 });
  for (let round = 0; round < 2; round += 1) {
    for (let index = 0; index < 20; index += 1)
      t.is(reader.device('default', `d${index}`)?.owner, `o${index}`);
  }
});

test('a list is paged by device id and filtered by status and class', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [
    device('b', { status: 'lost' }),
    device('a'),
    device('é'),
    device('c', { class: 'camera' }),
    device('d', { status: 'lost', class: 'camera' }),
  ]);
  await importRows(store, [device('a', { owner: 'other' })], { tenant: 'other' });
  const ids = (options: Partial<Parameters<typeof listDevices>[1]>): string[] =>
    listDevices(store, { tenant: 'default', limit: 10, ...options }).map((record) => record.device_id);
  t.deepEqual(ids({}), ['a', 'b', 'c', 'd', 'é']);
  t.deepEqual(ids({ limit: 2 }), ['a', 'b']);
  t.deepEqual(ids({ limit: 2, after: 'b' }), ['c', 'd']);
  t.deepEqual(ids({ after: 'é' }), []);
  t.deepEqual(ids({ status: 'lost' }), ['b', 'd']);
  t.deepEqual(ids({ class: 'camera' }), ['c', 'd']);
  t.deepEqual(ids({ status: 'lost', class: 'camera', limit: 1 }), ['d']);
  t.deepEqual(ids({ limit: 0 }), []);
});

test('while superseded rows are not yet swept, look-ups, lists, edits and imports take the row that became visible last', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [device('a', { owner: 'old' }), device('b')]);
  const old = store.prepare('SELECT * FROM devices WHERE device_id = ?').get('a') ?? {};
  await importRows(store, [device('a', { owner: 'new' })]);
  store
    .prepare(
      `INSERT INTO devices (tenant, device_id, generation, epoch, updated_at, status, class, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(...Object.values(old));
  const reader = createInventoryReader(store);
  t.is(reader.device('default', 'a')?.owner, 'new');
  t.deepEqual(
    listDevices(store, { tenant: 'default', limit: 5 }).map(({ device_id, owner }) => [device_id, owner]),
    [
      ['a', 'new'],
      ['b', undefined],
    ],
  );
  setStatus(store, { ...by, deviceId: 'a', status: 'lost' });
  t.is(reader.device('default', 'a')?.status, 'lost');
  t.is((await importRows(store, [device('a', { owner: 'new', status: 'lost' })])).unchanged, 1);
});

const leaf = { fingerprint: 'f1', keyDigest: 'k1', serial: '0a1b', issuer: 'ca', issuerKey: 'ab'.repeat(32) };
const judge = (record: Partial<Bindings>, now: number) =>
  judgeBinding({ certificates: [], keys: [], ...record }, leaf, ['ca'], now);

test('a binding holds from its begin until just before its end, and an allow ends with it', (t) => {
  const window = { certificates: [{ sha256: 'f1', since: 10, until: 20 }] };
  t.deepEqual(judge(window, 9), { binding: 'none', by: 'certificate', until: null, since: 10 });
  t.deepEqual(judge(window, 10), { binding: 'certificate', by: 'certificate', until: 20, since: null });
  t.deepEqual(judge(window, 19), { binding: 'certificate', by: 'certificate', until: 20, since: null });
  t.deepEqual(judge(window, 20), { binding: 'ended', by: 'certificate', until: 20, since: null });
});

test('a certificate whose time is over is not bound by its key or its CA either', (t) => {
  t.is(judge({ certificates: [{ sha256: 'f1', until: 20 }], keys: ['k1'] }, 30).binding, 'ended');
  t.is(judge({ keys: [{ sha256: 'k1', until: 20 }] }, 30).binding, 'ended');
  t.is(judge({ certificates: ['f1'], keys: [{ sha256: 'k1', until: 20 }] }, 30).binding, 'certificate');
  t.is(
    judge({ certificates: [{ sha256: 'f1', until: 20 }], issued: [{ issuer: 'ca', serial: 'a1b' }] }, 30)
      .binding,
    'certificate',
  );
});

test('a certificate is named by its issuer, by name or key, and its serial as a number', (t) => {
  t.is(judge({ issued: [{ issuer: 'ca', serial: 'a1b' }] }, 0).binding, 'certificate');
  t.is(judge({ issued: [{ issuer: 'ab'.repeat(32), serial: '0a1b' }] }, 0).binding, 'certificate');
  t.is(judge({ issued: [{ issuer: 'other', serial: '0a1b' }] }, 0).binding, 'issuer');
  t.is(judge({ issued: [{ issuer: 'ca', serial: 'a1c' }] }, 0).binding, 'issuer');
  t.is(judge({ issued: [{ issuer: 'ca', serial: 'a1b', until: 5 }] }, 5).binding, 'ended');
});

test('the strongest binding is certificate, then key, then issuer', (t) => {
  const bind = (certificates: string[], keys: string[], issuer: string | null, issuers: string[]): string =>
    judgeBinding({ certificates, keys }, { ...leaf, issuer }, issuers, 50).binding;
  t.is(bind(['f1'], ['k1'], 'ca', ['ca']), 'certificate');
  t.is(bind(['f2'], ['k1'], 'ca', ['ca']), 'key');
  t.is(bind(['f2'], ['k2'], 'ca', ['other', 'ca']), 'issuer');
  t.is(bind([], [], 'ca', ['other']), 'none');
  t.is(bind([], [], null, ['ca']), 'none');
  t.is(bind(['k1'], ['f1'], null, []), 'none');
});

test('any sequence of imports and edits leaves what a plain map would hold, for look-ups and lists', async (t) => {
  const ids = ['a', 'b', 'c', 'd'];
  const row = fc.record({
    id: fc.constantFrom(...ids),
    status: fc.constantFrom('active', 'disabled', 'lost'),
  });
  const act = fc.oneof(
    fc.record({ rows: fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 4 }) }),
    fc.record({ edit: row }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 8 }), async (acts) => {
      const store = temporaryStore(t);
      const reader = createInventoryReader(store);
      const model = new Map<string, string>();
      for (const next of acts) {
        if ('rows' in next) {
          await importRows(
            store,
            next.rows.map(({ id, status }) => device(id, { status })),
            { allowEmpty: true, whySaid: true },
          );
          for (const { id, status } of next.rows) model.set(id, status);
        } else if (model.has(next.edit.id)) {
          setStatus(store, { ...by, deviceId: next.edit.id, status: next.edit.status });
          model.set(next.edit.id, next.edit.status);
        }
      }
      for (const id of ids)
        t.is(reader.device('default', id)?.status, model.get(id) as DeviceStatus | undefined);
      t.deepEqual(
        listDevices(store, { tenant: 'default', limit: 10 }).map((found) => [found.device_id, found.status]),
        [...model].toSorted(([a], [b]) => (a < b ? -1 : 1)),
      );
    }),
    { numRuns: runs },
  );
});
