import test from 'ava';
import type { CatalogueImport } from '../../../../src/inventory/catalogue-types.ts';
import { delegate, revokeDelegations } from '../../../../src/inventory/gateways/edit.ts';
import { importDelegations } from '../../../../src/inventory/gateways/import.ts';
import { judgeDelegation } from '../../../../src/inventory/gateways/judge.ts';
import { createDelegationReader } from '../../../../src/inventory/gateways/reader.ts';
import { listDelegations } from '../../../../src/inventory/gateways/table.ts';
import type { Delegation } from '../../../../src/inventory/gateways/types.ts';
import { InventoryInvalid } from '../../../../src/inventory/problems.ts';
import type { Store } from '../../../../src/store/types.ts';
import { device, importRows } from '../../../helpers/inventory.ts';
import { temporaryStore } from '../../../helpers/temporary-store.ts';

const edit = { tenant: 'default', actor: 'op', why: 'rota', now: 1000 };

const bring = (store: Store, rows: readonly object[], whole = false, more: Partial<CatalogueImport> = {}) =>
  importDelegations(store, {
    bytes: Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n')),
    ...{ format: 'ndjson', source: 'file', whole, ...edit },
    ...more,
  });

const someChild = { gateways: [] as string[], site: 'quay-3', updated_at: 7 };

function delegation(changes: Partial<Delegation>): Delegation {
  return { gateway: 'gw', epoch: 1, updated_at: 9, ...changes };
}

test('delegations are imported by device and class, told by gateway, and taken away by the whole', (t) => {
  const store = temporaryStore(t);
  const rows = [
    { gateway: 'gw', device_id: 'd1', until: '2027-01-01T00:00:00Z' },
    { gateway: 'gw', class: 'sensor', site: 'quay-3' },
    { gateway: 'gw', class: 'sensor' },
    { gateway: 'other', class: 'sensor' },
  ];
  t.like(bring(store, rows), { added: 4, epoch: 1 });
  t.like(bring(store, rows), { unchanged: 4, epoch: null });
  t.is(listDelegations(store, { tenant: 'default', gateway: 'gw' }).length, 3);
  t.like(bring(store, rows.slice(0, 1), true), { removed: 3, unchanged: 1 });
  t.is(listDelegations(store, { tenant: 'default' }).length, 1);
});

test('a row without either device or class, with both, or with a site of a device is refused', (t) => {
  const store = temporaryStore(t);
  const rows = [
    { gateway: 'gw' },
    { gateway: 'gw', device_id: 'd1', class: 'sensor' },
    { gateway: 'gw', device_id: 'd1', site: 'quay-3' },
    { class: 'sensor' },
  ];
  const error = t.throws(() => bring(store, rows), { instanceOf: InventoryInvalid });
  t.deepEqual(
    error.problems.map(({ line, message }) => `${line} ${message}`),
    [
      '1 must have exactly one of device_id and class',
      '2 must have exactly one of device_id and class',
      '3 site goes with a class: a device has its own',
      '4 gateway is missing',
    ],
  );
});

test('a delegation by command is in force at once for whoever reads, takes a new end, and is revoked', (t) => {
  const store = temporaryStore(t);
  const reader = createDelegationReader(store);
  const found = () => store.snapshot(() => reader.delegations('default', 'gw', 'd1', 'sensor'));
  t.deepEqual(found(), []);
  delegate(store, { gateway: 'gw', class: 'sensor' }, edit);
  t.like(found(), [{ class: 'sensor', epoch: 1 }]);
  delegate(store, { gateway: 'gw', class: 'sensor', until: 5000 }, edit);
  t.like(found(), [{ class: 'sensor', until: 5000, epoch: 2 }]);
  delegate(store, { gateway: 'gw', device_id: 'd1' }, edit);
  t.is(found().length, 2);
  const { revoked, epoch } = revokeDelegations(store, { gateway: 'gw', class: 'sensor' }, edit);
  t.like({ revoked: revoked.length, epoch }, { revoked: 1, epoch: 4 });
  t.like(found(), [{ device_id: 'd1' }]);
  t.throws(() => revokeDelegations(store, { gateway: 'gw', class: 'sensor' }, edit), {
    code: 'PDP_NOT_FOUND',
  });
  t.deepEqual(
    store.changesSince(0, 9).map(({ kind, selector }) => `${kind} ${selector}`),
    ['gateway.delegate gw', 'gateway.delegate gw', 'gateway.delegate gw', 'gateway.revoke gw'],
  );
});

