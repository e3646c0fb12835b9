import test from 'ava';
import type { LeafOptions } from '../../../src/ca/index.ts';
import { identify } from '../../../src/identity/profiles/index.ts';
import type { CertificationPath, ProfileSettings } from '../../../src/identity/types.ts';
import { der } from '../lib/der/encode.ts';
import { build, ca, codes, leaf, oid, root, trustOf } from './fleet.ts';

const anchor = root();

async function named(
  profile: ProfileSettings,
  o: Partial<LeafOptions>,
): Promise<ReturnType<typeof identify>> {
  const issuer = await anchor;
  const { paths } = build(trustOf([issuer], [], { profile }), await leaf(issuer, o));
  return identify(paths[0] as CertificationPath);
}

const uri = (...uris: string[]) => ({ san: { uri: uris } });
const spiffe = { kind: 'spiffe', trust_domain: 'fleet.example' } as const;

const meter = uri('spiffe://fleet.example/meter/1');

test('a SPIFFE ID names its device where no purpose is stated', async (t) => {
  t.is((await named(spiffe, { ...meter, eku: [] })).identity?.id, 'spiffe://fleet.example/meter/1');
});

test('a certificate under spiffe that states purposes must name clientAuth', async (t) => {
  const issuer = await anchor;
  const trust = trustOf([issuer], [], { profile: spiffe });
  const built = async (eku: string[]) => codes(build(trust, await leaf(issuer, { ...meter, eku })));
  t.deepEqual(await built(['serverAuth']), ['credential.eku_missing_client_auth']);
  t.deepEqual(await built(['clientAuth']), []);
  t.deepEqual(await built(['serverAuth', 'clientAuth']), []);
});

const digitalSignature = (critical: boolean) => ({
  ...meter,
  keyUsage: [],
  extensions: [{ oid: '2.5.29.15', critical, value: der(0x03, [7, 0x80]) }],
});

test('the keyUsage of a certificate under spiffe is critical', async (t) => {
  t.is((await named(spiffe, digitalSignature(true))).identity?.id, 'spiffe://fleet.example/meter/1');
  const { findings } = await named(spiffe, digitalSignature(false));
  t.like(findings[0], { code: 'credential.key_usage_invalid', detail: { critical: false } });
});

test('a SPIFFE ID names its device', async (t) => {
  t.deepEqual(await named(spiffe, uri('spiffe://fleet.example/meter/1')), {
    identity: { scheme: 'spiffe', id: 'spiffe://fleet.example/meter/1', trustDomain: 'fleet.example' },
    findings: [],
  });
  const anyDomain = await named({ kind: 'spiffe' }, uri('spiffe://else_where-2/a'));
  t.is(anyDomain.identity?.trustDomain, 'else_where-2');
});

const refused: readonly [string, ProfileSettings, Partial<LeafOptions>, string][] = [
  ['no alternative name', spiffe, {}, 'identity.id_missing'],
  ['a URI of another kind', spiffe, uri('https://fleet.example/meter/1'), 'identity.id_missing'],
  [
    'two SPIFFE IDs',
    spiffe,
    uri('spiffe://fleet.example/a', 'spiffe://fleet.example/b'),
    'identity.multiple_ids',
  ],
  [
    'a SPIFFE ID and another URI',
    spiffe,
    uri('https://a.example', 'spiffe://fleet.example/b'),
    'identity.multiple_ids',
  ],
  ['another trust domain', spiffe, uri('spiffe://foreign.example/a'), 'identity.anchor_namespace_mismatch'],
  [
    'a trust domain that only begins like ours',
    spiffe,
    uri('spiffe://fleet.example.org/a'),
    'identity.anchor_namespace_mismatch',
  ],
  ['no path', spiffe, uri('spiffe://fleet.example'), 'identity.id_malformed'],
  ['an empty path', spiffe, uri('spiffe://fleet.example/'), 'identity.id_malformed'],
  ['a trailing slash', spiffe, uri('spiffe://fleet.example/a/'), 'identity.id_malformed'],
  ['an empty segment', spiffe, uri('spiffe://fleet.example//a'), 'identity.id_malformed'],
  ['a dot segment', spiffe, uri('spiffe://fleet.example/a/../b'), 'identity.id_malformed'],
  ['an upper-case trust domain', spiffe, uri('spiffe://Fleet.example/a'), 'identity.id_malformed'],
  ['an upper-case scheme', spiffe, uri('SPIFFE://fleet.example/a'), 'identity.id_malformed'],
  ['a port', spiffe, uri('spiffe://fleet.example:8443/a'), 'identity.id_malformed'],
  ['a user', spiffe, uri('spiffe://me@fleet.example/a'), 'identity.id_malformed'],
  ['a query', spiffe, uri('spiffe://fleet.example/a?b'), 'identity.id_malformed'],
  ['a fragment', spiffe, uri('spiffe://fleet.example/a#b'), 'identity.id_malformed'],
  ['percent-encoding', spiffe, uri('spiffe://fleet.example/%61'), 'identity.id_malformed'],
  ['no trust domain', spiffe, uri('spiffe:///a'), 'identity.id_malformed'],
  [
    'an id that is too long',
    spiffe,
    uri(`spiffe://fleet.example/${'a'.repeat(256)}`),
    'identity.id_malformed',
  ],
  [
    'no key usage',
    spiffe,
    { ...uri('spiffe://fleet.example/a'), keyUsage: [] },
    'credential.key_usage_invalid',
  ],
  [
    'the right to sign CRLs',
    spiffe,
    { ...uri('spiffe://fleet.example/a'), keyUsage: ['digitalSignature', 'cRLSign'] },
    'credential.key_usage_invalid',
  ],
  [
    'the right to sign certificates',
    spiffe,
    { ...uri('spiffe://fleet.example/a'), keyUsage: ['digitalSignature', 'keyCertSign'] },
    'credential.key_usage_invalid',
  ],
  ['no URI', { kind: 'san_uri' }, { san: { dns: ['a.example'] } }, 'identity.id_missing'],
  ['two URIs', { kind: 'san_uri' }, uri('urn:dev:1', 'urn:dev:2'), 'identity.multiple_ids'],
  ['a URI without a scheme', { kind: 'san_uri' }, uri('meter/1'), 'identity.id_malformed'],
  ['a URI with a space', { kind: 'san_uri' }, uri('urn:dev:a b'), 'identity.id_malformed'],
  ['no serialNumber', { kind: 'ieee_802_1ar' }, { subject: 'CN=a' }, 'identity.id_missing'],
  [
    'two serialNumbers',
    { kind: 'ieee_802_1ar' },
    { subject: 'serialNumber=1,serialNumber=2' },
    'identity.multiple_ids',
  ],
  ['no commonName', { kind: 'cn' }, { subject: 'O=a' }, 'identity.id_missing'],
  ['two commonNames', { kind: 'cn' }, { subject: 'CN=a,CN=b' }, 'identity.multiple_ids'],
  ['a control character', { kind: 'cn' }, { subject: 'CN=a\u0007b' }, 'identity.id_malformed'],
  ['a character that is not seen', { kind: 'cn' }, { subject: 'CN=a\u200bb' }, 'identity.id_malformed'],
  [
    'a commonName that is too long',
    { kind: 'cn' },
    { subject: `CN=${'a'.repeat(257)}` },
    'identity.id_malformed',
  ],
];

