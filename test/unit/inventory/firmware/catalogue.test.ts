import test from 'ava';
import type { CatalogueImport } from '../../../../src/inventory/catalogue-types.ts';
import { importFirmware } from '../../../../src/inventory/firmware/import.ts';
import { listFirmware } from '../../../../src/inventory/firmware/list.ts';
import { createFirmwareReader } from '../../../../src/inventory/firmware/reader.ts';
import { compareVersions, isVersion } from '../../../../src/inventory/firmware/version.ts';
import { InventoryInvalid } from '../../../../src/inventory/problems.ts';
import type { Store } from '../../../../src/store/types.ts';
import { temporaryStore } from '../../../helpers/temporary-store.ts';

const hash = (byte: string): string => byte.repeat(32);

const release = (byte: string, changes: object = {}): object => ({
  ...{ firmware_hash: hash(byte), product: 'meter-os', version: '2.4.0', status: 'approved', ...changes },
});

const bring = (store: Store, rows: readonly object[], options: Partial<CatalogueImport> = {}) =>
  importFirmware(store, {
    bytes: Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n')),
    ...{ format: 'ndjson', tenant: 'default', actor: 'op', why: 'release', now: 1000, source: 'file' },
    ...options,
  });

const read = (store: Store, byte: string, tenant = 'default') =>
  store.snapshot(() => createFirmwareReader(store).firmware(tenant, hash(byte)));

test('firmware is imported, found by its hash, and known of nobody else', (t) => {
  const store = temporaryStore(t);
  const vulnerable = {
    status: 'known_vulnerable',
    advisory: 'CVE-1',
    grace_until: '2027-01-01T00:00:00Z',
    firmware_hash: hash('BB').toUpperCase(),
  };
  t.like(bring(store, [release('aa'), release('bb', vulnerable)]), { rows: 2, added: 2, epoch: 1 });
  t.deepEqual(read(store, 'bb'), {
    ...{ firmware_hash: hash('bb'), product: 'meter-os', version: '2.4.0', status: 'known_vulnerable' },
    ...{ advisory: 'CVE-1', grace_until: Date.UTC(2027, 0, 1), epoch: 1, updated_at: 1000 },
  });
  t.is(read(store, 'cc'), undefined);
  t.is(read(store, 'aa', 'other'), undefined);
  t.like(store.changesSince(0, 1)[0], { kind: 'firmware.import', selector: 'file', actor: 'op' });
});

test('the same again changes nothing; what differs alone takes a new epoch; the whole takes the rest away', (t) => {
  const store = temporaryStore(t);
  bring(store, [release('aa'), release('bb')]);
  t.like(bring(store, [release('aa'), release('bb')]), { unchanged: 2, epoch: null });
  t.like(bring(store, [release('bb', { status: 'blocked' })]), { changed: 1, removed: 0, epoch: 2 });
  t.is(read(store, 'aa')?.epoch, 1);
  const dry = bring(store, [release('cc')], { whole: true, dryRun: true });
  t.like(dry, { added: 1, removed: 2, epoch: null });
  t.is(dry.differences.removed.length, 2);
  t.is(read(store, 'cc'), undefined, 'a dry run changes nothing');
  t.like(bring(store, [release('cc')], { whole: true }), { added: 1, removed: 2, epoch: 3 });
  t.is(read(store, 'aa'), undefined);
});

test('what is remembered is forgotten with any change', (t) => {
  const store = temporaryStore(t);
  const reader = createFirmwareReader(store);
  const status = () => store.snapshot(() => reader.firmware('default', hash('aa')))?.status;
  bring(store, [release('aa')]);
  t.is(status(), 'approved');
  bring(store, [release('aa', { status: 'blocked' })]);
  t.is(status(), 'blocked');
});