test('what is over already, and what cannot be, is not delegated', (t) => {
  const store = temporaryStore(t);
  t.throws(() => delegate(store, { gateway: 'gw', class: 'sensor', until: 1000 }, edit), {
    code: 'PDP_USAGE',
  });
  t.throws(() => delegate(store, { gateway: 'gw' }, edit), { code: 'PDP_USAGE' });
  t.throws(() => delegate(store, { gateway: 'gw', device_id: 'd1', site: 'x' }, edit), { code: 'PDP_USAGE' });
  t.deepEqual(store.epochs(), {});
});

test("a device's own record counts without an end; else what carries furthest", (t) => {
  const own = { ...someChild, gateways: ['gw'] };
  t.deepEqual(judgeDelegation(own, 'gw', [delegation({ class: 'c', until: 1 })], 50), {
    ...{ enrolled: true, by: 'record', until: null, changed_at: 7 },
  });
  const ends = [delegation({ class: 'c', until: 60 }), delegation({ device_id: 'd', until: 80 })];
  t.like(judgeDelegation(someChild, 'gw', ends, 50), { enrolled: true, by: 'device', until: 80 });
  t.like(judgeDelegation(someChild, 'gw', [...ends, delegation({ class: 'c' })], 50), {
    ...{ enrolled: true, by: 'class', until: null },
  });
});

test('a delegation ends at its end, and of ended ones the last is told', (t) => {
  const ends = [delegation({ class: 'c', until: 60 }), delegation({ device_id: 'd', until: 80 })];
  t.like(judgeDelegation(someChild, 'gw', ends, 79), { enrolled: true });
  t.deepEqual(judgeDelegation(someChild, 'gw', ends, 80), {
    ...{ enrolled: false, by: 'device', until: 80, changed_at: 9 },
  });
});

test('a delegation about a site is none about another, nor about a device without one', (t) => {
  const here = [delegation({ class: 'c', site: 'quay-3' })];
  t.true(judgeDelegation(someChild, 'gw', here, 0).enrolled);
  const nothing = { enrolled: false, by: null, until: null, changed_at: null };
  t.deepEqual(judgeDelegation({ ...someChild, site: 'quay-4' }, 'gw', here, 0), nothing);
  t.deepEqual(judgeDelegation({ gateways: [], updated_at: 7 }, 'gw', here, 0), nothing);
});

test('delegations that go are held against the devices for whom they alone let a gateway speak', async (t) => {
  const store = temporaryStore(t);
  const sensor = (id: string, fields: object = {}) =>
    device(id, { class: 'sensor', site: 'quay-3', ...fields });
  await importRows(store, [
    ...['s1', 's2', 's3'].map((id) => sensor(id)),
    sensor('own', { gateways: ['gw'] }),
    sensor('elsewhere', { site: 'quay-4' }),
    sensor('off', { status: 'disabled' }),
    device('m1'),
    device('m2'),
  ]);
  const rows = [
    { gateway: 'gw', class: 'sensor', site: 'quay-3' },
    { gateway: 'gw', class: 'sensor', site: 'quay-4' },
    { gateway: 'gw', device_id: 'm1' },
    { gateway: 'gw', device_id: 'm2' },
    { gateway: 'gw', device_id: 's3' },
  ];
  bring(store, rows);
  const without = (...gone: number[]) => rows.filter((_, index) => !gone.includes(index));
  const out = (wanted: readonly object[], more: Partial<CatalogueImport> = {}) =>
    bring(store, wanted, true, { dryRun: true, ...more }).lockout;
  t.like(out(without(0)), { kept_out: 2, certainty: 'at_most', by_class: [{ name: 'sensor', devices: 2 }] });
  t.is(out(without(0, 4))?.kept_out, 3, 'a device of both is counted once');
  t.is(
    out([...without(0), { gateway: 'other', class: 'sensor' }])?.kept_out,
    0,
    'another may speak for them',
  );
  t.is(
    out([...without(2), { gateway: 'gw', device_id: 'm1', until: '1970-01-01T00:00:00.500Z' }])?.kept_out,
    1,
  );
  t.like(out(rows), { kept_out: 0, certainty: 'exact' });
  const limit = { devices: 1 };
  const wanted = without(0, 2);
  t.throws(() => bring(store, wanted, true, { lockout: { limit }, stopAbove: true }), {
    code: 'PDP_LOCKOUT',
  });
  t.is(bring(store, wanted, true, { lockout: { limit, typed: 3 } }).removed, 2);
});
