import { BlockList } from 'node:net';
import test from 'ava';
import { createNames } from '../../../../src/workshop/case-add/names.ts';

const key = Buffer.alloc(32, 3);

test('a value is replaced by the same one each time, whatever it names, in the form that it had', (t) => {
  const names = createNames(key, new Set());
  const id = 'spiffe://fleet.example/meter/77';
  t.is(names.of('device', id), 'spiffe://example.org/device-1');
  t.is(names.of('gateway', id), names.of('device', id));
  t.is(names.of('device', 'AA:BB:CC:DD:EE:FF'), '02:00:00:00:00:02');
  t.is(names.of('device', 'urn:dev:os:32473-1'), 'urn:example:device-3');
  t.is(names.of('owner', 'Harbour Works'), 'owner-1');
  t.regex(names.of('digest', 'ab'.repeat(32)), /^4[0-9a-f]{63}$/);
  t.is(names.within(`gone: ${id} of Harbour Works`), 'gone: spiffe://example.org/device-1 of owner-1');
});

test('addresses have as many leading bits in common as before, so that networks hold what they held', (t) => {
  const names = createNames(key, new Set());
  for (const [network, inside, outside] of [
    ['10.20.0.0/16', '10.20.7.9', '10.21.7.9'],
    ['192.0.2.128/25', '192.0.2.200', '192.0.2.100'],
    ['2001:db8:1::/48', '2001:db8:1:2::9', '2001:db8:2::9'],
  ] as const) {
    const list = new BlockList();
    const [base = '', length = ''] = names.network(network).split('/');
    const family = base.includes(':') ? 'ipv6' : 'ipv4';
    list.addSubnet(base, Number(length), family);
    t.true(list.check(names.of('ip', inside), family), network);
    t.false(list.check(names.of('ip', outside), family), network);
    t.not(names.of('ip', inside), inside);
  }
});

test('what is to be kept stays as it is', (t) => {
  const names = createNames(key, new Set(['site', 'ip']));
  t.is(names.of('site', 'quay-3'), 'quay-3');
  t.is(names.network('10.20.0.0/16'), '10.20.0.0/16');
  t.is(names.of('owner', 'someone'), 'owner-1');
});
