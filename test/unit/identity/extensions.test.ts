import test from 'ava';
import { CertificateError } from '../../../src/identity/certificate-error.ts';
import { parseExtensions } from '../../../src/identity/extensions.ts';
import { DerReader } from '../../../src/lib/der/reader.ts';
import { der, hex } from '../lib/der/encode.ts';
import { oid } from './fleet.ts';

function extension(id: string, value: Uint8Array, critical?: number): Buffer {
  const flag = critical === undefined ? Buffer.alloc(0) : der(0x01, [critical]);
  return der(0x30, oid(id), flag, der(0x04, value));
}

function parse(...extensions: Buffer[]): ReturnType<typeof parseExtensions> {
  return parseExtensions(new DerReader(Buffer.concat(extensions)));
}

const [ski, keyUsage, san, constraints, aki, eku] = [14, 15, 17, 19, 35, 37].map((n) => `2.5.29.${n}`) as [
  string,
  string,
  string,
  string,
  string,
  string,
];

test('critical extensions that are not processed are told, others are kept', (t) => {
  const fields = parse(
    extension('1.2.3.4', hex('0500'), 0xff),
    extension('1.2.3.5', hex('0500')),
    extension('2.5.29.31', hex('3000'), 0xff),
    extension(keyUsage, hex('03020780'), 0xff),
  );
  t.deepEqual(fields.unknownCritical, ['1.2.3.4', '2.5.29.31']);
  t.is(fields.extensions.values().length, 4);
  t.deepEqual([...(fields.keyUsage ?? [])], ['digitalSignature']);
});

test('critical distribution points are processed where they can be read, broken ones deny only where critical', (t) => {
  const of = (value: Buffer, critical: boolean) =>
    parse(extension('2.5.29.31', value, ...(critical ? [0xff] : []))).unknownCritical;
  const name = der(0xa0, der(0xa0, der(0x86, 'http://crl.example/1')));
  const good = der(0x30, der(0x30, name, der(0x81, [1, 0x60])), der(0x30, name));
  t.deepEqual(of(good, true), []);
  for (const bad of [
    der(0x30),
    der(0x30, der(0x30)),
    der(0x30, der(0x30, name), der(0x05)),
    der(0x30, der(0x30, der(0x81, [1, 0x60]))),
    der(0x30, der(0x30, name, der(0x81, [9]))),
    der(0x30, der(0x30, der(0xa0, der(0xa2, 'x')))),
    Buffer.concat([good, der(0x05)]),
    der(0x30, ...Array.from({ length: 65 }, () => der(0x30, name))),
  ]) {
    t.deepEqual(of(bad, true), ['2.5.29.31'], bad.toString('hex'));
    t.deepEqual(of(bad, false), []);
  }
});

test('an authority key identifier may come with issuer and serial number', (t) => {
  const name = der(0xa1, der(0x82, 'a.example'));
  const fields = parse(extension(aki, der(0x30, der(0x80, [1, 2]), name, der(0x82, [5]))));
  t.deepEqual([...(fields.authorityKeyId ?? [])], [1, 2]);
  t.is(parse(extension(aki, der(0x30))).authorityKeyId, undefined);
});

test('names of every kind are read, those of no use as unsupported', (t) => {
  const other = der(0xa0, oid('1.3.6.1.5.5.7.8.4'), der(0xa0, der(0x05)));
  const directory = der(0xa4, der(0x30, der(0x31, der(0x30, oid('2.5.4.3'), der(0x0c, 'a')))));
  const fields = parse(
    extension(san, der(0x30, other, directory, der(0x88, [0x2a]), der(0x87, [1, 2, 3, 4]))),
  );
  t.deepEqual(
    fields.subjectAltNames.map((name) => name.kind),
    ['other', 'dn', 'unsupported', 'ip'],
  );
});

const broken: readonly [string, string, Uint8Array][] = [
  ['basicConstraints with a FALSE that is the default', constraints, der(0x30, der(0x01, [0]))],
  [
    'basicConstraints with a negative path length',
    constraints,
    der(0x30, der(0x01, [0xff]), der(0x02, [0xff])),
  ],
  ['basicConstraints with something after it', constraints, Buffer.concat([der(0x30), der(0x05)])],
  ['basicConstraints with something within it', constraints, der(0x30, der(0x01, [0xff]), der(0x05))],
  ['a key usage bit without a meaning', keyUsage, der(0x03, hex('05 0000 20'))],
  ['key usage that is no BIT STRING', keyUsage, der(0x04, [0x80])],
  ['an empty extendedKeyUsage', eku, der(0x30)],
  ['an extendedKeyUsage that is no list of OIDs', eku, der(0x30, der(0x02, [1]))],
  ['an empty subjectAltName', san, der(0x30)],
  ['an IP address of five octets', san, der(0x30, der(0x87, [1, 2, 3, 4, 5]))],
  ['an alternative name of an unknown kind', san, der(0x30, der(0x89, [1]))],
  ['a URI that is not ASCII', san, der(0x30, der(0x86, 'urn:ä'))],
  ['a URI with NUL', san, der(0x30, der(0x86, 'urn:a\0b'))],
  ['a subject key identifier that is no OCTET STRING', ski, der(0x30)],
  ['an authority key identifier with an unknown field', aki, der(0x30, der(0x83, [1]))],
];

for (const [name, id, value] of broken) {
  test(`${name} makes the certificate unreadable`, (t) => {
    const error = t.throws(() => parse(extension(id, value)), { instanceOf: CertificateError });
    t.is(error.reason, 'identity.unparsable_certificate');
    t.true(error.message.includes(id));
  });
}

test('an empty list, and critical FALSE written out, are refused', (t) => {
  t.throws(() => parse(), { code: 'PDP_DER_INVALID' });
  t.throws(() => parse(extension('1.2.3.4', hex('0500'), 0)), { code: 'PDP_DER_INVALID' });
});

test('one kind twice is refused whatever it is and wherever the two stand', (t) => {
  const [one, other] = [extension('1.2.3.4', hex('0500')), extension('1.2.3.5', hex('0500'))];
  const error = t.throws(() => parse(one, other, one), { instanceOf: CertificateError });
  t.is(error.reason, 'chain.duplicate_extension');
});
