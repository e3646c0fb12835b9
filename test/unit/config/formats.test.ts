import test from 'ava';
import { isCidr, isLocal, parseAddress, type Address } from '../../../src/config/formats.ts';
import { addressOfWorker, parseWorkerAddresses } from '../../../src/config/worker-address.ts';
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

test('workers share a port, or have one of a range each, or a socket each', (t) => {
  const texts = (text: string) => [0, 1, 2].map((worker) => parseWorkerAddresses(text)?.of(worker));
  t.deepEqual(texts('127.0.0.1:9191'), ['127.0.0.1:9191', '127.0.0.1:9191', '127.0.0.1:9191']);
  t.deepEqual(texts('[::1]:9191-9192'), ['[::1]:9191', '[::1]:9192', undefined]);
  t.deepEqual(texts('unix:/run/p'), ['unix:/run/p', 'unix:/run/p.1', 'unix:/run/p.2']);
  t.deepEqual(texts('unix:/run/{worker}/p'), ['unix:/run/0/p', 'unix:/run/1/p', 'unix:/run/2/p']);
  t.deepEqual(
    ['h:1', 'h:1-3', 'unix:/p'].map((text) => parseWorkerAddresses(text)?.shared),
    [true, false, false],
  );
  t.is(parseWorkerAddresses('h:1-3')?.room, 3);
  t.deepEqual(addressOfWorker('h:65534-65535', 1), { kind: 'tcp', host: 'h', port: 65_535 });
  t.is(addressOfWorker('h:65534-65535', 2), undefined);
  for (const text of [
    '',
    'h:0-2',
    'h:2-2',
    'h:3-2',
    'h:65535-65536',
    '::1:2-3',
    'h:1-',
    'h:-2',
    'unix:p-{worker}',
  ])
    t.is(parseWorkerAddresses(text), undefined, text);
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
