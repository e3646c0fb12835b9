import test from 'ava';
import fc from 'fast-check';
import { PortreeveError } from '../../src/lib/errors.ts';
import { DerReader } from '../../src/lib/der/reader.ts';
import { readOid, readString, readTime, readUnsignedHex } from '../../src/lib/der/values.ts';
import { decodePem } from '../../src/lib/pem.ts';
import { der } from '../unit/lib/der/encode.ts';

const numRuns = 300 * Number(process.env.SOAK_FACTOR ?? 1);

/** Reads everything, as deep as it goes. */
function readAll(reader: DerReader): number {
  let elements = 0;
  while (!reader.done) {
    const tlv = reader.next();
    elements += 1 + (tlv.tag & 0x20 ? readAll(tlv.open()) : tlv.content.byteLength * 0);
  }
  reader.end();
  return elements;
}

function throwsOnlyOurs(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch (thrown) {
    return thrown instanceof PortreeveError;
  }
}

const element: fc.Arbitrary<Buffer> = fc.letrec<{ tree: Buffer; leaf: Buffer; node: Buffer }>((tie) => ({
  leaf: fc
    .tuple(fc.constantFrom(0x02, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x80), fc.uint8Array({ maxLength: 200 }))
    .map(([tag, content]) => der(tag, content)),
  node: fc
    .tuple(fc.constantFrom(0x30, 0x31, 0xa0), fc.array(tie('tree'), { maxLength: 4 }))
    .map(([tag, parts]) => der(tag, ...parts)),
  tree: fc.oneof({ maxDepth: 5 }, tie('leaf'), tie('node')),
})).tree;

test('any bytes are read or refused with an error of ours', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) =>
      throwsOnlyOurs(() => readAll(new DerReader(bytes))),
    ),
    { numRuns },
  );
  t.pass();
});

test('what was written in DER is read whole, and every proper prefix of it is refused', (t) => {
  fc.assert(
    fc.property(element, fc.nat(), (bytes, cut) => {
      readAll(new DerReader(bytes));
      const prefix = bytes.subarray(0, cut % bytes.length);
      if (prefix.length === 0) return true;
      try {
        readAll(new DerReader(prefix));
        return false;
      } catch (thrown) {
        return thrown instanceof PortreeveError;
      }
    }),
    { numRuns },
  );
  t.pass();
});

test('values of any contents are read or refused with an error of ours', (t) => {
  const contents = fc.uint8Array({ maxLength: 40 });
  const tag = fc.constantFrom(0x02, 0x06, 0x0c, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1c, 0x1e);
  fc.assert(
    fc.property(tag, contents, (one, bytes) =>
      [readOid, readString, readTime, readUnsignedHex].every((read) =>
        throwsOnlyOurs(() => read(new DerReader(der(one, bytes)).next())),
      ),
    ),
    { numRuns },
  );
  t.pass();
});

test('integers survive writing and reading', (t) => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 1n << 200n }), (value) => {
      const digits = value.toString(16);
      const magnitude = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
      const padded =
        (magnitude[0] as number) >= 0x80 ? Buffer.concat([Buffer.from([0]), magnitude]) : magnitude;
      const { hex, negative } = readUnsignedHex(new DerReader(der(0x02, padded)).next());
      return !negative && BigInt(`0x${hex}`) === value;
    }),
    { numRuns },
  );
  t.pass();
});

test('any instant to the second survives UTCTime or GeneralizedTime', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253402300799 }), (seconds) => {
      const digits = new Date(seconds * 1000).toISOString().replace(/[-:T]|\.000/g, '');
      const year = Number(digits.slice(0, 4));
      const encoded = year < 2050 ? der(0x17, digits.slice(2)) : der(0x18, digits);
      return readTime(new DerReader(encoded).next()) === seconds * 1000;
    }),
    { numRuns },
  );
  t.pass();
});

test('any bytes survive PEM, and any text is decoded or refused with an error of ours', (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.string({ maxLength: 80 }),
      (bytes, junk) => {
        const body = Buffer.from(bytes).toString('base64').replace(/.{64}/g, '$&\n');
        const pem = `-----BEGIN X-----\n${body}\n-----END X-----\n`;
        const [back] = decodePem(pem, 'X', 1);
        const torn = pem.slice(0, junk.length) + junk + pem.slice(junk.length);
        return (
          Buffer.compare(back as Uint8Array, bytes) === 0 && throwsOnlyOurs(() => decodePem(torn, 'X', 3))
        );
      },
    ),
    { numRuns },
  );
  t.pass();
});
