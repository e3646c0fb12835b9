import test from 'ava';
import { DerReader } from '../../../../src/lib/der/reader.ts';
import { der, hex } from './encode.ts';

const invalid = { code: 'PDP_DER_INVALID' };

test('elements are read in order, as views into the document', (t) => {
  const document = der(0x30, der(0x02, [5]), der(0x04, [1, 2, 3]));
  const reader = new DerReader(document);
  const inner = reader.enter(0x30);
  reader.end();
  t.is(inner.peekTag(), 0x02);
  t.deepEqual([...inner.read(0x02).content], [5]);
  t.is(inner.optional(0x01), undefined);
  const octets = inner.next();
  t.is(octets.tag, 0x04);
  t.deepEqual([...octets.whole], [4, 3, 1, 2, 3]);
  t.is(octets.content.buffer, document.buffer);
  t.true(inner.done);
  t.is(inner.peekTag(), undefined);
  inner.end();
});

test('a plain Uint8Array at an offset of its buffer is read like a Buffer', (t) => {
  const bytes = new Uint8Array([0xff, 0x02, 0x01, 0x07, 0xff]).subarray(1, 4);
  const reader = new DerReader(bytes);
  t.deepEqual([...reader.read(0x02).content], [7]);
  reader.end();
});

const refused: Readonly<Record<string, string>> = {
  'an indefinite length': '30 80 00 00',
  'a long length that fits the short form': '04 81 01 00',
  'a length with a leading zero octet': `04 82 00 80 ${'00'.repeat(128)}`,
  'a length of five octets': '04 85 00 00 00 00 01 00',
  'an element longer than the document': '04 03 00 00',
  'a document that ends after its tag': '04',
  'a document that ends within its length': '04 82 01',
  'a tag number above 30': '1f 21 00',
  'end-of-contents': '00 00',
  'a primitive SEQUENCE': '10 00',
  'a constructed OCTET STRING': '24 02 04 00',
  'no element at all': '',
};

for (const [name, document] of Object.entries(refused)) {
  test(`${name} is refused`, (t) => {
    t.throws(() => new DerReader(hex(document)).next(), invalid);
  });
}

test('a long length in its shortest form is read', (t) => {
  t.is(new DerReader(der(0x04, Buffer.alloc(300))).next().content.byteLength, 300);
  t.is(new DerReader(der(0x04, Buffer.alloc(128))).next().content.byteLength, 128);
});

test('bytes after the last element are refused, on every level', (t) => {
  const outer = new DerReader(hex('02 01 05 00'));
  outer.next();
  t.throws(() => outer.end(), { ...invalid, message: /1 bytes too many at byte 3/ });
  const inner = new DerReader(hex('30 06 02 01 05 02 01 06')).enter(0x30);
  inner.next();
  t.throws(() => inner.end(), invalid);
});

test('an element may not reach beyond what holds it, even where the document goes on', (t) => {
  const inner = new DerReader(hex('30 03 04 05 00 00 00 00')).enter(0x30);
  t.throws(() => inner.next(), invalid);
});

test('another tag than the expected one is refused, and told', (t) => {
  const reader = new DerReader(hex('02 01 05'));
  t.throws(() => reader.read(0x30), { ...invalid, message: 'element 0x30 expected, 0x02 found at byte 0' });
  t.throws(() => reader.enter(0x31), invalid);
  t.throws(() => new DerReader(hex('')).enter(0x30), { ...invalid, message: /none left/ });
});

test('nesting past the limit is refused, by enter and by open', (t) => {
  let document = der(0x30);
  for (let i = 0; i < 40; i++) document = der(0x30, document);
  const descend = (step: (reader: DerReader) => DerReader) => () => {
    let reader = new DerReader(document);
    while (!reader.done) reader = step(reader);
  };
  t.throws(
    descend((reader) => reader.enter(0x30)),
    { ...invalid, message: /nested more than 24/ },
  );
  t.throws(
    descend((reader) => reader.next().open()),
    { ...invalid, message: /nested more than 24/ },
  );
});

test('a document larger than its limit is refused before it is read', (t) => {
  t.throws(() => new DerReader(Buffer.alloc(11), 10), { ...invalid, message: /11 bytes, at most 10/ });
  t.notThrows(() => new DerReader(Buffer.alloc(10), 10));
});
