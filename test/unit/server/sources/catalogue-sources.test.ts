import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Config, InventorySourceConfig } from '../../../../src/config/types.ts';
import { allFirmware } from '../../../../src/inventory/firmware/table.ts';
import { higherVersion } from '../../../../src/inventory/firmware/version.ts';
import { delegate, revokeDelegations } from '../../../../src/inventory/gateways/edit.ts';
import { listDelegations } from '../../../../src/inventory/gateways/table.ts';
import { createObservedWriter } from '../../../../src/inventory/observed/write.ts';
import { catalogueEntries, catalogueSources } from '../../../../src/server/sources/catalogue-sources.ts';
import { deviceEntries } from '../../../../src/server/sources/device-sources.ts';
import { openStoreHand, type StoreHand } from '../../../../src/server/helpers/store-hand.ts';
import type { Applied } from '../../../../src/server/sources/types.ts';
import { device, importRows } from '../../../helpers/inventory.ts';
import { temporaryStore } from '../../../helpers/temporary-store.ts';

function someSource(changes: Partial<InventorySourceConfig>): InventorySourceConfig {
  return {
    ...{ kind: 'firmware', name: 'releases', file: 'f', url: null, headers_file: null, ca: null },
    ...{ redirects: [], interval: 1000, timeout: 1000, max_bytes: 1_000_000, max_age: null, signed_by: null },
    ...{ format: 'csv', columns: {}, tenant: 'default', whole: true },
    ...changes,
  };
}

