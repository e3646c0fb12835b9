import test from 'ava';
import type { BuiltPaths } from '../../../src/identity/path-build.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { der } from '../lib/der/encode.ts';
import { build, ca, codes, leaf, lives, root, selfSigned, trustOf } from './fleet.ts';

test('a leaf under an anchor is a path of two', async (t) => {
  const anchor = await root();
  const built = build(trustOf([anchor]), await leaf(anchor));
  t.deepEqual(built.findings, []);
  t.is(built.paths.length, 1);
  t.is(built.paths[0]?.anchor.name, 'anchor-0');
  t.is(built.paths[0]?.certificates.length, 2);
});

test('intermediates may be configured, sent in any order, or both, without doubling the path', async (t) => {
  const anchor = await root();
  const upper = await ca(anchor, { subject: 'CN=Upper' });
  const lower = await ca(upper, { subject: 'CN=Lower' });
  const device = await leaf(lower);
  const chain = [device, lower, upper, anchor].map((one) => one.fingerprint);
  for (const built of [
    build(trustOf([anchor], [upper, lower]), device),
    build(trustOf([anchor]), device, upper, lower),
    build(trustOf([anchor], [upper]), device, lower, upper, anchor, lower),
  ]) {
    t.deepEqual(
      built.paths.map((path) => path.certificates.map((one) => one.fingerprint)),
      [chain],
    );
  }
});

test('an anchor need not be self-signed', async (t) => {
  const issuing = await ca(await root());
  t.is(build(trustOf([issuing]), await leaf(issuing)).paths.length, 1);
});

test('every anchor that a leaf reaches gives a path', async (t) => {
  const [one, other] = [await root({ subject: 'CN=One' }), await root({ subject: 'CN=Other' })];
  const first = await ca(one, { subject: 'CN=Issuing' });
  const second = await ca(other, { subject: 'CN=Issuing', keyPair: first.keys });
  const built = build(trustOf([one, other], [first, second]), await leaf(first));
  t.deepEqual(built.paths.map((path) => path.anchor.name).sort(), ['anchor-0', 'anchor-1']);
});

test('after a change of key the issuer is found by its key, not by its name alone', async (t) => {
  const anchor = await root();
  const [before, after] = [await ca(anchor), await ca(anchor)];
  for (const issuer of [before, after]) {
    const built = build(trustOf([anchor], [before, after]), await leaf(issuer));
    t.is(built.paths[0]?.certificates[1]?.fingerprint, issuer.fingerprint);
    t.is(built.paths.length, 1);
  }
});

test('a key identifier that points elsewhere does not hide the issuer whose signature is right', async (t) => {
  const anchor = await root();
  const device = await leaf(anchor);
  const known = parseCertificate(device.der);
  const astray = { ...known, authorityKeyId: Buffer.alloc(20, 7) };
  const { buildPaths } = await import('../../../src/identity/path-build.ts');
  const { indexTrust } = await import('../../../src/identity/trust-index.ts');
  t.is(buildPaths(astray, [], indexTrust(trustOf([anchor]))).paths.length, 1);
});

test('without a known issuer the chain is incomplete, and the finding names it', async (t) => {
  const anchor = await root();
  const issuing = await ca(anchor);
  const built = build(trustOf([anchor]), await leaf(issuing));
  t.deepEqual(built.findings, [
    {
      code: 'chain.incomplete',
      detail: { certificate: 0, subject: 'CN=meter-1', issuer: 'O=Example,CN=Issuing' },
    },
  ]);
});

test('a chain that ends at a root that is no anchor is untrusted', async (t) => {
  const foreign = await root({ subject: 'CN=Foreign' });
  const issuing = await ca(foreign);
  t.deepEqual(codes(build(trustOf([await root()]), await leaf(issuing), issuing, foreign)), [
    'chain.untrusted_anchor',
  ]);
});

test('a foreign CA with the anchor’s subject that is sent along is untrusted', async (t) => {
  const [anchor, foreign] = [await root(), await root()];
  t.deepEqual(codes(build(trustOf([anchor]), await leaf(foreign), foreign)), ['chain.untrusted_anchor']);
});

