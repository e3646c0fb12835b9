import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { higherVersion } from '../../../../src/inventory/firmware/version.ts';
import { createObservedReader } from '../../../../src/inventory/observed/reader.ts';
import { startObserved } from '../../../../src/server/worker/observed.ts';
import type { Learnt } from '../../../../src/server/worker/observed.ts';
import { openStore } from '../../../../src/store/open.ts';
import type { Store } from '../../../../src/store/types.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';
import { someObservation } from '../../../helpers/observations.ts';
import { until } from '../../../helpers/server.ts';
import { temporaryStore } from '../../../helpers/temporary-store.ts';

const minute = 60_000;

function observing(t: ExecutionContext, store: Store = temporaryStore(t), clock = fakeClock(1_000_000)) {
  const told: Learnt[] = [];
  const log: string[] = [];
  const count = { dropped: 0 };
  const observed = startObserved({
    store,
    clock,
    config: () => ({
      observed: { interval: 60 * minute, certificates_per_device: 8, keep: 400 * 86_400_000 },
      shared_use: { window: 10 * minute, moves: 0, ipv4_prefix: 24, ipv6_prefix: 48 },
    }),
    higher: higherVersion,
    tell: (learnt) => told.push(learnt),
    onDropped: (dropped) => (count.dropped += dropped),
    log: (line) => log.push(line),
  });
  t.teardown(() => observed.stop());
  const reader = createObservedReader(store);
  const seen = (device = 'meter-1') => reader.certificatesSeen('default', device);
  return { store, told, log, count, observed, reader, seen };
}

test('what is learnt is written in the background, and workers are told of which device', async (t) => {
  const { observed, seen, told } = observing(t);
  observed.take([someObservation(), someObservation({ device_id: 'meter-2' })], 0);
  await until(() => seen('meter-2').length === 1);
  t.is(seen().length, 1);
  t.deepEqual(
    told.flatMap(({ devices }) => devices.map(({ device_id }) => device_id)),
    ['meter-1', 'meter-2'],
  );
});

test('what is measured is learnt although the same was claimed a moment ago, allowed or not', (t) => {
  const { observed, reader } = observing(t);
  const runs = { product: 'meter-os', version: '2.0.0', firmware_hash: 'cc'.repeat(32) };
  const [claimed, measured] = [
    { ...runs, attested: false },
    { ...runs, attested: true },
  ];
  const denied = { allowed: false, device_id: 'meter-2', at: 1_000_001 };
  observed.take([someObservation({ firmware: claimed }), someObservation({ firmware: measured })], 0);
  observed.take(
    [someObservation({ ...denied, firmware: claimed }), someObservation({ ...denied, firmware: measured })],
    0,
  );
  observed.stop();
  const attested = (device: string) =>
    reader.highestFirmware('default', device).map((seen) => [seen.version, seen.attested]);
  t.deepEqual(attested('meter-1'), [
    ['2.0.0', false],
    ['2.0.0', true],
  ]);
  t.deepEqual(attested('meter-2'), [['2.0.0', true]]);
});

test('what the catalogue newly says of a hash is learnt at the next sight of it', (t) => {
  const { observed, reader } = observing(t);
  const runs = (product: string, version: string) =>
    someObservation({ firmware: { product, version, firmware_hash: 'cc'.repeat(32), attested: true } });
  observed.take([runs('meter-os', '2.0.0'), runs('meter-os', '2.1.0'), runs('meter-rtos', '2.1.0')], 0);
  observed.stop();
  t.deepEqual(
    reader.highestFirmware('default', 'meter-1').map(({ product, version }) => [product, version]),
    [
      ['meter-os', '2.1.0'],
      ['meter-rtos', '2.1.0'],
    ],
  );
});

test('nothing is learnt of a decision that a clock far ahead dated', (t) => {
  const { observed, seen, count } = observing(t);
  observed.take([someObservation({ at: Date.UTC(2080, 0, 1) })], 0);
  observed.stop();
  t.deepEqual([seen(), count.dropped], [[], 0]);
});

test('what is learnt while another process has the write lock waits for it, and is not dropped', async (t) => {
  const { path } = temporaryStore(t);
  const patience = () => ({ first: 1, after: 1 });
  const store = openStore({ path, mode: 'read_write', now: 0, patience });
  t.teardown(() => store.close());
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  const { observed, seen, count, log } = observing(t, store);
  observed.take([someObservation()], 0);
  await until(() => log.length > 0);
  t.regex(log[0] ?? '', /held the write lock/);
  other.exec('ROLLBACK');
  other.close();
  await until(() => seen().length === 1);
  t.is(count.dropped, 0);
});

