import test from 'ava';
import type { Authority } from '../../../src/ca/index.ts';
import { buildTrustSet, type TrustSources } from '../../../src/identity/trust.ts';
import { ca, leaf, root, selfSigned, trustOf } from './fleet.ts';

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

const unpinnable: readonly [string, () => Promise<Partial<TrustSources['anchors'][number]>>, RegExp][] = [
  ['a CA', async () => ({ certificate: (await root()).der }), /is a CA, which cannot be pinned/],
  ['a leaf of a CA', async () => ({ certificate: (await leaf(await root())).der }), /did not sign itself/],
  [
    'a leaf of its own name and another key',
    async () => ({ certificate: (await leaf(await selfSigned(), { subject: 'CN=press-7,O=Example' })).der }),
    /did not sign itself/,
  ],
  ['a weak key', async () => ({ certificate: (await selfSigned({ key: 'rsa-1024' })).der }), /1024 bits/],
  [
    'a leaf for which a CRL is required',
    async () => ({ revocation: { required: true, graceMs: 0 } }),
    /no CRL/,
  ],
];

for (const [what, make, problem] of unpinnable) {
  test(`${what} cannot be pinned`, async (t) => {
    const [{ der }, given] = [await selfSigned(), await make()];
    const pinned = { ...anchor(der), revocation: { required: false, graceMs: 0 }, pinned: true };
    t.notThrows(() => buildTrustSet(of(pinned)));
    const { message } = t.throws(() => buildTrustSet(of({ ...pinned, ...given })), refused);
    t.regex(message, problem);
  });
}

test('a renewed certificate with the same key may be pinned beside the one that it replaces', async (t) => {
  const one = await selfSigned();
  const renewed = await selfSigned({ keyPair: one.keys });
  t.is(trustOf([], [], { pinned: [one, renewed] }).anchors.length, 2);
  t.throws(() => trustOf([], [], { pinned: [one, { ...one }] }), {
    ...refused,
    message: /same name and key/,
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