test('a leaf of a foreign CA with the anchor’s subject alone has a wrong signature', async (t) => {
  const [anchor, foreign] = [await root(), await root()];
  const built = build(trustOf([anchor]), await leaf(foreign));
  t.deepEqual(codes(built), ['chain.signature_invalid']);
  t.is(built.findings[0]?.detail?.certificate, 0);
});

test('a leaf of a foreign intermediate with a configured one’s subject has a wrong signature', async (t) => {
  const [anchor, foreign] = [await root(), await root()];
  const built = build(trustOf([anchor], [await ca(anchor)]), await leaf(await ca(foreign)));
  t.deepEqual(codes(built), ['chain.signature_invalid']);
});

test('a self-signed leaf is untrusted, even under the anchor’s name', async (t) => {
  const anchor = await root();
  const self = await root({ keyUsage: ['digitalSignature'] });
  t.is(codes(build(trustOf([anchor]), self))[0], 'chain.untrusted_anchor');
});

test('of a leaf that is itself an anchor without being pinned the finding says so', async (t) => {
  const anchor = await root({ keyUsage: ['digitalSignature'] });
  const problems = (built: BuiltPaths) =>
    built.findings.map(({ code, detail }) => [code, detail?.['problem']]);
  const [finding] = problems(build(trustOf([anchor]), anchor));
  t.deepEqual(finding, [
    'chain.untrusted_anchor',
    'the certificate itself is an anchor, but not one that is pinned',
  ]);
  const [other] = problems(build(trustOf([await root()]), anchor));
  t.deepEqual(other, ['chain.untrusted_anchor', undefined]);
});

test('a pinned leaf is a path of one, whatever else is sent', async (t) => {
  const press = await selfSigned();
  const trust = trustOf([await root()], [], { pinned: [press] });
  const built = build(trust, press, press, await root());
  t.deepEqual(built.findings, []);
  t.deepEqual(
    built.paths.map(({ anchor, certificates, lint }) => [anchor.name, certificates.length, lint]),
    [['anchor-1', 1, []]],
  );
});

test('a pinned leaf is judged like any other: purposes, usages, critical extensions, key, digest', async (t) => {
  const odd = { oid: '1.2.3.4', critical: true, value: Buffer.from([5, 0]) };
  const wrong = [
    [{ eku: ['serverAuth'] }, 'credential.eku_missing_client_auth'],
    [{ keyUsage: ['keyAgreement'] }, 'credential.key_usage_invalid'],
    [{ extensions: [odd] }, 'chain.unknown_critical_extension'],
    [{ key: 'rsa-2048', hash: 'SHA-1' }, 'credential.weak_signature'],
  ] as const;
  for (const [o, code] of wrong) {
    const press = await selfSigned(o);
    t.deepEqual(codes(build(trustOf([], [], { pinned: [press] }), press)), [code]);
  }
  const unstated = await selfSigned({ eku: [] });
  const opcUa = trustOf([], [], { pinned: [unstated], profile: { kind: 'opc_ua' } });
  t.deepEqual(codes(build(opcUa, unstated)), ['credential.eku_missing_client_auth']);
});

test('another certificate with name and key of a pinned one is untrusted, as a leaf and above one', async (t) => {
  const press = await selfSigned();
  const trust = trustOf([], [], { pinned: [press] });
  const twin = await selfSigned({ keyPair: press.keys });
  t.deepEqual(codes(build(trust, twin, press)), ['chain.untrusted_anchor']);
  const risen = await root({ subject: press.subject, keyPair: press.keys });
  const below = await ca(risen);
  const { findings } = build(trust, await leaf(below), below, risen);
  t.deepEqual([findings[0]?.code, findings[0]?.detail?.certificate], ['chain.not_a_ca', 2]);
});

test('what a pinned certificate issued is denied, even where it may sign certificates by its key usage', async (t) => {
  const press = await selfSigned({ keyUsage: ['digitalSignature', 'keyCertSign'] });
  const trust = trustOf([], [], { pinned: [press] });
  t.is(build(trust, press).paths.length, 1);
  t.deepEqual(codes(build(trust, await leaf(press))), ['chain.not_a_ca']);
  const below = await ca(press);
  t.deepEqual(codes(build(trust, await leaf(below), below)), ['chain.not_a_ca']);
});

