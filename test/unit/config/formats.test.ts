import test from 'ava';
import { isCidr, isLocal, parseAddress, type Address } from '../../../src/config/formats.ts';
import { patternFault } from '../../../src/config/check/peps.ts';

test('addresses are host:port, [v6]:port or unix:/path', (t) => {
  t.deepEqual(parseAddress('127.0.0.1:9191'), { kind: 'tcp', host: '127.0.0.1', port: 9191 });
  t.deepEqual(parseAddress('[::1]:0'), { kind: 'tcp', host: '::1', port: 0 });
  t.deepEqual(parseAddress('unix:/run/p.sock'), { kind: 'unix', path: '/run/p.sock' });
  const wrong = [
    '',
    '9191',
    ':1',
    'a:',
    'a:65536',
    '::1:9',
    '[a]:1',
    '1.2.3:4',
    '1.2.3.256:4',
    'unix:',
    'unix:p',
    'a b:1',
    `unix:/${'x'.repeat(103)}`,
  ];
  for (const text of wrong) t.is(parseAddress(text), undefined, text);
});

test('only loopback, localhost and Unix sockets are local', (t) => {
  const local = (text: string) => isLocal(parseAddress(text) as Address);
  for (const text of [
    '127.0.0.1:1',
    '127.9.9.9:1',
    'localhost:1',
    '[::1]:1',
    '[0:0:0:0:0:0:0:1]:1',
    'unix:/x',
  ])
    t.true(local(text), text);
  for (const text of [
    '0.0.0.0:1',
    '[::]:1',
    '10.0.0.1:1',
    '[::2]:1',
    '[1::1]:1',
    '[::10:1]:1',
    'localhost.example.org:1',
    '[::ffff:1.2.3.1]:1',
  ]) {
    t.false(local(text), text);
  }
});

test('networks need an address and a prefix length that fits it', (t) => {
  for (const text of ['0.0.0.0/0', '10.0.0.0/32', '::/0', '2001:db8::/128']) t.true(isCidr(text), text);
  for (const text of [
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '::/129',
    '10.0.0/8',
    'fe80::%eth0/64',
    'a/8',
    '10.0.0.0/8/8',
  ]) {
    t.false(isCidr(text), text);
  }
});

test('PEP patterns are URIs or DNS names with whole captures', (t) => {
  const right = [
    'spiffe://a.org/x',
    'spiffe://a.org/{site}/{zone}',
    'urn:example:gateway',
    'envoy.{site}.example.org',
    'gw.example.org',
  ];
  for (const pattern of right) t.is(patternFault(pattern), undefined, pattern);
  const wrong = [
    'spiffe://{site}/x',
    'spiffe://a.org/{region}',
    'spiffe://a.org/{site}x',
    'spiffe://a.org//x',
    '{site}',
    '*.a.org',
    'a..org',
    'urn:{site}',
    'a b',
    '{site}.{zone}',
  ];
  for (const pattern of wrong) t.truthy(patternFault(pattern), pattern);
});
