import test from 'ava';
import type { ExecutionContext } from 'ava';
import { higherVersion } from '../../../../src/inventory/firmware/version.ts';
import { createSharedBoard, readSharedKeys } from '../../../../src/inventory/observed/board.ts';
import { createObservedMemory } from '../../../../src/inventory/observed/memory.ts';
import { createObservedReader } from '../../../../src/inventory/observed/reader.ts';
import type { Observation } from '../../../../src/inventory/observed/types.ts';
import { createObservedWriter } from '../../../../src/inventory/observed/write.ts';
import { someObservation } from '../../../helpers/observations.ts';
import { temporaryStore } from '../../../helpers/temporary-store.ts';

const hour = 3_600_000;

function learning(t: ExecutionContext) {
  const store = temporaryStore(t);
  const reader = createObservedReader(store);
  const writer = createObservedWriter(store, {
    intervalMs: () => hour,
    certificatesPerDevice: () => 3,
    higher: higherVersion,
  });
  const write = (observation: Observation): boolean => store.transact(() => writer.write(observation));
  const seen = () => reader.certificatesSeen('default', 'meter-1');
  const highest = () => reader.highestFirmware('default', 'meter-1');
  return { store, reader, writer, write, seen, highest };
}

const firmware = (version: string, attested = false) => ({
  product: 'meter-os',
  version,
  firmware_hash: version.padEnd(64, '0'),
  attested,
});

test('the certificate of an allowed connection is kept, with where and when', (t) => {
  const { write, seen } = learning(t);
  t.true(write(someObservation()));
  t.deepEqual(seen(), [
    {
      ...someObservation().certificate,
      first_seen: 1_000_000,
      last_seen: 1_000_000,
      gateway: 'edge',
      network: '10.20.0.0/24',
    },
  ]);
});

test('a denied connection teaches no certificate and no claimed firmware', (t) => {
  const { write, seen, highest } = learning(t);
  t.false(write(someObservation({ allowed: false, firmware: firmware('9.0') })));
  t.deepEqual([seen(), highest()], [[], []]);
});

test('a sight within the interval of the last one writes nothing, a later one the time alone', (t) => {
  const { write, seen } = learning(t);
  write(someObservation());
  t.false(write(someObservation({ at: 1_000_000 + hour - 1, gateway: 'elsewhere' })));
  t.like(seen()[0], { last_seen: 1_000_000, gateway: 'edge' });
  t.false(write(someObservation({ at: 1_000_000 + hour, gateway: 'elsewhere' })));
  t.like(seen()[0], { first_seen: 1_000_000, last_seen: 1_000_000 + hour, gateway: 'elsewhere' });
});

test('a sight that a clock in another century dated gives way to the next one', (t) => {
  const { write, seen } = learning(t);
  write(someObservation({ at: Date.UTC(2080, 0, 1) }));
  write(someObservation({ at: 1_000_000 }));
  t.is(seen()[0]?.last_seen, 1_000_000);
});

test('of one device the certificates seen last are kept', (t) => {
  const { write, seen } = learning(t);
  for (const [index, byte] of ['01', '02', '03', '04'].entries()) {
    write(someObservation({ fingerprint: byte.repeat(32), at: index * hour }));
  }
  t.deepEqual(
    seen().map(({ fingerprint }) => fingerprint.slice(0, 2)),
    ['04', '03', '02'],
  );
});

test('the highest firmware is kept, and a lower one, or one that cannot be compared, leaves it', (t) => {
  const { write, highest } = learning(t);
  t.true(write(someObservation({ firmware: firmware('1.9') })));
  t.true(write(someObservation({ firmware: firmware('1.10') })));
  t.false(write(someObservation({ firmware: firmware('1.9.5') })));
  t.false(write(someObservation({ firmware: firmware('nightly') })));
  t.like(highest(), [{ product: 'meter-os', version: '1.10', attested: false }]);
});