function sourceOf(t: ExecutionContext, changes: Partial<InventorySourceConfig>, deciding = false) {
  const store = temporaryStore(t);
  const folder = mkdtempSync(join(tmpdir(), 'pr-catalogue-source-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const told: string[] = [];
  const config = {
    inventory: { sources: [someSource(changes)] },
    limits: { max_lockout: '10%' },
  } as unknown as Config;
  const log = (line: string): void => void told.push(line);
  const hand = openStoreHand({ storePath: store.path, log });
  t.teardown(() => hand.stop());
  let works = 0;
  const counting: StoreHand = {
    do: (work) => {
      works += 1;
      return hand.do(work);
    },
  };
  const [spec] = catalogueSources(config, { store, log, hand: () => (deciding ? counting : undefined) });
  const bring = async (text: string): Promise<Applied> => {
    const path = join(folder, 'brought');
    writeFileSync(path, text);
    const open = async function* () {
      yield Buffer.from(text);
    };
    if (!spec) throw new Error('there is no source');
    return spec.apply({ open, path, size: statSync(path).size, digest: '', from: 'f', now: 2000 });
  };
  return { store, told, bring, works: () => works };
}

const header = 'firmware_hash,product,version,status\n';
const release = (byte: string): string => `${byte.repeat(32)},meter-os,1.0,approved\n`;

test('a delegation that an operator took back is delegated again by command alone, not by a list that says what it always said', async (t) => {
  const { store, bring } = sourceOf(t, { kind: 'gateways', name: 'rota' });
  const edit = { tenant: 'default', actor: 'op', why: 'moved', now: 2500 };
  const text = (rows: readonly string[]): string => ['gateway,device_id,class', ...rows, ''].join('\n');
  const there = () =>
    listDelegations(store, { tenant: 'default' }).map((one) => one.class ?? one.device_id ?? '');
  const list = ['gw,,sensor', 'gw,d1,', 'other,,sensor'];
  await bring(text(list));
  revokeDelegations(store, { gateway: 'gw', class: 'sensor' }, edit);
  const applied = await bring(text([...list, 'gw,,meter']));
  t.regex(applied.what ?? '', /1 added, 0 changed, 0 removed, 2 unchanged, 1 stay taken back/);
  t.deepEqual(there(), ['d1', 'meter', 'sensor']);
  delegate(store, { gateway: 'gw', class: 'sensor' }, edit);
  await bring(text(list.slice(1)));
  t.deepEqual(there(), ['d1', 'sensor']);
  await bring(text(list));
  t.deepEqual(there(), ['d1', 'sensor', 'sensor'], 'what the list itself took back it may give again');
});

test('of many delegations that were taken back at once none comes back by a list, and others do', async (t) => {
  const { store, bring } = sourceOf(t, { kind: 'gateways', name: 'rota' });
  const rows = Array.from({ length: 30 }, (_, index) => `gw,d${index},\n`).join('');
  const all = `gateway,device_id,class\n${rows}`;
  await bring(`${all}gw,,meter\n`);
  const edit = { tenant: 'default', actor: 'op', why: 'moved', now: 2500 };
  revokeDelegations(store, { gateway: 'gw' }, edit);
  t.like(await bring(`${all}gw,,meter\nother,d1,\n`), { changed: true });
  t.deepEqual(
    listDelegations(store, { tenant: 'default' }).map(({ gateway }) => gateway),
    ['other'],
  );
});

test('each source is asked as what it brings', (t) => {
  const sources = (['devices', 'firmware', 'gateways'] as const).map((kind) =>
    someSource({ kind, name: kind }),
  );
  const config = { inventory: { sources } } as unknown as Config;
  t.deepEqual(
    catalogueEntries(config).map(({ kind }) => kind),
    ['firmware', 'gateways'],
  );
  t.deepEqual(
    deviceEntries(config).map(({ kind }) => kind),
    ['devices'],
  );
});

test('a whole catalogue comes into force in the name of the server, and garbage leaves the last good one', async (t) => {
  const { store, bring } = sourceOf(t, {});
  t.like(await bring(header + release('aa') + release('bb')), { changed: true });
  t.like(await bring(header + release('bb')), {
    changed: true,
    what: 'firmware of releases: 0 added, 0 changed, 1 removed, 1 unchanged',
  });
  t.like(await bring(header + release('bb')), { changed: false });
  await t.throwsAsync(bring('<html>502</html>'), { code: 'PDP_INVENTORY_INVALID' });
  await t.throwsAsync(bring(''), { code: 'PDP_INVENTORY_INVALID' });
  t.is(allFirmware(store, 'default').length, 1);
  t.like(store.changesSince(0, 1)[0], { actor: 'server', why: 'source releases', selector: 'releases' });
});

test('delegations come as changes alone where the source is not the whole', async (t) => {
  const { store, bring } = sourceOf(t, { kind: 'gateways', name: 'rota', whole: false, tenant: 'acme' });
  await bring('gateway,class\ngw-1,sensor\n');
  await bring('gateway,class\ngw-2,sensor\n');
  t.deepEqual(
    listDelegations(store, { tenant: 'acme' }).map(({ gateway }) => gateway),
    ['gw-1', 'gw-2'],
  );
});

test('a catalogue that blocks what more devices run than the limit lets pass is refused with an alarm', async (t) => {
  const { store, told, bring } = sourceOf(t, { whole: false });
  const ids = Array.from({ length: 20 }, (_, index) => `d${index}`);
  await importRows(
    store,
    ids.map((id) => device(id)),
  );
  const writer = createObservedWriter(store, {
    ...{ intervalMs: () => 0, certificatesPerDevice: () => 8, higher: higherVersion },
  });
  const certificate = { fingerprint: '11', key: '22', issuer_key: null, serial: '01', not_after: 1 };
  const firmware = { product: 'meter-os', version: '1.0', firmware_hash: 'aa'.repeat(32), attested: false };
  const place = { tenant: 'default', at: 1, allowed: true, gateway: 'gw', network: null };
  for (const device_id of ids.slice(0, 5))
    store.transact(() => writer.write({ ...place, device_id, certificate, firmware }));
  await bring(header + release('aa'));
  await t.throwsAsync(bring(header + release('aa').replace('approved', 'blocked')), { code: 'PDP_LOCKOUT' });
  t.regex(told.join(), /^ALARM: firmware of releases is refused: this keeps out at least 3 of 20 /);
  t.is(allFirmware(store, 'default')[0]?.status, 'approved');
  t.like(await bring(header + release('bb').replace('approved', 'blocked')), { changed: true });
});

test('beside decisions a catalogue of some size is imported by the hand, and refused by it', async (t) => {
  const { store, told, bring, works } = sourceOf(t, {}, true);
  const bytes = Array.from({ length: 200 }, (_, at) => at.toString(16).padStart(2, '0'));
  t.like(await bring(header + bytes.map(release).join('')), {
    changed: true,
    what: 'firmware of releases: 200 added, 0 changed, 0 removed, 0 unchanged',
  });
  t.like(store.changesSince(0, 1)[0], { actor: 'server', why: 'source releases', selector: 'releases' });
  await t.throwsAsync(bring('<html>502</html>\n'.repeat(1000)), { code: 'PDP_INVENTORY_INVALID' });
  t.is(works(), 2);
  t.like(await bring(header + release('aa')), { changed: true });
  t.is(works(), 2);
  t.deepEqual(told, []);
});
