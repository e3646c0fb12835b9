import test from 'ava';
import { createPepResolver } from '../../../src/api/pep.ts';
import type { JudgePath, PepResolver } from '../../../src/api/pep.ts';
import { compileSan } from '../../../src/api/pep-pattern.ts';
import { createRoot, issueCa, issueLeaf } from '../../../src/ca/index.ts';
import type { Authority, Leaf, LeafOptions } from '../../../src/ca/index.ts';
import type { PepConfig } from '../../../src/config/types.ts';
import type { GeneralName } from '../../../src/identity/types.ts';
import { parseInstant } from '../../../src/lib/clock.ts';
import { PortreeveError } from '../../../src/lib/errors.ts';
import type { Finding } from '../../../src/lib/reason-code.ts';
import { pepConfig } from './fixtures.ts';

const now = parseInstant('2026-11-21T12:00:00Z') as number;
const day = 86_400_000;
const lifetime = { notBefore: now - day, notAfter: now + day };
const root = await createRoot({ subject: 'CN=PEP Root', ...lifetime, notAfter: now + 10 * day });
const namesake = await createRoot({ subject: 'CN=PEP Root', ...lifetime });
const middle = await issueCa(root, { subject: 'CN=PEP Middle', ...lifetime });

const uri = 'spiffe://ops.example/pep/north/a1';
const leafOf = (issuer: Authority, over: Partial<LeafOptions> = {}): Promise<Leaf> =>
  issueLeaf(issuer, { subject: 'CN=pep', san: { uri: [uri] }, ...lifetime, ...over });
const pem = (authority: Authority): Uint8Array => Buffer.from(authority.pem);

function resolver(
  peps: readonly Partial<PepConfig>[],
  intermediates: readonly Authority[] = [],
  judge: JudgePath = () => [],
): PepResolver {
  const revocation = { required: false, graceMs: 0 };
  return createPepResolver({
    peps: peps.map(pepConfig),
    cas: [
      { name: 'ops', certificate: pem(root), revocation },
      { name: 'other', certificate: pem(namesake), revocation },
    ],
    intermediates: intermediates.map((ca) => ({ name: 'middle', certificate: pem(ca) })),
    judge,
  });
}

const exact = { match: { san: uri, ca: 'ops' } };

test('a certificate with the exact name under the named CA is its PEP, with its rights', async (t) => {
  const peps = resolver([
    {
      ...exact,
      name: 'north',
      tenant: 't1',
      site: 's1',
      may_assert_devices: true,
      may_send_xfcc: true,
      networks: ['10.0.0.0/8'],
      trusted_hops: 1,
    },
  ]);
  t.deepEqual(peps.byCertificate([(await leafOf(root)).der], now), {
    known: true,
    pep: {
      name: 'north',
      tenant: 't1',
      site: 's1',
      authenticated_by: 'tls',
      may_assert_devices: true,
      may_send_xfcc: true,
      networks: ['10.0.0.0/8'],
      trusted_hops: 1,
    },
  });
});

test('the same name under a CA of the same subject is unknown and has no rights', async (t) => {
  const found = resolver([{ ...exact, may_assert_devices: true }]).byCertificate(
    [(await leafOf(namesake)).der],
    now,
  );
  t.false(found.known);
  t.like(found.pep, { name: 'unknown', may_assert_devices: false, may_send_xfcc: false, networks: [] });
});

test('an expired, a not yet valid and a server’s certificate are unknown', async (t) => {
  const peps = resolver([exact]);
  const [leaf, server] = [await leafOf(root), await leafOf(root, { eku: ['serverAuth'] })];
  t.true(peps.byCertificate([leaf.der], now).known);
  t.false(peps.byCertificate([leaf.der], now + 2 * day).known, 'judged at each call, remembered or not');
  t.false(peps.byCertificate([leaf.der], now - 2 * day).known);
  t.false(peps.byCertificate([server.der], now).known);
});

test('intermediates come from the PEP or from the configuration', async (t) => {
  const leaf = await leafOf(middle);
  t.true(resolver([exact]).byCertificate([leaf.der, middle.der, root.der], now).known);
  t.true(resolver([exact], [middle]).byCertificate([leaf.der], now).known);
  t.false(resolver([exact]).byCertificate([leaf.der], now).known);
});

test('captures of a pattern become facts and precede the entry’s own', async (t) => {
  const pattern = {
    name: 'any',
    site: 'own',
    match: { san: 'spiffe://ops.example/pep/{site}/{zone}', ca: 'ops' },
  };
  const { pep } = resolver([pattern]).byCertificate([(await leafOf(root)).der], now);
  t.like(pep, { name: 'any', site: 'north', zone: 'a1' });
});

test('an exact entry goes before a pattern wherever it stands', async (t) => {
  const pattern = { name: 'any', match: { san: 'spiffe://ops.example/pep/{site}/{zone}', ca: 'ops' } };
  t.is(
    resolver([pattern, { ...exact, name: 'north' }]).byCertificate([(await leafOf(root)).der], now).pep.name,
    'north',
  );
});

test('no certificate, and no certificate at all, are unknown', (t) => {
  t.false(resolver([exact]).byCertificate([], now).known);
  t.false(resolver([exact]).byCertificate([Uint8Array.of(1, 2, 3)], now).known);
});

