import test from 'ava';
import { DerReader, type Tlv } from '../../../../src/lib/der/reader.ts';
import {
  checkSetOrder,
  namedBits,
  readBitString,
  readBoolean,
  readNull,
  readOctetAlignedBits,
  readOid,
  readSmallInteger,
  readString,
  readTime,
  readUnsignedHex,
} from '../../../../src/lib/der/values.ts';
import { der, hex } from './encode.ts';

const invalid = { code: 'PDP_DER_INVALID' };

function one(bytes: Uint8Array): Tlv {
  const reader = new DerReader(bytes);
  const tlv = reader.next();
  reader.end();
  return tlv;
}

const read = (text: string) => one(hex(text));

test('integers are read as hex without padding, and their sign is told', (t) => {
  t.deepEqual(readUnsignedHex(read('02 01 00')), { hex: '00', negative: false });
  t.deepEqual(readUnsignedHex(read('02 01 7f')), { hex: '7f', negative: false });
  t.deepEqual(readUnsignedHex(read('02 02 00 ff')), { hex: 'ff', negative: false });
  t.deepEqual(readUnsignedHex(read('02 03 01 00 00')), { hex: '010000', negative: false });
  t.true(readUnsignedHex(read('02 01 ff')).negative);
  t.true(readUnsignedHex(read('02 02 80 00')).negative);
});

for (const text of ['02 00', '02 02 00 7f', '02 02 ff 80', '04 01 05']) {
  test(`${text} is no INTEGER`, (t) => {
    t.throws(() => readUnsignedHex(read(text)), invalid);
    t.throws(() => readSmallInteger(read(text)), invalid);
  });
}

test('small integers are non-negative and below 2^31', (t) => {
  t.is(readSmallInteger(read('02 04 7f ff ff ff')), 2 ** 31 - 1);
  t.is(readSmallInteger(read('0a 01 03')), 3);
  t.throws(() => readSmallInteger(read('02 01 80')), invalid);
  t.throws(() => readSmallInteger(read('02 05 00 ff ff ff ff')), invalid);
});

test('booleans are one octet, 00 or FF', (t) => {
  t.true(readBoolean(read('01 01 ff')));
  t.false(readBoolean(read('01 01 00')));
  for (const text of ['01 01 01', '01 00', '01 02 ff ff', '02 01 00'])
    t.throws(() => readBoolean(read(text)), invalid);
});

test('bit strings have a valid count of unused bits, and these are zero', (t) => {
  t.deepEqual(readBitString(read('03 02 05 a0')), { unused: 5, bytes: hex('a0') });
  t.is(readBitString(read('03 01 00')).bytes.byteLength, 0);
  for (const text of ['03 00', '03 02 08 00', '03 01 01', '03 02 05 a1', '04 02 00 a0']) {
    t.throws(() => readBitString(read(text)), invalid);
  }
  t.throws(() => readOctetAlignedBits(read('03 02 05 a0')), invalid);
});

test('named bits are told by their index, trailing zero bits change nothing', (t) => {
  t.deepEqual(namedBits(readBitString(read('03 02 05 a0'))), [0, 2]);
  t.deepEqual(namedBits(readBitString(read('03 03 07 00 80'))), [8]);
  t.deepEqual(namedBits(readBitString(read('03 02 01 80'))), [0]);
  t.deepEqual(namedBits(readBitString(read('03 01 00'))), []);
});

test('NULL is empty', (t) => {
  t.notThrows(() => readNull(read('05 00')));
  t.throws(() => readNull(read('05 01 00')), invalid);
});

const oids: Readonly<Record<string, string>> = {
  '06 03 55 04 03': '2.5.4.3',
  '06 09 2a 86 48 86 f7 0d 01 01 0b': '1.2.840.113549.1.1.11',
  '06 01 27': '0.39',
  '06 01 28': '1.0',
  '06 01 4f': '1.39',
  '06 01 50': '2.0',
  '06 02 88 37': '2.999',
  '06 05 2a 8f ff ff 7f': '1.2.33554431',
  '06 14 69 83 ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff 7f':
    '2.25.340282366920938463463374607431768211455',
};

for (const [encoded, dotted] of Object.entries(oids)) {
  test(`the identifier ${dotted} is read`, (t) => {
    t.is(readOid(read(encoded)), dotted);
  });
}