test('what it takes to come by the lock is no reason to write nothing', (t) => {
  const clock = fakeClock(1_000_000);
  const store = temporaryStore(t);
  const slow: Store = {
    ...store,
    prepare: (sql) => store.prepare(sql),
    transact: (work) =>
      store.transact(() => {
        clock.advance(60_000);
        return work();
      }),
  };
  const { observed, reader } = observing(t, slow, clock);
  observed.take([someObservation()], 0);
  observed.stop();
  t.is(reader.certificatesSeen('default', 'meter-1').length, 1);
});

test('what could not be written at the end either is counted', (t) => {
  const { path } = temporaryStore(t);
  const patience = () => ({ first: 1, after: 1 });
  const store = openStore({ path, mode: 'read_write', now: 0, patience });
  t.teardown(() => store.close());
  const { observed, count } = observing(t, store);
  const other = new DatabaseSync(path);
  t.teardown(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  observed.take([someObservation(), someObservation({ fingerprint: 'cc'.repeat(32) })], 0);
  observed.stop();
  t.is(count.dropped, 2);
});

test('of uses of shared keys too it is counted that they were not written at the end', (t) => {
  const { path } = temporaryStore(t);
  const store = openStore({ path, mode: 'read_write', now: 0, patience: () => ({ first: 1, after: 1 }) });
  t.teardown(() => store.close());
  const { observed, count } = observing(t, store);
  const other = new DatabaseSync(path);
  t.teardown(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  const denied = { allowed: false, firmware: null };
  observed.take(
    [1, 2].map((number) => someObservation({ ...denied, device_id: `meter-${number}` })),
    0,
  );
  t.is(observed.shared().length, 1);
  observed.stop();
  t.is(count.dropped, 1);
});

test('what waits is written at the end', (t) => {
  const { observed, seen } = observing(t);
  observed.take([someObservation()], 0);
  observed.stop();
  t.is(seen().length, 1);
});

test('a key in two places is told to the workers, kept, and known again after a restart', async (t) => {
  const { observed, told, reader, store } = observing(t);
  observed.take([someObservation(), someObservation({ gateway: 'elsewhere', at: 1_000_001 })], 0);
  await until(() => told.some(({ shared }) => shared.length > 0));
  const { key } = someObservation().certificate;
  const [shared] = told.flatMap((learnt) => learnt.shared);
  t.deepEqual(
    shared?.uses.map(({ gateway }) => gateway),
    ['edge', 'elsewhere'],
  );
  t.deepEqual(observed.shared(), [{ tenant: 'default', key, uses: shared?.uses ?? [] }]);
  observed.stop();
  t.is(reader.sharedUse('default', key).length, 2);
  t.is(observing(t, store).observed.shared().length, 1);
});

test('a gateway that speaks for others in many places shares no key', async (t) => {
  const { observed, seen, told } = observing(t);
  const at = (gateway: string) => someObservation({ device_id: 'gw-7', gateway, vouching: true });
  observed.take([at('lyon'), at('oslo')], 0);
  observed.stop();
  t.is(seen('gw-7').length, 1);
  t.deepEqual(observed.shared(), []);
  t.deepEqual(
    told.flatMap(({ shared }) => shared),
    [],
  );
});

test('what a worker had to leave out is counted, and so is what does not fit', (t) => {
  const { observed, count } = observing(t);
  observed.take([someObservation()], 7);
  t.is(count.dropped, 7);
  const many = Array.from({ length: 20_010 }, (_, index) => someObservation({ device_id: `m-${index}` }));
  observed.take(many, 0);
  t.is(count.dropped, 7 + 11);
});

test('a store that cannot be written is told once, costs what was learnt, and stops nothing', async (t) => {
  const { observed, store, log, count, told } = observing(t);
  store.prepare('DROP TABLE seen_certificates').run();
  observed.take([someObservation()], 0);
  await until(() => count.dropped === 1);
  observed.take([someObservation({ device_id: 'meter-2' })], 0);
  // Its sight, and that its key has two uses.
  await until(() => count.dropped === 3);
  t.is(log.length, 1);
  observed.take([someObservation({ gateway: 'elsewhere' })], 0);
  await until(() => told.some(({ shared }) => shared.length > 0));
});