test('a CA that is no CA, or may not sign certificates, breaks the path', async (t) => {
  const anchor = await root();
  const device = await leaf(anchor, { subject: 'CN=Sly', keyUsage: ['digitalSignature', 'keyCertSign'] });
  const noSigner = await ca(anchor, { keyUsage: ['cRLSign'] });
  t.deepEqual(codes(build(trustOf([anchor]), await leaf(device), device)), ['chain.not_a_ca']);
  t.deepEqual(codes(build(trustOf([anchor]), await leaf(noSigner), noSigner)), [
    'chain.key_cert_sign_missing',
  ]);
});

test('path length counts the CAs below, and not those that issued to themselves', async (t) => {
  const anchor = await root({ pathLen: 1 });
  const upper = await ca(anchor, { subject: 'CN=Upper', pathLen: 0 });
  const renewed = await ca(upper, { subject: 'CN=Upper' });
  const lower = await ca(upper, { subject: 'CN=Lower' });
  t.is(build(trustOf([anchor]), await leaf(upper), upper).paths.length, 1);
  t.is(build(trustOf([anchor]), await leaf(renewed), upper, renewed).paths.length, 1);
  const built = build(trustOf([anchor]), await leaf(lower), upper, lower);
  t.deepEqual(codes(built), ['chain.pathlen_exceeded', 'chain.pathlen_exceeded']);
  t.like(built.findings[0]?.detail, { certificate: 2, allowed: 0, found: 1 });
  t.like(built.findings[1]?.detail, { certificate: 3, allowed: 1, found: 2 });
});

test('a leaf for servers only is refused', async (t) => {
  const anchor = await root();
  const built = build(trustOf([anchor]), await leaf(anchor, { eku: ['serverAuth'] }));
  t.deepEqual(built.findings, [
    {
      code: 'credential.eku_missing_client_auth',
      detail: {
        certificate: 0,
        extended_key_usage: '1.3.6.1.5.5.7.3.1',
        required: '1.3.6.1.5.5.7.3.2',
      },
    },
  ]);
});

test('a leaf without purposes is refused, but under IEEE 802.1AR', async (t) => {
  const anchor = await root();
  const device = await leaf(anchor, { eku: [] });
  t.deepEqual(codes(build(trustOf([anchor]), device)), ['credential.eku_missing_client_auth']);
  t.is(build(trustOf([anchor], [], { profile: { kind: 'ieee_802_1ar' } }), device).paths.length, 1);
});

test('purposes of a CA restrict what it may vouch for', async (t) => {
  const anchor = await root();
  const purposes = (dotted: number[]) => ({
    extensions: [{ oid: '2.5.29.37', critical: false, value: der(0x30, der(0x06, dotted)) }],
  });
  const servers = await ca(anchor, purposes([0x2b, 6, 1, 5, 5, 7, 3, 1]));
  const clients = await ca(anchor, purposes([0x2b, 6, 1, 5, 5, 7, 3, 2]));
  const any = await ca(anchor, purposes([0x55, 0x1d, 0x25, 0]));
  t.deepEqual(codes(build(trustOf([anchor]), await leaf(servers), servers)), [
    'credential.eku_missing_client_auth',
  ]);
  for (const issuer of [clients, any])
    t.is(build(trustOf([anchor]), await leaf(issuer), issuer).paths.length, 1);
});

test('a leaf’s key usage must include digitalSignature, or be absent', async (t) => {
  const anchor = await root();
  const wrong = await leaf(anchor, { keyUsage: ['keyEncipherment'] });
  t.deepEqual(codes(build(trustOf([anchor]), wrong)), ['credential.key_usage_invalid']);
  t.is(build(trustOf([anchor]), await leaf(anchor, { keyUsage: [] })).paths.length, 1);
});

test('a CA is no leaf', async (t) => {
  const anchor = await root();
  t.deepEqual(codes(build(trustOf([anchor]), await leaf(anchor, { ca: true }))), ['credential.ca_as_leaf']);
});