test('every problem is told with its line, and nothing is imported', (t) => {
  const store = temporaryStore(t);
  const wrong = [
    release('aa', { version: 'nightly' }),
    release('bb', { status: 'fine' }),
    release('cc', { status: 'known_vulnerable' }),
    release('dd', { status: 'blocked', grace_until: '2027-01-01T00:00:00Z' }),
    release('ee', { colour: 'red' }),
    release('ff', { grace_until: 'soon', product: 7 }),
    { firmware_hash: 'abc' },
    release('11'),
    release('11'),
  ];
  const error = t.throws(() => bring(store, wrong), { instanceOf: InventoryInvalid });
  const told = error.problems.map(({ line, message }) => `${line} ${message}`);
  const expected = [
    /^1 version "nightly" cannot be compared/,
    /^2 status "fine" must be one of/,
    /^3 advisory is missing/,
    /^4 blocked firmware has no grace/,
    /^5 "colour" is not one of/,
    /^6 product must be text/,
    /^6 grace_until must be an RFC 3339 instant/,
    /^7 firmware_hash "abc" must be/,
    /^7 product is missing/,
    /^7 version is missing/,
    /^7 status is missing/,
    /^9 .* is on line 8 too/,
  ];
  t.is(told.length, expected.length, told.join('\n'));
  for (const [index, pattern] of expected.entries()) t.regex(told[index] ?? '', pattern);
  t.is(read(store, '11'), undefined);
});

test('a file without rows, one that is too long, and members that are there twice are refused', (t) => {
  const store = temporaryStore(t);
  t.throws(() => bring(store, []), { code: 'PDP_INVENTORY_INVALID' });
  t.like(bring(store, [], { allowEmpty: true }), { rows: 0, epoch: null });
  t.throws(() => bring(store, [], { bytes: Buffer.alloc(16_777_217, 0x20) }), { code: 'PDP_LIMIT_EXCEEDED' });
  const twice = `{"firmware_hash":"${hash('aa')}","firmware_hash":"${hash('bb')}"}`;
  t.throws(() => bring(store, [], { bytes: Buffer.from(twice) }), { code: 'PDP_INVENTORY_INVALID' });
  t.throws(() => bring(store, [], { bytes: Buffer.from([0xff, 0x0a]) }), { code: 'PDP_INVENTORY_INVALID' });
});

test('CSV says the same, also with columns of other names', (t) => {
  const store = temporaryStore(t);
  const csv = (text: string, options: Partial<CatalogueImport> = {}) =>
    bring(store, [], { bytes: Buffer.from(text), format: 'csv', ...options });
  csv(`firmware_hash,product,version,status,advisory\n${hash('aa')},meter-os,1.0,approved,\n`);
  t.is(read(store, 'aa')?.version, '1.0');
  t.false('advisory' in (read(store, 'aa') ?? {}), 'an empty cell says nothing');
  const columns = { firmware_hash: 'Hash', product: 'Image', version: 'Rel', status: 'State' };
  csv(`Hash,Image,Rel,State,Remark\n${hash('bb')},meter-os,1.1,approved,x\n`, { columns });
  t.is(read(store, 'bb')?.version, '1.1');
  for (const odd of ['Hash\nx\n', 'firmware_hash,firmware_hash\n', '', '"\n', 'firmware_hash\n"a'])
    t.throws(() => csv(odd), { code: 'PDP_INVENTORY_INVALID' }, JSON.stringify(odd));
  t.throws(() => csv('Hash\nx\n', { columns }), { code: 'PDP_INVENTORY_INVALID' });
});

test('the catalogue is listed by product, the highest version first', (t) => {
  const store = temporaryStore(t);
  const versions = ['1.9', '1.10', '1.10-rc.1'].map((version, index) => release(`0${index}`, { version }));
  bring(store, [...versions, release('0a', { product: 'camera-os', status: 'blocked' })]);
  const told = listFirmware(store, { tenant: 'default', limit: 10 });
  t.deepEqual(
    told.map(({ product, version }) => `${product} ${version}`),
    ['camera-os 2.4.0', 'meter-os 1.10', 'meter-os 1.10-rc.1', 'meter-os 1.9'],
  );
  t.is(listFirmware(store, { tenant: 'default', status: 'blocked', limit: 10 }).length, 1);
  t.is(listFirmware(store, { tenant: 'default', product: 'meter-os', limit: 2 }).length, 2);
});

test('numbers before a release are compared exactly, however long', (t) => {
  const long = '9'.repeat(30);
  t.true((compareVersions(`1.0-${long}1`, `1.0-${long}2`) ?? 0) < 0);
  t.true(isVersion('v1.2.3-rc.1+build'));
  t.false(isVersion('1.2.x'));
});
