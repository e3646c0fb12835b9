import test from 'ava';
import { countLockout, type LockoutSelector } from '../../../src/inventory/lockout.ts';
import {
  allowedLockout,
  LockoutRefused,
  parseLockoutLimit,
  type LockoutLimit,
} from '../../../src/inventory/lockout-limit.ts';
import { LockoutTally } from '../../../src/inventory/lockout-tally.ts';
import { higherVersion } from '../../../src/inventory/firmware/version.ts';
import { createObservedWriter } from '../../../src/inventory/observed/write.ts';
import { publishGeneration } from '../../../src/store/generation.ts';
import { device, importRows, type Fields } from '../../helpers/inventory.ts';
import { someObservation } from '../../helpers/observations.ts';
import { temporaryStore } from '../../helpers/temporary-store.ts';

const onePercent: LockoutLimit = { share: 0.01 };
const hash = (digit: string) => digit.repeat(64);

function fleet(many: number, fields: (index: number) => Fields = () => ({})): Fields[] {
  return Array.from({ length: many }, (_, index) => device(`meter-${index}`, fields(index)));
}

test('a limit is a share with one device always allowed, or a number that is taken at its word', (t) => {
  t.deepEqual(parseLockoutLimit('1%'), { share: 0.01 });
  t.deepEqual(parseLockoutLimit('0.5%'), { share: 0.005 });
  t.deepEqual(parseLockoutLimit(500), { devices: 500 });
  for (const wrong of ['101%', '1.5', 'many', '-1', '1 %', ''])
    t.is(parseLockoutLimit(wrong), undefined, wrong);
  t.is(
    allowedLockout(onePercent, () => 10),
    1,
  );
  t.is(
    allowedLockout(onePercent, () => 1000),
    10,
  );
  t.is(
    allowedLockout({ share: 0 }, () => 1000),
    1,
  );
  t.is(
    allowedLockout({ devices: 0 }, () => 1000),
    0,
  );
});

test('devices that a selector keeps out are counted by class and site, active ones alone', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, [
    device('m-1', { site: 'lyon', keys: [hash('a')], networks: ['10.1.0.0/16'] }),
    device('m-2', { site: 'lyon', certificates: [hash('b')], networks: ['10.1.0.0/16', '10.2.0.0/16'] }),
    device('m-3', { status: 'disabled', site: 'lyon', keys: [hash('a')] }),
    device('c-1', { class: 'camera', firmware: [hash('c')], gateways: ['g-1'] }),
    device('c-2', {
      class: 'camera',
      firmware: [hash('c'), hash('d')],
      gateways: ['g-1', 'g-2'],
      site: 'metz',
    }),
    device('g-1', { class: 'gateway' }),
  ]);
  const counted = (selector: LockoutSelector) => {
    const {
      kept_out: out,
      by_class: classes,
      by_site: sites,
    } = countLockout(store, {
      tenant: 'default',
      selector,
      limit: onePercent,
    });
    const text = (shares: typeof classes) => shares.map(({ name, devices }) => `${name} ${devices}`).join();
    return [out, text(classes), text(sites)];
  };
  const within = (...cidrs: string[]) => ({
    kind: 'network' as const,
    classes: [],
    within: (cidr: string) => cidrs.includes(cidr),
  });
  t.deepEqual(counted({ kind: 'device', value: 'm-1' }), [1, 'meter 1', 'lyon 1']);
  t.deepEqual(counted({ kind: 'device', value: 'm-3' }), [0, '', '']);
  t.deepEqual(counted({ kind: 'key', value: hash('a') }), [1, 'meter 1', 'lyon 1']);
  t.deepEqual(counted({ kind: 'certificate', value: hash('b') }), [1, 'meter 1', 'lyon 1']);
  t.deepEqual(counted({ kind: 'class', classes: ['camera'] }), [2, 'camera 2', 'null 1,metz 1']);
  t.deepEqual(counted({ kind: 'firmware', value: hash('c') }), [1, 'camera 1', 'null 1']);
  t.deepEqual(counted({ kind: 'gateway', value: 'g-1' }), [2, 'camera 1,gateway 1', 'null 2']);
  t.deepEqual(counted(within('10.1.0.0/16')), [1, 'meter 1', 'lyon 1']);
  t.deepEqual(counted({ ...within(), classes: ['gateway'] }), [1, 'gateway 1', 'null 1']);
  t.is(counted({ kind: 'all' })[0], 5);
});

