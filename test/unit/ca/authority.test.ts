import { X509Certificate, createPrivateKey } from 'node:crypto';
import test from 'ava';
import { createRoot, generateKeys, issueCa, issueLeaf } from '../../../src/ca/index.ts';
import type { KeyKind } from '../../../src/ca/index.ts';
import { integer } from '../../../src/ca/der.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { sha256Hex } from '../../../src/lib/bytes.ts';

const now = 1_800_000_000_000;
const life = { notBefore: now - 86_400_000, notAfter: now + 86_400_000 };
const kinds: KeyKind[] = ['ec-p256', 'ec-p384', 'ec-p521', 'rsa-1024', 'rsa-2048', 'ed25519'];

for (const key of kinds) {
  test(`a root, an issuing CA and a leaf with ${key} keys verify one under the other`, async (t) => {
    const root = await createRoot({ subject: 'CN=Root,O=Example', key, ...life });
    const ca = await issueCa(root, { subject: 'CN=Issuing,O=Example', key, pathLen: 0, ...life });
    const leaf = await issueLeaf(ca, { subject: 'CN=Meter 1', key, ...life });
    const [r, c, l] = [root, ca, leaf].map((one) => new X509Certificate(one.pem)) as [
      X509Certificate,
      X509Certificate,
      X509Certificate,
    ];
    t.true(r.verify(r.publicKey));
    t.true(c.verify(r.publicKey));
    t.true(l.verify(c.publicKey));
    t.true(c.checkIssued(r));
    t.true(l.checkPrivateKey(createPrivateKey(leaf.privateKeyPem)));
    t.is(leaf.fingerprint, sha256Hex(l.raw));
    t.is(leaf.kind, key);
  });
}

test('a CA certificate has critical basicConstraints and keyUsage, and key identifiers of itself and its issuer', async (t) => {
  const root = await createRoot({ subject: 'CN=Root', ...life });
  const ca = parseCertificate((await issueCa(root, { subject: 'CN=Issuing', pathLen: 0, ...life })).der);
  t.deepEqual(ca.basicConstraints, { ca: true, pathLen: 0 });
  t.true(ca.extensions.get('2.5.29.19')?.critical);
  t.deepEqual([...(ca.keyUsage ?? [])], ['keyCertSign', 'cRLSign']);
  t.true(ca.extensions.get('2.5.29.15')?.critical);
  t.deepEqual(ca.authorityKeyId, parseCertificate(root.der).subjectKeyId);
  t.is(ca.keyDigest.length, 64);
});

test('a leaf states what it was asked to: names, usages, serial number, validity', async (t) => {
  const root = await createRoot({ subject: 'CN=Root', ...life });
  const made = await issueLeaf(root, {
    subject: 'CN=Meter 1,serialNumber=SN-1',
    san: {
      uri: ['spiffe://fleet.example/meter/1'],
      dns: ['m1.example'],
      ip: ['192.0.2.1'],
      email: ['a@b.example'],
    },
    eku: ['serverAuth', '1.2.3.4'],
    keyUsage: ['digitalSignature', 'keyAgreement'],
    serial: '00ff01',
    ...life,
  });
  const leaf = parseCertificate(made.der);
  t.deepEqual(
    leaf.subject.rdns.flat().map(({ oid, value }) => `${oid}=${value}`),
    ['2.5.4.3=Meter 1', '2.5.4.5=SN-1'],
  );
  t.deepEqual(
    leaf.subjectAltNames.map((name) => name.kind),
    ['uri', 'dns', 'ip', 'email'],
  );
  t.deepEqual(leaf.extendedKeyUsage, ['1.3.6.1.5.5.7.3.1', '1.2.3.4']);
  t.deepEqual([...(leaf.keyUsage ?? [])], ['digitalSignature', 'keyAgreement']);
  t.deepEqual(leaf.basicConstraints, { ca: false });
  t.is(leaf.serial, 'ff01');
  t.is(made.serial, 'ff01');
  t.is(leaf.notAfter, life.notAfter);
});