for (const [where, place] of [
  ['leaf', 0],
  ['intermediate', 1],
  ['anchor', 2],
] as const) {
  test(`a critical extension that nobody processes denies in the ${where}`, async (t) => {
    const odd = (at: number) =>
      at === place ? { extensions: [{ oid: '1.2.3.4', critical: true, value: der(0x05) }] } : {};
    const anchor = await root(odd(2));
    const issuing = await ca(anchor, odd(1));
    const built = build(trustOf([anchor], [issuing]), await leaf(issuing, odd(0)));
    t.deepEqual(built.findings, [
      {
        code: 'chain.unknown_critical_extension',
        detail: { certificate: place, oid: '1.2.3.4', critical: true },
      },
    ]);
  });
}

for (const oid of ['2.5.29.31', '2.5.29.46', '1.3.6.1.5.5.7.1.1']) {
  test(`the extension ${oid} denies where it is critical`, async (t) => {
    const anchor = await root({ extensions: [{ oid, critical: true, value: der(0x30) }] });
    t.deepEqual(codes(build(trustOf([anchor]), await leaf(anchor))), ['chain.unknown_critical_extension']);
  });
}

test('weak keys are refused in leaf and CA', async (t) => {
  const anchor = await root();
  t.deepEqual(codes(build(trustOf([anchor]), await leaf(anchor, { key: 'rsa-1024' }))), [
    'credential.weak_key',
  ]);
  const weak = await ca(anchor, { key: 'rsa-1024' });
  const built = build(trustOf([anchor]), await leaf(weak), weak);
  t.deepEqual(codes(built), ['credential.weak_key']);
  t.like(built.findings[0]?.detail, { certificate: 1 });
});

test('SHA-1 signatures are refused unless the anchor accepts them by name, and never if they are wrong', async (t) => {
  const anchor = await root({ key: 'rsa-2048' });
  const foreign = await root({ key: 'rsa-2048' });
  const [old, forged] = [await leaf(anchor, { hash: 'SHA-1' }), await leaf(foreign, { hash: 'SHA-1' })];
  t.deepEqual(codes(build(trustOf([anchor]), old)), ['credential.weak_signature']);
  t.is(build(trustOf([anchor], [], { allowSha1: true }), old).paths.length, 1);
  t.deepEqual(codes(build(trustOf([anchor], [], { allowSha1: true }), forged)), ['chain.signature_invalid']);
});

test('the anchor’s own signature is not asked for its strength', async (t) => {
  const anchor = await root({ key: 'rsa-2048', hash: 'SHA-1' });
  t.is(build(trustOf([anchor]), await leaf(anchor)).paths.length, 1);
});

test('all that is wrong with a path is told', async (t) => {
  const anchor = await root();
  const issuing = await ca(anchor, { keyUsage: ['cRLSign'] });
  const device = await leaf(issuing, { eku: ['serverAuth'], keyUsage: ['keyAgreement'], key: 'rsa-1024' });
  t.deepEqual(codes(build(trustOf([anchor]), device, issuing)).sort(), [
    'chain.key_cert_sign_missing',
    'credential.eku_missing_client_auth',
    'credential.key_usage_invalid',
    'credential.weak_key',
  ]);
});

test('a path that fails late is told rather than one that ends early', async (t) => {
  const anchor = await root();
  const stray = await ca(await root({ subject: 'CN=Nowhere' }));
  const server = await leaf(await ca(anchor), { eku: ['serverAuth'] });
  const known = await ca(anchor, { keyPair: (await ca(anchor)).keys });
  t.deepEqual(codes(build(trustOf([anchor], [known]), await leaf(known, { eku: ['serverAuth'] }), stray)), [
    'credential.eku_missing_client_auth',
  ]);
  t.deepEqual(codes(build(trustOf([anchor]), server)), [
    'chain.incomplete',
    'credential.eku_missing_client_auth',
  ]);
});

