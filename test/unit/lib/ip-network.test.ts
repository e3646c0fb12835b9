import test from 'ava';
import {
  contains,
  networkText,
  parseAddress,
  parseNetwork,
  type IpNetwork,
} from '../../../src/lib/ip-network.ts';

const network = (text: string): IpNetwork => {
  const parsed = parseNetwork(text);
  if (!parsed) throw new Error(`${text} is no network`);
  return parsed;
};

for (const [written, text] of [
  ['10.1.2.3/16', '10.1.0.0/16'],
  ['10.1.2.3', '10.1.2.3/32'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['255.255.255.255/31', '255.255.255.254/31'],
  ['2001:DB8:0:0::ffff/48', '2001:db8::/48'],
  ['::/0', '::/0'],
  ['::1', '::1/128'],
  ['1::', '1::/128'],
  ['::ffff:10.1.2.3/112', '10.1.0.0/16'],
  ['::ffff:10.1.2.3', '10.1.2.3/32'],
  ['::ffff:0:0/95', '::fffe:0:0/95'],
] as const) {
  test(`${written} is the network ${text}`, (t) => {
    t.is(networkText(network(written)), text);
  });
}

for (const wrong of [
  '',
  '10.1.0.0/33',
  '10.1.0.0/08',
  '10.1/16',
  '2001:db8::/129',
  'fe80::1%eth0',
  '10.0.0.1/8/8',
  '01.2.3.4',
  '1.2.3.4:80',
  '/8',
]) {
  test(`${JSON.stringify(wrong)} is no network`, (t) => {
    t.is(parseNetwork(wrong), undefined);
  });
}

test('an IPv4-mapped address is the IPv4 address', (t) => {
  t.deepEqual(parseAddress('::ffff:10.0.0.1'), parseAddress('10.0.0.1'));
  t.is(parseAddress('10.0.0.1/32'), undefined);
  t.is(parseAddress('fe80::1%eth0'), undefined);
});

test('a network contains itself and what is within it, of its own version alone', (t) => {
  t.true(contains(network('10.0.0.0/8'), network('10.0.0.0/8')));
  t.true(contains(network('10.0.0.0/8'), network('10.255.0.0/16')));
  t.false(contains(network('10.0.0.0/8'), network('11.0.0.0/16')));
  t.false(contains(network('10.1.0.0/16'), network('10.0.0.0/8')));
  t.false(contains(network('::/0'), network('10.0.0.0/8')));
  t.true(contains(network('2001:db8::/32'), network('2001:db8:ffff::/48')));
});