test('devices count by where they were seen last, with what, and by what firmware they ran', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, fleet(4));
  const writer = createObservedWriter(store, {
    intervalMs: () => 0,
    certificatesPerDevice: () => 8,
    higher: higherVersion,
  });
  const [before, later] = [{ network: '10.9.0.0/24', gateway: 'old' }, {}];
  const issuer_key = hash('e');
  for (const [index, where] of [before, later, later].entries()) {
    const device_id = `meter-${index % 2}`;
    const seen = someObservation({ device_id, at: index, fingerprint: hash(String(index)), ...where });
    const certificate = index === 1 ? { ...seen.certificate, issuer_key } : seen.certificate;
    const firmware = { product: 'os', version: `1.${index}`, firmware_hash: hash('f'), attested: false };
    store.transact(() => writer.write({ ...seen, certificate, ...(index === 1 && { firmware }) }));
  }
  const counted = (selector: LockoutSelector) =>
    countLockout(store, { tenant: 'default', selector, limit: onePercent }).kept_out;
  const network = (held: string) =>
    counted({ kind: 'network', classes: [], within: (cidr) => cidr === held });
  t.is(network('10.20.0.0/24'), 2);
  t.is(network('10.9.0.0/24'), 0, 'it was seen elsewhere since');
  t.is(counted({ kind: 'gateway', value: 'edge' }), 2);
  t.is(counted({ kind: 'gateway', value: 'old' }), 0);
  t.is(counted({ kind: 'issuer', value: issuer_key }), 1);
  t.is(counted({ kind: 'firmware', value: hash('f') }), 1);
});

test('a device with an older row that is not swept yet is counted once, by the row that counts', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, fleet(3));
  // As an import leaves it that was killed between its commit and its sweep.
  store.transact(() => {
    const generation = store
      .prepare(
        `INSERT INTO generations (kind, scope, state, started_at, base_epoch, heartbeat_at, host, pid)
         VALUES ('device.import', 'default', 'staging', 0, 0, 0, '', 0)`,
      )
      .run().lastInsertRowid;
    store
      .prepare(`INSERT INTO devices VALUES ('default', 'meter-0', ?, NULL, 1, 'active', 'camera', '{}')`)
      .run(generation);
    store
      .prepare(`INSERT INTO devices VALUES ('default', 'meter-1', ?, NULL, 1, 'lost', 'meter', '{}')`)
      .run(generation);
    for (const id of ['meter-0', 'meter-1'])
      store.prepare(`INSERT INTO staged_devices VALUES (?, ?, 'default', 1)`).run(generation, id);
    publishGeneration(store, generation, 100);
  });
  const { by_class: classes } = countLockout(store, {
    tenant: 'default',
    selector: { kind: 'all' },
    limit: onePercent,
  });
  t.deepEqual(classes, [
    { name: 'camera', devices: 1 },
    { name: 'meter', devices: 1 },
  ]);
});

test('an import that keeps out more than the limit changes nothing without the exact number', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, fleet(200));
  const worse = fleet(200, (index) => (index < 3 ? { status: 'disabled', site: 'lyon' } : {}));
  const attempt = (typed?: number) => importRows(store, worse, { lockout: { limit: onePercent, typed } });

  const refused = await t.throwsAsync(attempt(), { instanceOf: LockoutRefused, code: 'PDP_LOCKOUT' });
  t.regex(refused?.message ?? '', /3 of 200 active devices \(class meter 3; site none 3\).*--lockout 3 /);
  await t.throwsAsync(attempt(2), { instanceOf: LockoutRefused, message: /not the 2 of --lockout/ });
  t.is(store.changesSince(0, 10).length, 1);

  const done = await attempt(3);
  t.is(done.lockout.kept_out, 3);
  t.is(store.changesSince(0, 10).length, 2);
});

test('an import within the limit needs no number, and a dry run shows it', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, fleet(200));
  const worse = (many: number) => fleet(200, (index) => (index < many ? { status: 'lost' } : {}));
  const rule = { limit: onePercent };
  const dry = await importRows(store, worse(50), { lockout: rule, dryRun: true });
  t.like(dry, { epoch: null, lockout: { kept_out: 50, total_active: 200 } });
  t.is((await importRows(store, worse(2), { lockout: rule })).lockout.kept_out, 2);
});

test('a device that passes to a class which is not configured is kept out', async (t) => {
  const store = temporaryStore(t);
  await importRows(store, fleet(5));
  const rows = fleet(5, (index) => (index < 2 ? { class: 'metre' } : { class: 'camera' }));
  const classes = new Set(['meter', 'camera']);
  const attempt = importRows(store, rows, { lockout: { limit: onePercent }, classes });
  await t.throwsAsync(attempt, { instanceOf: LockoutRefused, message: /2 of 5 active/ });
});

test('many names are told as the most frequent ones and a rest', (t) => {
  const tally = new LockoutTally();
  for (let index = 0; index < 30_000; index++) tally.add('meter', `site-${index}`);
  tally.add('meter', 'lyon', 5);
  t.is(tally.devices, 30_005);
  const sites = tally.bySite();
  t.is(sites.length, 21);
  t.is(sites.at(-1)?.name, '…');
  t.is(
    sites.reduce((sum, { devices }) => sum + devices, 0),
    30_005,
  );
});