test('an intermediate that is not on the path may be as odd as it likes', async (t) => {
  const anchor = await root();
  const odd = await ca(anchor, {
    subject: 'CN=Odd',
    extensions: [{ oid: '1.2.3.4', critical: true, value: der(0x05) }],
  });
  t.is(build(trustOf([anchor]), await leaf(anchor), odd).paths.length, 1);
});

test('cross-certificates in a circle end the search', async (t) => {
  const [a, b] = [await root({ subject: 'CN=A' }), await root({ subject: 'CN=B' })];
  const ab = await ca(b, { subject: 'CN=A', keyPair: a.keys });
  const ba = await ca(a, { subject: 'CN=B', keyPair: b.keys });
  t.deepEqual(codes(build(trustOf([await root()]), await leaf(a), ab, ba)), ['chain.incomplete']);
});

test('a path longer than any honest one is too long', async (t) => {
  const anchor = await root();
  const chain = [];
  let issuer = anchor;
  for (let i = 0; i < 9; i++) chain.push((issuer = await ca(issuer, { subject: `CN=Level ${i}` })));
  t.deepEqual(codes(build(trustOf([anchor]), await leaf(issuer), ...chain)), ['chain.too_long']);
  const eighth = chain[7] as typeof issuer;
  t.is(build(trustOf([anchor]), await leaf(eighth), ...chain).paths.length, 1);
});

test('CAs that certify one another in every way exhaust the budget rather than the processor', async (t) => {
  const same = { subject: 'CN=Same' };
  const cas = await Promise.all(Array.from({ length: 6 }, () => root(same)));
  const crossed = await Promise.all(
    cas.flatMap((issuer) =>
      cas.filter((one) => one !== issuer).map((one) => ca(issuer, { ...same, keyPair: one.keys })),
    ),
  );
  const device = await leaf(cas[0] as (typeof cas)[0]);
  t.deepEqual(codes(build(trustOf([await root()]), device, ...crossed)), ['chain.budget_exceeded']);
});

test('the validity of certificates plays no part in building', async (t) => {
  const anchor = await root();
  const past = { notBefore: lives.root.notBefore, notAfter: lives.root.notBefore + 1000 };
  t.is(build(trustOf([anchor]), await leaf(anchor, past)).paths.length, 1);
});

test('small RSA keys are accepted where the anchor accepts them by name, in leaf and CA', async (t) => {
  const anchor = await root();
  const issuing = await ca(anchor, { key: 'rsa-1024' });
  const device = await leaf(issuing, { key: 'rsa-1024' });
  const trust = trustOf([anchor]);
  t.deepEqual(codes(build(trust, device, issuing)), ['credential.weak_key', 'credential.weak_key']);
  const lenient = { ...trust, anchors: trust.anchors.map((one) => ({ ...one, allowSmallKeys: true })) };
  t.is(build(lenient, device, issuing).paths.length, 1);
});

test('lint findings come with the path, and deny where the anchor is strict', async (t) => {
  const anchor = await root();
  const device = await leaf(anchor, { serial: '-0' });
  const trust = trustOf([anchor]);
  t.deepEqual(
    build(trust, device).paths[0]?.lint?.map(({ code, certificate }) => [code, certificate]),
    [['serial_zero', 0]],
  );
  const strict = { ...trust, anchors: trust.anchors.map((one) => ({ ...one, strict: true })) };
  const { paths, findings } = build(strict, device);
  t.deepEqual(paths, []);
  t.like(findings[0], { code: 'credential.lint_strict', detail: { certificate: 0, lint: 'serial_zero' } });
});

test('the paths to a lenient and to a strict anchor are told apart', async (t) => {
  const [lenient, strict] = [await root({ subject: 'CN=Lenient' }), await root({ subject: 'CN=Strict' })];
  const issuing = await ca(lenient);
  const crossed = await ca(strict, { keyPair: issuing.keys });
  const trust = trustOf([lenient, strict]);
  const mixed = {
    ...trust,
    anchors: trust.anchors.map((one) => ({ ...one, strict: one.name === 'anchor-1' })),
  };
  const built = build(mixed, await leaf(issuing, { serial: '-0' }), issuing, crossed);
  t.deepEqual(
    built.paths.map((path) => path.anchor.name),
    ['anchor-0'],
  );
});
