import test from 'ava';
import { attributeValues, nameText, parseName } from '../../../src/identity/name.ts';
import { DerReader } from '../../../src/lib/der/reader.ts';
import { der } from '../lib/der/encode.ts';
import { oid } from './fleet.ts';

type Attribute = [id: string, tag: number, text: string | Uint8Array];

function name(...rdns: Attribute[][]): Buffer {
  const sets = rdns.map((rdn) =>
    der(
      0x31,
      ...rdn
        .map(([id, tag, text]) => der(0x30, oid(id), der(tag, text)))
        .sort((a, b) => Buffer.compare(a, b)),
    ),
  );
  return der(0x30, ...sets);
}

function read(bytes: Uint8Array): ReturnType<typeof parseName> {
  const reader = new DerReader(bytes);
  const parsed = parseName(reader.next());
  reader.end();
  return parsed;
}

const [cn, o] = ['2.5.4.3', '2.5.4.10'];
const keyOf = (...rdns: Attribute[][]) => read(name(...rdns)).key;

test('names are equal whatever their case, their inner white space and their string types', (t) => {
  const key = keyOf([[cn, 0x0c, 'Fleet Root']], [[o, 0x0c, 'Straße']]);
  t.is(keyOf([[cn, 0x13, ' fleet   ROOT ']], [[o, 0x0c, 'STRASSE']]), key);
  t.is(keyOf([[cn, 0x0c, 'Ｆleet Root']], [[o, 0x0c, 'Stra\u00adsse']]), key);
});

test('names differ by order, grouping, attribute and text', (t) => {
  const keys = [
    keyOf([[cn, 0x0c, 'a']], [[o, 0x0c, 'b']]),
    keyOf([[o, 0x0c, 'b']], [[cn, 0x0c, 'a']]),
    keyOf([
      [cn, 0x0c, 'a'],
      [o, 0x0c, 'b'],
    ]),
    keyOf([[cn, 0x0c, 'b']], [[o, 0x0c, 'a']]),
    keyOf([[cn, 0x0c, 'a']]),
    keyOf([[cn, 0x0c, 'a,2.5.4.10=b']]),
    keyOf([[cn, 0x0c, 'a+2.5.4.10=b']]),
    keyOf([[cn, 0x0c, 'a\\']], [[o, 0x0c, 'b']]),
    keyOf(),
  ];
  t.is(new Set(keys).size, keys.length);
});

test('the attributes of one relative name are a set: their order does not count', (t) => {
  const key = keyOf([
    [cn, 0x0c, 'A'],
    [o, 0x0c, 'b'],
  ]);
  t.is(
    keyOf([
      [o, 0x0c, 'B'],
      [cn, 0x0c, 'a'],
    ]),
    key,
  );
});

test('values are read in order, and told for people last name first', (t) => {
  const parsed = read(
    name(
      [['2.5.4.6', 0x13, 'DE']],
      [[o, 0x0c, 'Example, Inc.']],
      [[cn, 0x0c, ' meter\u0007']],
      [['1.2.3', 0x0c, 'x']],
    ),
  );
  t.deepEqual(attributeValues(parsed, o), ['Example, Inc.']);
  t.is(nameText(parsed), '1.2.3=x,CN=\\ meter\\07,O=Example\\, Inc.,C=DE');
});

test('attributes that are no strings are kept as hex, those of X.520 are refused', (t) => {
  const bits = new Uint8Array([0, 0xff]);
  t.deepEqual(attributeValues(read(name([['2.5.4.45', 0x03, bits]])), '2.5.4.45'), ['#030200ff']);
  t.deepEqual(attributeValues(read(name([['1.2.3', 0x03, bits]])), '1.2.3'), ['#030200ff']);
  t.throws(() => read(name([[cn, 0x03, bits]])), { code: 'PDP_DER_INVALID' });
});

test('an empty relative name, one out of order and anything after a value are refused', (t) => {
  const [a, b] = [der(0x30, oid(cn), der(0x0c, 'a')), der(0x30, oid(cn), der(0x0c, 'b'))];
  t.notThrows(() => read(der(0x30, der(0x31, a, b))));
  t.throws(() => read(der(0x30, der(0x31, b, a))), { code: 'PDP_DER_INVALID' });
  t.throws(() => read(der(0x30, der(0x31))), { code: 'PDP_DER_INVALID' });
  t.throws(() => read(der(0x30, der(0x31, der(0x30, oid(cn), der(0x0c, 'a'), der(0x05))))), {
    code: 'PDP_DER_INVALID',
  });
  t.throws(() => read(der(0x31)), { code: 'PDP_DER_INVALID' });
});
