import test from 'ava';
import { sameDeviceId, sameSerial } from '../../../src/identity/compare.ts';

test('device ids are the same only as they stand', (t) => {
  for (const [kind, id] of [
    ['spiffe', 'spiffe://fleet.example/meter/1'],
    ['san_uri', 'urn:dev:1'],
    ['ieee_802_1ar', 'SN-1a'],
    ['cn', 'meter 1'],
  ] as const) {
    t.true(sameDeviceId(kind, id, id));
    t.false(sameDeviceId(kind, id, id.toUpperCase()));
    t.false(sameDeviceId(kind, id, ''));
    t.false(sameDeviceId(kind, id, `${id} `));
  }
});

test('what is no id of the profile is the same as nothing, not even itself', (t) => {
  t.false(sameDeviceId('spiffe', 'meter-1', 'meter-1'));
  t.false(sameDeviceId('spiffe', 'spiffe://fleet.example', 'spiffe://fleet.example'));
  t.false(sameDeviceId('san_uri', 'meter 1', 'meter 1'));
  t.false(sameDeviceId('cn', '', ''));
});

test('serial numbers are compared as unsigned integers', (t) => {
  for (const claimed of [
    '0a1b',
    'A1B',
    '0x0a1b',
    '0X0A1B',
    '0a:1b',
    '0A:1B',
    '00:0a:1b',
    '00000a1b',
    ' a1b ',
    'a:1b',
    '0a 1b',
  ]) {
    t.true(sameSerial(claimed, '0a1b'), claimed);
  }
  t.true(sameSerial('0', '00'));
  t.true(sameSerial('1:2', '0102'));
});

test('everything else is another serial number', (t) => {
  for (const claimed of [
    '',
    '0x',
    'a1c',
    '-a1b',
    'a1b0',
    '0a:1b:',
    ':0a:1b',
    '0a::1b',
    '0xg',
    '2587',
    'a1b.0',
    '0a1b'.repeat(50),
  ]) {
    t.false(sameSerial(claimed, '0a1b'), claimed);
  }
  t.false(sameSerial('', ''));
});

test('a long text that almost is a serial number is refused at once', (t) => {
  t.false(sameSerial(`${'a'.repeat(127)}!`, '0a'));
  t.false(sameSerial(`${'a'.repeat(1_000_000)}!`, '0a'));
});