test('a leaf without usages has no such extensions, and one asked to be a CA says so', async (t) => {
  const root = await createRoot({ subject: 'CN=Root', ...life });
  const leaf = parseCertificate(
    (await issueLeaf(root, { subject: 'CN=x', eku: [], keyUsage: [], ca: true, ...life })).der,
  );
  t.is(leaf.extendedKeyUsage, undefined);
  t.is(leaf.keyUsage, undefined);
  t.deepEqual(leaf.basicConstraints, { ca: true });
});

test('a renewed certificate keeps the key pair that it is given', async (t) => {
  const root = await createRoot({ subject: 'CN=Root', ...life });
  const keyPair = await generateKeys('ec-p384');
  const first = await issueLeaf(root, { subject: 'CN=x', keyPair, ...life });
  const second = await issueLeaf(root, { subject: 'CN=x', keyPair, ...life });
  t.is(first.keyDigest, second.keyDigest);
  t.not(first.fingerprint, second.fingerprint);
  t.is(first.kind, 'ec-p384');
});

test('a leaf can issue although it must not', async (t) => {
  const root = await createRoot({ subject: 'CN=Root', ...life });
  const leaf = await issueLeaf(root, { subject: 'CN=Not a CA', ...life });
  const under = await issueLeaf(leaf, { subject: 'CN=x', ...life });
  t.true(new X509Certificate(under.pem).verify(new X509Certificate(leaf.pem).publicKey));
});

test('raw extensions go in as given, also twice', async (t) => {
  const root = await createRoot({ subject: 'CN=Root', ...life });
  const raw = { oid: '1.2.3.4', critical: true, value: Uint8Array.from([5, 0]) };
  const once = await issueLeaf(root, { subject: 'CN=x', extensions: [raw], ...life });
  t.deepEqual(parseCertificate(once.der).unknownCritical, ['1.2.3.4']);
  const twice = await issueLeaf(root, { subject: 'CN=x', extensions: [raw, raw], ...life });
  t.throws(() => parseCertificate(twice.der), { message: /1\.2\.3\.4/ });
});

test('serial numbers of 21 octets and negative ones can be made, and their signatures hold', async (t) => {
  const root = await createRoot({ subject: 'CN=Root', ...life });
  const rootKey = new X509Certificate(root.pem).publicKey;
  for (const serial of ['7f'.repeat(21), '-7f', '-80', '-0102']) {
    const made = await issueLeaf(root, { subject: 'CN=x', serial, ...life });
    t.is(made.serial, serial);
    const read = new X509Certificate(made.pem);
    t.true(read.verify(rootKey), serial);
    t.is(BigInt(`0x${read.serialNumber.replace('-', '')}`), BigInt(`0x${serial.replace('-', '')}`));
    t.is(read.serialNumber.startsWith('-'), serial.startsWith('-'));
    if (serial.startsWith('-')) t.throws(() => parseCertificate(made.der), { message: /serial/ });
    else t.deepEqual(parseCertificate(made.der).oddities, ['serial_too_long']);
  }
});

test('SHA-1 signatures can be made with RSA and EC issuers', async (t) => {
  for (const [key, oid] of [
    ['rsa-2048', '1.2.840.113549.1.1.5'],
    ['ec-p256', '1.2.840.10045.4.1'],
  ] as const) {
    const root = await createRoot({ subject: 'CN=Root', key, ...life });
    const leaf = await issueLeaf(root, { subject: 'CN=x', hash: 'SHA-1', ...life });
    t.is(parseCertificate(leaf.der).signatureAlgorithm.oid, oid);
  }
});

test('an unknown key usage is refused', async (t) => {
  await t.throwsAsync(createRoot({ subject: 'CN=Root', keyUsage: ['certSign'], ...life }), {
    code: 'PDP_USAGE',
  });
});

test('integers are written in the shortest two’s complement', (t) => {
  const written = ['0', '7f', '80', 'ff', '0100', '-1', '-80', '-81', '-0100'].map((hex) =>
    integer(hex).toString('hex'),
  );
  t.deepEqual(written, [
    '020100',
    '02017f',
    '02020080',
    '020200ff',
    '02020100',
    '0201ff',
    '020180',
    '0202ff7f',
    '0202ff00',
  ]);
});