test('object identifiers are minimal, complete and bounded', (t) => {
  t.throws(() => readOid(read('06 00')), invalid);
  t.throws(() => readOid(read('06 02 80 01')), invalid);
  t.throws(() => readOid(read('06 03 55 80 01')), invalid);
  t.throws(() => readOid(read('06 02 55 84')), invalid);
  t.throws(() => readOid(one(der(0x06, [0x69], Buffer.alloc(19, 0xff), [0x7f]))), invalid);
  t.throws(() => readOid(one(der(0x06, Buffer.alloc(65, 0x55)))), invalid);
  t.throws(() => readOid(read('04 01 55')), invalid);
});

const times: Readonly<Record<string, string>> = {
  '261121230500Z': '2026-11-21T23:05:00.000Z',
  '491231235959Z': '2049-12-31T23:59:59.000Z',
  '500101000000Z': '1950-01-01T00:00:00.000Z',
  '20500101000000Z': '2050-01-01T00:00:00.000Z',
  '20260228000000Z': '2026-02-28T00:00:00.000Z',
  '20240229120000Z': '2024-02-29T12:00:00.000Z',
  '20000229120000Z': '2000-02-29T12:00:00.000Z',
  '99991231235959Z': '9999-12-31T23:59:59.000Z',
  '00000301000000Z': '0000-03-01T00:00:00.000Z',
};

for (const [text, expected] of Object.entries(times)) {
  test(`the time ${text} is read`, (t) => {
    t.is(readTime(one(der(text.length === 13 ? 0x17 : 0x18, text))), Date.parse(expected));
  });
}

const notTimes = [
  '2611212305Z',
  '261121230500',
  '261121230500+0000',
  '261121230500z',
  '260229120000Z',
  '260431120000Z',
  '261301000000Z',
  '260001000000Z',
  '260100000000Z',
  '260101240000Z',
  '260101006000Z',
  '260101000060Z',
  '26010100000 Z',
  '19000229000000Z',
  '20260101000000.5Z',
  '2026010100000Z0',
];

for (const text of notTimes) {
  test(`the time ${text} is refused`, (t) => {
    t.throws(() => readTime(one(der(0x17, text))), invalid);
    t.throws(() => readTime(one(der(0x18, text))), invalid);
  });
}

test('strings are read by their type', (t) => {
  t.is(readString(one(der(0x0c, 'Gerät ✓'))), 'Gerät ✓');
  t.is(readString(one(der(0x13, "Fleet Root (1) 'a'"))), "Fleet Root (1) 'a'");
  t.is(readString(one(der(0x16, 'a@b_c'))), 'a@b_c');
  t.is(readString(one(der(0x12, '12 3'))), '12 3');
  t.is(readString(one(der(0x1e, hex('0047 0065 00e4')))), 'Geä');
  t.is(readString(one(der(0x1c, hex('00000047 0001f600')))), 'G😀');
  t.is(readString(one(der(0x14, 'plain'))), 'plain');
});

const badStrings: readonly [string, Buffer][] = [
  ['UTF8String with an overlong form', der(0x0c, hex('c0 80'))],
  ['UTF8String cut off within a character', der(0x0c, hex('e2 9c'))],
  ['UTF8String with a surrogate', der(0x0c, hex('ed a0 80'))],
  ['UTF8String with NUL', der(0x0c, 'a\0b')],
  ['IA5String with NUL', der(0x16, 'a\0b')],
  ['BMPString with NUL', der(0x1e, hex('0041 0000'))],
  ['PrintableString with an underscore', der(0x13, 'a_b')],
  ['IA5String with octets above 7F', der(0x16, hex('e4'))],
  ['NumericString with letters', der(0x12, 'a')],
  ['BMPString of odd length', der(0x1e, hex('004100'))],
  ['BMPString with a surrogate', der(0x1e, hex('d83d de00'))],
  ['UniversalString beyond Unicode', der(0x1c, hex('00110000'))],
  ['TeletexString with octets above 7F', der(0x14, hex('e4'))],
  ['OCTET STRING', der(0x04, 'a')],
];

for (const [name, bytes] of badStrings) {
  test(`${name} is no text`, (t) => {
    t.throws(() => readString(one(bytes)), invalid);
  });
}

test('a SET OF is in ascending order', (t) => {
  const [small, large] = [read('02 01 01'), read('02 01 02')];
  t.notThrows(() => checkSetOrder([small, large]));
  t.notThrows(() => checkSetOrder([small]));
  t.throws(() => checkSetOrder([large, small]), invalid);
});