for (const [name, profile, o, code] of refused) {
  test(`under ${profile.kind}, ${name} is ${code}`, async (t) => {
    const { identity, findings } = await named(profile, o);
    t.is(identity, undefined);
    t.deepEqual(
      findings.map((finding) => finding.code),
      [code],
    );
  });
}

test('a URI, a serialNumber and a commonName name their devices as they stand', async (t) => {
  const all = {
    subject: 'CN=Zähler 1,serialNumber=SN-0042',
    san: { uri: ['urn:dev:mac:0024befffe804ff1'], dns: ['a.example'] },
  };
  t.deepEqual((await named({ kind: 'san_uri' }, all)).identity, {
    scheme: 'san_uri',
    id: 'urn:dev:mac:0024befffe804ff1',
  });
  t.deepEqual((await named({ kind: 'cn' }, all)).identity, { scheme: 'cn', id: 'Zähler 1' });
  t.deepEqual((await named({ kind: 'ieee_802_1ar' }, all)).identity, {
    scheme: 'ieee_802_1ar',
    id: 'SN-0042',
    hardwareSerial: 'SN-0042',
  });
});

test('an empty commonName is none', async (t) => {
  const issuer = await anchor;
  const { paths } = build(trustOf([issuer]), await leaf(issuer));
  const [path] = paths as [CertificationPath];
  const [device, ...rest] = path.certificates;
  const subject = { der: der(0x30), key: '2.5.4.3=', rdns: [[{ oid: '2.5.4.3', value: '' }]] };
  const empty = {
    ...path,
    certificates: [{ ...(device as (typeof rest)[0]), subject }, ...rest],
  } as CertificationPath;
  t.is(identify(empty).findings[0]?.code, 'identity.id_missing');
});

const signing: readonly [string, string[], string | undefined][] = [
  ['has no SPIFFE ID', ['https://ca.example/a'], undefined],
  ['has its trust domain’s own', ['spiffe://fleet.example'], undefined],
  ['has one of another trust domain', ['spiffe://foreign.example'], 'identity.anchor_namespace_mismatch'],
  ['has one with a path', ['spiffe://fleet.example/ca'], 'identity.id_malformed'],
  ['has two', ['spiffe://fleet.example', 'spiffe://fleet.example'], 'identity.multiple_ids'],
];

for (const [name, uris, code] of signing) {
  test(`a signing CA that ${name} is ${code ?? 'accepted'} under spiffe`, async (t) => {
    const issuer = await anchor;
    const value = der(0x30, ...uris.map((one) => der(0x86, one)));
    const signer = await ca(issuer, { extensions: [{ oid: '2.5.29.17', critical: false, value }] });
    const device = await leaf(signer, uri('spiffe://fleet.example/a'));
    const { paths } = build(trustOf([issuer], [signer], { profile: spiffe }), device);
    t.is(identify(paths[0] as CertificationPath).findings[0]?.code, code as never);
  });
}

test('other kinds of name beside the one that counts do no harm', async (t) => {
  const other = der(0xa0, oid('1.3.6.1.5.5.7.8.4'), der(0xa0, der(0x30)));
  const value = der(0x30, other, der(0x86, 'urn:dev:1'));
  const { identity } = await named(
    { kind: 'san_uri' },
    { extensions: [{ oid: '2.5.29.17', critical: true, value }] },
  );
  t.is(identity?.id, 'urn:dev:1');
});
