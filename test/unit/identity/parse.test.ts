import { X509Certificate } from 'node:crypto';
import test from 'ava';
import { x509 } from '../../../src/ca/x509.ts';
import { CertificateError } from '../../../src/identity/certificate-error.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { toHex } from '../../../src/lib/bytes.ts';
import { der } from '../lib/der/encode.ts';
import { ca, leaf, lives, oid, patched, root } from './fleet.ts';

const unparsable = { instanceOf: CertificateError, code: 'PDP_CERTIFICATE_INVALID' };

function reasonOf(bytes: Uint8Array): string {
  try {
    parseCertificate(bytes);
    return 'parsed';
  } catch (thrown) {
    return (thrown as CertificateError).reason;
  }
}

for (const key of ['ec-p256', 'ec-p384', 'ec-p521', 'rsa-2048', 'ed25519'] as const) {
  test(`what is read of a certificate with a ${key} key is what other readers read`, async (t) => {
    const issuer = await root({ key });
    const issued = await leaf(issuer, {
      key,
      subject: 'CN=meter-1,OU=Ünit,serialNumber=0042',
      serial: '00f1e2d3',
      san: {
        uri: ['spiffe://example/meter/1'],
        dns: ['meter.example'],
        email: ['a@example'],
        ip: ['192.0.2.7', '2001:db8::7'],
      },
      eku: ['clientAuth', '1.2.3.4'],
      keyUsage: ['digitalSignature', 'keyAgreement', 'decipherOnly'],
    });
    const read = parseCertificate(issued.der);
    const node = new X509Certificate(issued.der);
    const other = new x509.X509Certificate(new Uint8Array(issued.der));

    t.is(read.serial, 'f1e2d3');
    t.is(read.fingerprint, node.fingerprint256.replaceAll(':', '').toLowerCase());
    t.is(read.notBefore, other.notBefore.getTime());
    t.is(read.notAfter, node.validToDate.getTime());
    t.deepEqual(Buffer.from(read.spki), node.publicKey.export({ format: 'der', type: 'spki' }));
    t.is(read.keyDigest, issued.keyDigest);
    t.is(read.key.algorithm, node.publicKey.asymmetricKeyType as string as typeof read.key.algorithm);
    t.is(read.key.curve, node.publicKey.asymmetricKeyDetails?.namedCurve);
    t.deepEqual(Buffer.from(read.signature), Buffer.from(other.signature));
    t.is(
      toHex(read.subjectKeyId as Uint8Array),
      other.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId ?? '',
    );
    t.is(
      toHex(read.authorityKeyId as Uint8Array),
      other.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId ?? '',
    );
    t.deepEqual(
      read.extensions
        .values()
        .map(({ oid }) => oid)
        .sort(),
      Array.from(other.extensions, (one) => one.type).sort(),
    );
    t.deepEqual(
      read.subject.rdns.flat().map((attribute) => attribute.value),
      node.subject.split('\n').map((line) => line.slice(line.indexOf('=') + 1)),
    );
    t.is(read.issuer.key, parseCertificate(issuer.der).subject.key);
    t.deepEqual(read.extendedKeyUsage, ['1.3.6.1.5.5.7.3.2', '1.2.3.4']);
    t.deepEqual([...(read.keyUsage ?? [])], ['digitalSignature', 'keyAgreement', 'decipherOnly']);
    t.deepEqual(read.subjectAltNames, [
      { kind: 'uri', value: 'spiffe://example/meter/1' },
      { kind: 'dns', value: 'meter.example' },
      { kind: 'ip', value: Buffer.from([192, 0, 2, 7]) },
      { kind: 'ip', value: Buffer.from('20010db8000000000000000000000007', 'hex') },
      { kind: 'email', value: 'a@example' },
    ]);
    t.deepEqual(read.basicConstraints, { ca: false });
    t.deepEqual(read.unknownCritical, []);
  });
}

test('a CA states its path length', async (t) => {
  const issuer = await root();
  t.deepEqual(parseCertificate(issuer.der).basicConstraints, { ca: true });
  t.deepEqual(parseCertificate((await ca(issuer, { pathLen: 0 })).der).basicConstraints, {
    ca: true,
    pathLen: 0,
  });
});

test('byte fields are views into the certificate, not copies', async (t) => {
  const { der: bytes } = await root();
  const read = parseCertificate(bytes);
  for (const view of [read.tbs, read.spki, read.signature, read.subject.der, read.signatureAlgorithm.der]) {
    t.is(view.buffer, bytes.buffer);
  }
});

