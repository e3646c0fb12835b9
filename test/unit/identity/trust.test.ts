import test from 'ava';
import type { Authority } from '../../../src/ca/index.ts';
import { buildTrustSet, type TrustSources } from '../../../src/identity/trust.ts';
import { ca, leaf, root, trustOf } from './fleet.ts';

const refused = { code: 'PDP_CONFIG_INVALID' };

function anchor(certificate: Uint8Array, name = 'meters'): TrustSources['anchors'][number] {
  return {
    name,
    certificate,
    profile: { kind: 'cn' },
    revocation: { required: true, graceMs: 0 },
    allowSha1: false,
  };
}

function of(...anchors: TrustSources['anchors'][number][]): TrustSources {
  return { anchors, intermediates: [] };
}

test('anchors and intermediates are read from PEM and from DER alike', async (t) => {
  const one = await root();
  const issuing = await ca(one);
  const fromDer = buildTrustSet({
    ...of(anchor(one.der)),
    intermediates: [{ name: 'i', certificate: issuing.der }],
  });
  const fromPem = buildTrustSet({
    ...of(anchor(Buffer.from(`a comment\n${one.pem}`))),
    intermediates: [{ name: 'i', certificate: Buffer.from(issuing.pem) }],
  });
  t.is(fromPem.digest, fromDer.digest);
  t.is(fromPem.anchors[0]?.certificate.fingerprint, one.fingerprint);
  t.is(fromPem.intermediates[0]?.certificate.fingerprint, issuing.fingerprint);
});

const garbage: readonly [string, (one: Authority) => Promise<Uint8Array> | Uint8Array, RegExp][] = [
  ['garbage', () => Buffer.from('garbage'), /0x30 expected/],
  ['an empty file', () => Buffer.alloc(0), /none left/],
  ['half a certificate', (one) => one.der.subarray(0, 100), /longer than/],
  ['half a PEM file', (one) => Buffer.from(one.pem.slice(0, 200)), /cut off/],
  ['a private key', (one) => Buffer.from(one.privateKeyPem), /PRIVATE KEY/],
  ['two certificates', (one) => Buffer.from(one.pem + one.pem), /more than 1/],
  ['PEM that is no text', (one) => Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.from(one.pem)]), /./],
  ['a leaf', async (one) => (await leaf(one)).der, /not a CA/],
  ['a weak key', async () => (await root({ key: 'rsa-1024' })).der, /RSA key of 1024 bits/],
];

for (const [name, make, problem] of garbage) {
  test(`${name} is no anchor and no intermediate, and the entry is named`, async (t) => {
    const one = await root();
    const certificate = await make(one);
    const error = t.throws(() => buildTrustSet(of(anchor(certificate))), refused);
    t.regex(error.message, /^trust anchor "meters": /);
    t.regex(error.message, problem);
    const sources = { ...of(anchor(one.der)), intermediates: [{ name: 'issuing', certificate }] };
    t.throws(() => buildTrustSet(sources), { ...refused, message: /^intermediate "issuing": / });
  });
}

test('one name for two entries, and one CA under two anchors, are refused', async (t) => {
  const [one, other] = [await root(), await root()];
  t.throws(() => buildTrustSet(of(anchor(one.der), anchor(other.der))), {
    ...refused,
    message: /two entries/,
  });
  const renewed = await root({ keyPair: one.keys });
  t.throws(() => buildTrustSet(of(anchor(one.der, 'a'), anchor(renewed.der, 'b'))), {
    ...refused,
    message: /"a" has the same name and key/,
  });
});

test('the digest changes with whatever decisions depend on', async (t) => {
  const [one, other] = [await root(), await root()];
  const issuing = await ca(one);
  const base = anchor(one.der);
  const digests = [
    trustOf([one]),
    trustOf([one], [issuing]),
    buildTrustSet(of(base)),
    buildTrustSet(of({ ...base, certificate: other.der })),
    buildTrustSet(of({ ...base, profile: { kind: 'spiffe' } })),
    buildTrustSet(of({ ...base, profile: { kind: 'spiffe', trust_domain: 'a' } })),
    buildTrustSet(of({ ...base, revocation: { required: false, graceMs: 0 } })),
    buildTrustSet(of({ ...base, revocation: { required: true, graceMs: 0, maxAgeMs: 5 } })),
    buildTrustSet(of({ ...base, allowSha1: true })),
  ].map((trust) => trust.digest);
  t.is(new Set(digests).size, digests.length);
  t.is(buildTrustSet(of(base)).digest, digests[2] as string);
});