test('a listener names its PEP; one that is not configured is unknown', (t) => {
  const peps = resolver([{ name: 'edge', site: 's' }]);
  t.like(peps.byName('edge', 'socket'), {
    known: true,
    pep: { name: 'edge', site: 's', authenticated_by: 'socket' },
  });
  t.false(peps.byName('nobody', 'plaintext').known);
  t.false(peps.byName(null, 'plaintext').known);
});

test('no entry may have the name of callers that are no PEP', (t) => {
  t.throws(() => resolver([{ name: 'unknown' }]), { code: 'PDP_CONFIG_INVALID' });
});

test('a revoked certificate is nobody’s, at the call after the revocation, with its reason', async (t) => {
  const found: Finding[] = [];
  const asked: string[] = [];
  const peps = resolver([{ ...exact, name: 'north', may_assert_devices: true }], [], (path, at) => {
    asked.push(`${path.certificates[0]?.serial} ${at}`);
    return found;
  });
  const leaf = await leafOf(root);
  t.true(peps.byCertificate([leaf.der], now).known);
  for (const code of ['revocation.revoked', 'revocation.issuer_revoked', 'revocation.on_hold'] as const) {
    found[0] = { code };
    const asking = peps.byCertificate([leaf.der], now);
    t.like(asking, { known: false, pep: { name: 'unknown', may_assert_devices: false } });
    t.false('code' in asking);
    t.regex(
      asking.known ? '' : asking.problem,
      new RegExp(`${code}.* of north \\(serial ${leaf.serial}\\) is revoked`),
    );
  }
  t.deepEqual(asked, Array(4).fill(`${leaf.serial} ${now}`), 'asked anew at each call');
});

test('a PEP whose revocation must be known and is not is unknown, for a cause of ours', async (t) => {
  const leaf = await leafOf(root);
  for (const code of ['revocation.crl_missing', 'revocation.crl_stale'] as const) {
    const asking = resolver([exact], [], () => [{ code }]).byCertificate([leaf.der], now);
    t.like(asking, { known: false, code: 'system.dependency_stale' });
    t.regex(asking.known ? '' : asking.problem, new RegExp(`^${code}: `));
  }
  const broken = resolver([exact], [], () => {
    throw new PortreeveError('PDP_STORE_UNAVAILABLE', 'store: gone');
  });
  t.like(broken.byCertificate([leaf.der], now), { known: false, code: 'system.dependency_stale' });
});

test('what is only remarked about its revocation leaves a PEP known', async (t) => {
  const leaf = await leafOf(root);
  for (const code of ['revocation.status_unknown', 'revocation.stale_within_grace'] as const)
    t.true(resolver([exact], [], () => [{ code }]).byCertificate([leaf.der], now).known, code);
});

test('an entry that names an unknown CA is refused', (t) => {
  t.throws(() => resolver([{ match: { san: uri, ca: 'nowhere' } }]), { code: 'PDP_CONFIG_INVALID' });
});

const named = (kind: 'uri' | 'dns', value: string): GeneralName[] => [{ kind, value }];
const matches: readonly (readonly [string, GeneralName[], object | undefined])[] = [
  ['spiffe://a/b', named('uri', 'spiffe://a/b'), {}],
  ['spiffe://a/b', named('uri', 'spiffe://a/bc'), undefined],
  ['spiffe://a/b', named('uri', 'spiffe://A/b'), undefined],
  ['spiffe://a/b', named('dns', 'spiffe://a/b'), undefined],
  ['pep.example', named('dns', 'PEP.Example'), {}],
  ['pep.example', named('dns', 'pepxexample'), undefined],
  ['pep.example', named('uri', 'pep.example'), undefined],
  ['spiffe://a/{site}/p', named('uri', 'spiffe://a/north-1/p'), { site: 'north-1' }],
  ['spiffe://a/{site}/p', named('uri', 'spiffe://a/x/y/p'), undefined],
  ['spiffe://a/{site}/p', named('uri', 'spiffe://a//p'), undefined],
  ['spiffe://a/{site}/p', named('uri', 'spiffe://a/../p'), undefined],
  ['spiffe://a/{site}', named('uri', 'spiffe://a/..'), undefined],
  ['spiffe://a/{site}', named('uri', 'spiffe://a/x%2Fy'), undefined],
  ['{site}.{zone}.example', named('dns', 'North.A1.example'), { site: 'north', zone: 'a1' }],
  ['{site}.example', named('dns', 'a.b.example'), undefined],
  ['{site}.example', named('dns', '*.example'), undefined],
  ['{site}.example', named('dns', 'a.example.'), undefined],
  ['{site}.example', [...named('uri', 'urn:x'), ...named('dns', 'a.example')], { site: 'a' }],
];
for (const [index, [san, names, captures]] of matches.entries()) {
  test(`${index}: ${san} ${captures ? 'matches' : 'does not match'} ${JSON.stringify(names)}`, (t) => {
    const found = compileSan(san)(names);
    t.deepEqual(found && { ...found }, captures);
  });
}

for (const san of [
  'spiffe://{site}/a',
  'spiffe://a/{region}',
  'spiffe://a/x{site}',
  'spiffe://a/{site}x',
  'spiffe://a/{site}/{site}',
  'edge-{site}.example',
  '{site',
  'spiffe://a/b}',
  'spiffe://a/{}',
]) {
  test(`the pattern ${san} is refused`, (t) => {
    t.throws(() => compileSan(san), { code: 'PDP_CONFIG_INVALID' });
  });
}
