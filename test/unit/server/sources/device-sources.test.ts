import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Config, InventorySourceConfig } from '../../../../src/config/types.ts';
import { bindingKey } from '../../../../src/inventory/binding-fields.ts';
import { ending, setBindings, withBinding } from '../../../../src/inventory/bind.ts';
import type { SetBindingsOptions } from '../../../../src/inventory/bind.ts';
import { setStatus } from '../../../../src/inventory/edit.ts';
import { createInventoryReader } from '../../../../src/inventory/reader.ts';
import { listDevices } from '../../../../src/inventory/list.ts';
import { deviceSources } from '../../../../src/server/sources/device-sources.ts';
import type { Applied } from '../../../../src/server/sources/types.ts';
import { device, importRows, ndjson, type Fields } from '../../../helpers/inventory.ts';
import { temporaryStore } from '../../../helpers/temporary-store.ts';

const someSource: InventorySourceConfig = {
  ...{
    kind: 'devices',
    name: 'head-office',
    file: 'devices.ndjson',
    url: null,
    headers_file: null,
    ca: null,
  },
  ...{ redirects: [], interval: 1000, timeout: 1000, max_bytes: 1_000_000, max_age: null, signed_by: null },
  ...{ format: 'ndjson', columns: {}, tenant: 'default', whole: true },
};