test('the year 9999 is a time like others', async (t) => {
  const issued = await leaf(await root(), { notAfter: Date.UTC(9999, 11, 31, 23, 59, 59) });
  t.is(parseCertificate(issued.der).notAfter, Date.UTC(9999, 11, 31, 23, 59, 59));
});

test('a negative serial number is refused', async (t) => {
  const issued = await leaf(await root(), { serial: '-7f' });
  t.throws(() => parseCertificate(issued.der), { ...unparsable, message: /serial number is negative/ });
});

test('a serial number of 0 or of 21 octets is read as an oddity, one of 20 as none', async (t) => {
  const issuer = await root();
  const read = async (serial: string) => parseCertificate((await leaf(issuer, { serial })).der);
  t.like(await read('01'.repeat(21)), { serial: '01'.repeat(21), oddities: ['serial_too_long'] });
  t.like(await read('-0'), { serial: '00', oddities: ['serial_zero'] });
  t.like(await read('01'.repeat(20)), { serial: '01'.repeat(20), oddities: [] });
});

test('an embedded NUL in a name is refused', async (t) => {
  const issued = await leaf(await root(), { subject: 'CN=meterX1' });
  t.throws(() => parseCertificate(patched(issued.der, 'meterX1', 'meter\x001')), {
    ...unparsable,
    message: /NUL|outside its type/,
  });
});

test('a name that is not UTF-8 is refused', async (t) => {
  const issued = await leaf(await root(), { subject: 'CN=Gerät' });
  const broken = patched(issued.der, 'Gerät', Buffer.from([0x47, 0x65, 0x72, 0xc3, 0x28, 0x74]));
  t.throws(() => parseCertificate(broken), { ...unparsable, message: /not UTF-8/ });
});

test('an embedded NUL in an alternative name is refused', async (t) => {
  const issued = await leaf(await root(), { san: { dns: ['good.example_evil'] } });
  t.throws(
    () => parseCertificate(patched(issued.der, 'good.example_evil', 'good.example\0evil')),
    unparsable,
  );
});

test('an extension that stands twice is told from other faults', async (t) => {
  const twice = { oid: '2.5.29.15', critical: true, value: der(0x03, [7, 0x80]) };
  const issued = await leaf(await root(), { extensions: [twice] });
  t.is(reasonOf(issued.der), 'chain.duplicate_extension');
});

test('the signature algorithm must be the same inside and outside', async (t) => {
  const issued = await leaf(await root());
  const copy = Buffer.from(issued.der);
  const at = copy.lastIndexOf(oid('1.2.840.10045.4.3.2'));
  copy.set(oid('1.2.840.10045.4.3.3'), at);
  t.throws(() => parseCertificate(copy), { ...unparsable, message: /inside and outside differ/ });
});

test('bytes after the certificate, cut-off certificates and other things are refused', async (t) => {
  const issued = await leaf(await root());
  const cases: Uint8Array[] = [
    Buffer.concat([issued.der, Buffer.from([0])]),
    issued.der.subarray(0, -1),
    Buffer.alloc(0),
    Buffer.from('not a certificate'),
    der(0x30, der(0x02, [1])),
    Buffer.from(issued.pem),
  ];
  for (const bytes of cases) t.is(reasonOf(bytes), 'identity.unparsable_certificate');
});

test('a certificate of more bytes than a certificate may have is refused unread', async (t) => {
  const value = der(0x04, Buffer.alloc(50_000));
  const issued = await leaf(await root(), { extensions: [{ oid: '1.2.3.4', critical: false, value }] });
  t.throws(() => parseCertificate(issued.der), { ...unparsable, message: /at most 49152/ });
});

test('an empty issuer name is refused, an empty subject is not', async (t) => {
  const nameless = await root({ subject: '' });
  t.throws(() => parseCertificate(nameless.der), { ...unparsable, message: /issuer name is empty/ });
  const issued = await leaf(await root(), { subject: '', san: { uri: ['urn:dev:1'] } });
  t.is(parseCertificate(issued.der).subject.key, '');
});

test('a certificate lives by the times that it states', async (t) => {
  const read = parseCertificate((await leaf(await root())).der);
  t.deepEqual([read.notBefore, read.notAfter], [lives.leaf.notBefore, lives.leaf.notAfter]);
});