test('measured firmware counts also where the connection was denied, and no claim takes its place', (t) => {
  const { write, highest } = learning(t);
  const versions = () => highest().map(({ version, attested }) => `${version} ${attested}`);
  t.true(write(someObservation({ allowed: false, firmware: firmware('1.0', true) })));
  t.false(write(someObservation({ allowed: false, firmware: firmware('9.0') })));
  t.deepEqual(versions(), ['1.0 true']);
  t.true(write(someObservation({ firmware: firmware('9.0') })));
  t.true(write(someObservation({ allowed: false, firmware: firmware('1.1', true) })));
  t.deepEqual(versions(), ['9.0 false', '1.1 true']);
});

test('uses of a shared key keep the latest time of each place, oldest first', (t) => {
  const { store, writer, reader } = learning(t);
  const use = (gateway: string, last_used: number) => ({
    ...{ gateway, network: null, device_id: 'meter-1', last_used },
  });
  const key = '33'.repeat(32);
  store.transact(() =>
    writer.writeShared([{ tenant: 'default', key, uses: [use('a', 5), use('b', 6), use('a', 4)] }]),
  );
  t.deepEqual(reader.sharedUse('default', key), [use('a', 5), use('b', 6)]);
  t.deepEqual(readSharedKeys(store, 5), [{ tenant: 'default', key, uses: [use('a', 5), use('b', 6)] }]);
  t.deepEqual(readSharedKeys(store, 7), []);
});

test('what was not seen for long is pruned, a bounded number at once', (t) => {
  const { write, writer, seen } = learning(t);
  for (const byte of ['01', '02', '03']) write(someObservation({ fingerprint: byte.repeat(32) }));
  t.is(writer.prune(1_000_000, 10), 0);
  t.is(writer.prune(1_000_001, 2), 2);
  t.is(seen().length, 1);
});

test('nothing that is learnt is a change of state: no memory forgets for it', (t) => {
  const { store, write } = learning(t);
  const before = store.epochs();
  write(someObservation());
  t.is(store.epochs(), before);
});

test('what decisions look at is remembered until they are told that something was learnt', (t) => {
  const { store, write } = learning(t);
  const memory = createObservedMemory(store, createSharedBoard());
  const seen = () => memory.certificatesSeen('default', 'meter-1').length;
  t.is(seen(), 0);
  write(someObservation());
  t.is(seen(), 0);
  memory.forget([{ tenant: 'default', device_id: 'meter-2' }]);
  t.is(seen(), 0);
  memory.forget([{ tenant: 'default', device_id: 'meter-1' }]);
  t.is(seen(), 1);
});

test('what is remembered of a device stays however many ids are claimed, and is forgotten once more was learnt', (t) => {
  const { store, write } = learning(t);
  write(someObservation({ firmware: firmware('1.0') }));
  const memory = createObservedMemory(store, createSharedBoard(), 20);
  const [certificates, versions] = [
    () => memory.certificatesSeen('default', 'meter-1'),
    () => memory.highestFirmware('default', 'meter-1'),
  ];
  const before = [versions(), certificates()];
  for (let claim = 0; claim < 100; claim++) memory.highestFirmware('default', `claim-${claim}`);
  t.true(versions() === before[0] && certificates() === before[1], 'the very same lists');
  t.deepEqual(memory.highestFirmware('default', 'claim-99'), []);
  write(someObservation({ device_id: 'claim-99', firmware: firmware('1.0') }));
  memory.certificatesSeen('default', 'claim-99');
  memory.forget([{ tenant: 'default', device_id: 'claim-99' }]);
  t.is(memory.highestFirmware('default', 'claim-99').length, 1);
});

test('any change of state makes that memory forget everything', (t) => {
  const { store, write } = learning(t);
  const memory = createObservedMemory(store, createSharedBoard());
  t.deepEqual(memory.highestFirmware('default', 'meter-1'), []);
  write(someObservation({ firmware: firmware('1.0') }));
  store.transact(() => {
    const told = { tenant: 'default', at: 0, actor: 'a', why: 'w', kind: 'k', selector: 's', detail: {} };
    store.change(told);
  });
  t.is(memory.highestFirmware('default', 'meter-1').length, 1);
});
