import test from 'ava';
import { canonicalIp } from '../../../src/context/ip-address.ts';
import { Refusal } from '../../../src/context/refusal.ts';
import { readSourceAddress } from '../../../src/context/source-address.ts';
import type { RawConnection } from '../../../src/context/types.ts';
import { edge, httpRequest } from './fixtures.ts';

const addresses: readonly (readonly [string, string | undefined])[] = [
  ['192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:201', '192.0.2.1'],
  ['::1', '::1'],
  ['192.0.2.01', undefined],
  ['192.0.2', undefined],
  ['192.0.2.1:80', undefined],
  ['[::1]', undefined],
  ['fe80::1%eth0', undefined],
  ['', undefined],
  ['0x7f.1', undefined],
];
for (const [given, canonical] of addresses) {
  test(`${JSON.stringify(given)} as an address is ${canonical}`, (t) => t.is(canonicalIp(given), canonical));
}

function behind(
  trustedHops: number,
  forwardedFor?: string,
  over: Partial<RawConnection> = {},
): RawConnection {
  const headers = new Map(forwardedFor === undefined ? [] : [['x-forwarded-for', forwardedFor]]);
  return httpRequest({
    pep: { ...edge, trusted_hops: trustedHops },
    headers,
    sourceIp: '203.0.113.9',
    ...over,
  });
}

test('without trusted hops the peer counts and the header is only the client’s word', (t) => {
  t.is(readSourceAddress(behind(0, '10.0.0.1')), '203.0.113.9');
});

test('with n trusted hops the n-th entry from the right counts', (t) => {
  t.is(readSourceAddress(behind(1, '10.0.0.1, 10.0.0.2')), '10.0.0.2');
  t.is(readSourceAddress(behind(2, 'forged,10.0.0.1 ,\t10.0.0.2')), '10.0.0.1');
});

test('a header that is absent, short or malformed where a trusted hop wrote is refused', (t) => {
  for (const header of [
    undefined,
    '',
    '10.0.0.1',
    '10.0.0.1,unknown',
    '10.0.0.x,10.0.0.1',
    '10.0.0.1:80,10.0.0.1',
  ]) {
    t.true(readSourceAddress(behind(2, header)) instanceof Refusal, String(header));
  }
});

test('on L4 the peer counts whatever hops are trusted', (t) => {
  t.is(readSourceAddress(behind(1, undefined, { door: 'ext_authz_l4' })), '203.0.113.9');
});

test('a peer on a Unix socket has no address', (t) => {
  t.is(readSourceAddress(behind(0, undefined, { sourceIp: '' })), undefined);
});