/** A source as the server has it, and what it brings. */
function sourceOf(t: ExecutionContext, changes: Partial<InventorySourceConfig> = {}) {
  const store = temporaryStore(t, { busyTimeoutMs: 20_000 });
  const folder = mkdtempSync(join(tmpdir(), 'pr-device-source-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const told: string[] = [];
  const config = {
    inventory: { sources: [{ ...someSource, ...changes }] },
    classes: { meter: {} },
    limits: { max_lockout: '10%' },
  } as unknown as Config;
  const [spec] = deviceSources(config, { store, log: (line) => void told.push(line) });
  const bring = async (text: string): Promise<Applied> => {
    const path = join(folder, 'brought');
    writeFileSync(path, text);
    const { size } = statSync(path);
    const open = async function* () {
      yield Buffer.from(text);
    };
    if (!spec) throw new Error('there is no source');
    return spec.apply({ open, path, size, digest: '', from: 'https://state.example/devices', now: 2000 });
  };
  const ids = () => listDevices(store, { tenant: 'default', limit: 100_000 }).map((found) => found.device_id);
  return { store, told, bring, ids };
}

const many = (count: number, fields: Fields = {}): Fields[] =>
  Array.from({ length: count }, (_, index) => device(`d${index}`, fields));

test('a whole inventory comes into force in the name of the server, and again it changes nothing', async (t) => {
  const { store, bring, ids } = sourceOf(t);
  t.like(await bring(ndjson([device('d1'), device('d2')])), { changed: true });
  t.like(await bring(ndjson([device('d1'), device('d3')])), { changed: true });
  t.deepEqual(ids(), ['d1', 'd3']);
  t.like(await bring(ndjson([device('d1'), device('d3')])), { changed: false });
  t.like(store.changesSince(0, 1)[0], {
    actor: 'server',
    why: 'source head-office',
    selector: 'https://state.example/devices',
  });
});

test('one that would keep out more devices than the limit is refused with an alarm, and the last good one stays', async (t) => {
  const { told, bring, ids } = sourceOf(t);
  await bring(ndjson(many(20)));
  await t.throwsAsync(bring(ndjson(many(10))), { code: 'PDP_LOCKOUT' });
  t.is(ids().length, 20);
  t.regex(told.join('\n'), /^ALARM: devices of head-office are refused: this keeps out 10 of 20/);
  await t.throwsAsync(bring(ndjson(many(10))), { code: 'PDP_LOCKOUT' });
  t.is(told.length, 1, 'the same again is told once');
  t.like(await bring(ndjson(many(18))), { changed: true });
});

test('what is changes alone takes nobody away', async (t) => {
  const { bring, ids } = sourceOf(t, { whole: false });
  await bring(ndjson([device('d1')]));
  await bring(ndjson([device('d2')]));
  t.deepEqual(ids(), ['d1', 'd2']);
});

test('a device that an operator marked lost stays lost, and holds up no other', async (t) => {
  const { store, bring } = sourceOf(t);
  await bring(ndjson([device('d1'), device('d2')]));
  setStatus(store, {
    tenant: 'default',
    deviceId: 'd1',
    status: 'lost',
    actor: 'op',
    why: 'theft',
    now: 2500,
  });
  const applied = await bring(ndjson([device('d1'), device('d2', { owner: 'acme' })]));
  t.regex(applied.what ?? '', /1 changed.*1 keep their status/);
  const [one, two] = listDevices(store, { tenant: 'default', limit: 2 });
  t.deepEqual([one?.status, two?.owner], ['lost', 'acme']);
});

test('a device that an operator keeps out is let in again by command alone, not by a list that says what it always said', async (t) => {
  const { store, bring } = sourceOf(t);
  const by = { tenant: 'default', deviceId: 'd1', actor: 'op', why: 'looks odd', now: 2500 };
  const status = (): string | undefined => listDevices(store, { tenant: 'default', limit: 1 })[0]?.status;
  await bring(ndjson([device('d1'), device('d2')]));
  setStatus(store, { ...by, status: 'quarantined' });
  const applied = await bring(ndjson([device('d1'), device('d2', { owner: 'acme' })]));
  t.regex(applied.what ?? '', /1 changed.*1 keep their status/);
  t.is(status(), 'quarantined');
  await bring(ndjson([device('d1', { owner: 'acme' }), device('d2')]));
  t.is(status(), 'quarantined', 'also once its row was written anew');
  setStatus(store, { ...by, status: 'active' });
  await bring(ndjson([device('d1', { status: 'disabled' }), device('d2')]));
  t.is(status(), 'disabled');
  await bring(ndjson([device('d1'), device('d2')]));
  t.is(status(), 'active', 'what the list itself has taken back');
  setStatus(store, { ...by, status: 'disabled' });
  await bring(ndjson([device('d1', { status: 'decommissioned' }), device('d2')]));
  t.is(status(), 'decommissioned');
});

test('a binding that an operator has ended stays ended, whatever the list goes on to name, until he binds it again', async (t) => {
  const { store, bring } = sourceOf(t);
  const [one, two] = ['aa'.repeat(32), 'bb'.repeat(32)];
  const bindings = () => createInventoryReader(store).device('default', 'd1')?.certificates;
  const edit = (change: SetBindingsOptions['change'], now = 2500): void => {
    setBindings(store, { tenant: 'default', deviceId: 'd1', actor: 'op', why: 'in the lab', now, change });
  };
  const end = (at: number): void =>
    edit((all) => ({
      ...all,
      certificates: all.certificates.map((bound) => (bindingKey(bound) === one ? ending(bound, at) : bound)),
    }));
  await bring(ndjson([device('d1', { certificates: [one, two] }), device('d2')]));
  end(2500);
  const applied = await bring(
    ndjson([device('d1', { certificates: [one, two], owner: 'acme' }), device('d2')]),
  );
  t.regex(applied.what ?? '', /1 changed.*of 1 bindings stay ended/);
  t.deepEqual(bindings(), [{ sha256: one, until: 2500 }, two]);
  t.like(await bring(ndjson([device('d1', { certificates: [one, two], owner: 'acme' }), device('d2')])), {
    changed: false,
  });
  // Where a class takes any certificate of its issuers, the entry is what keeps this one out.
  await bring(ndjson([device('d1', { certificates: [two] }), device('d2')]));
  t.deepEqual(bindings(), [{ sha256: one, until: 2500 }, two]);
  edit((all) => ({ ...all, certificates: withBinding(all.certificates, one) }));
  await bring(ndjson([device('d1', { certificates: [one] }), device('d2')]));
  t.deepEqual(bindings(), [one]);
  const until = new Date(9000).toISOString();
  await bring(ndjson([device('d1', { certificates: [{ sha256: one, until }] }), device('d2')]));
  await bring(ndjson([device('d1', { certificates: [one] }), device('d2')]));
  t.deepEqual(bindings(), [one], 'what the list itself has ended it may bind again');
  end(2500);
  await importRows(store, [device('d1', { certificates: [one] })]);
  t.deepEqual(bindings(), [one], 'so may an import by command');
});

test('a foreign CSV is read by its columns', async (t) => {
  const columns = { device_id: 'SerialNo', status: 'State', class: 'Type' };
  const { bring, ids } = sourceOf(t, { format: 'csv', columns });
  await bring('SerialNo,State,Type,Remark\nx1,active,meter,old\n');
  t.deepEqual(ids(), ['x1']);
});

test('garbage and a file without devices are refused as a whole', async (t) => {
  const { bring, ids } = sourceOf(t);
  await bring(ndjson([device('d1')]));
  await t.throwsAsync(bring('<html>502</html>\n'), { code: 'PDP_INVENTORY_INVALID' });
  await t.throwsAsync(bring(''), { code: 'PDP_INVENTORY_INVALID' });
  t.deepEqual(ids(), ['d1']);
});

test('a large file is imported by a process of its own, with the same outcome and the same refusal', async (t) => {
  const { bring, ids } = sourceOf(t);
  const rows = many(4000, { owner: 'x'.repeat(100) });
  t.like(await bring(ndjson(rows)), { changed: true });
  t.is(ids().length, 4000);
  await t.throwsAsync(bring(ndjson(rows.slice(0, 2500))), { code: 'PDP_LOCKOUT' });
  t.is(ids().length, 4000);
});

test('devices of other tenants stay as they are', async (t) => {
  const { store, bring } = sourceOf(t);
  await importRows(store, [device('other')], { tenant: 'acme' });
  await bring(ndjson([device('d1')]));
  t.is(listDevices(store, { tenant: 'acme', limit: 9 }).length, 1);
});
