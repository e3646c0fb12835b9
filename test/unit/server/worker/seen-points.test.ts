import test from 'ava';
import { createRoot, issueCa, issueLeaf } from '../../../../src/ca/index.ts';
import type { Authority } from '../../../../src/ca/index.ts';
import { createIdentityResolver } from '../../../../src/identity/resolver.ts';
import { buildTrustSet } from '../../../../src/identity/trust.ts';
import { createSeenPoints } from '../../../../src/server/worker/seen-points.ts';
import { distributionPoints } from '../../../helpers/crl-points.ts';

const hour = 3_600_000;
const life = { notBefore: Date.now() - hour, notAfter: Date.now() + hour };
const root = await createRoot({ subject: 'CN=Root', ...life });
const foreign = await createRoot({ subject: 'CN=Root', ...life });

const trust = buildTrustSet({
  anchors: [
    {
      name: 'root',
      certificate: root.der,
      profile: { kind: 'cn' },
      revocation: { required: false, graceMs: 0 },
      allowSha1: false,
      allowSmallKeys: false,
      strict: false,
      pinned: false,
    },
  ],
  intermediates: [],
});

async function leafNaming(issuer: Authority, ...uris: string[]): Promise<Uint8Array> {
  const points = distributionPoints(...uris.map((uri) => ({ uri })));
  return (await issueLeaf(issuer, { subject: 'CN=device', ...life, extensions: [points] })).der;
}

/** URLs that were noticed after these leaves have connected. */
function noticed(allow: readonly string[], ...chains: (readonly Uint8Array[])[]): readonly string[] {
  const seen = createSeenPoints(allow);
  const resolver = seen.watch(createIdentityResolver(trust, { maxEntries: 10 }));
  for (const [index, chain] of chains.entries()) {
    resolver.resolve({ key: String(index), source: 'peer_chain', material: { form: 'der', chain } });
  }
  return seen.urls();
}

test('the distribution points of devices are noticed where a prefix allows them, each once', async (t) => {
  const leaf = await leafNaming(root, 'http://crl.example.org/a.crl', 'http://evil.test/b.crl');
  const other = await leafNaming(root, 'http://crl.example.org/a.crl');
  t.deepEqual(noticed(['http://crl.example.org/'], [leaf], [other], [leaf]), [
    'http://crl.example.org/a.crl',
  ]);
  t.deepEqual(noticed([], [leaf]), []);
});

test('what a stranger writes into a certificate of his own is never asked for', async (t) => {
  const leaf = await leafNaming(foreign, 'http://crl.example.org/a.crl');
  t.deepEqual(noticed(['http://crl.example.org/'], [leaf]), []);
});

test('intermediates that devices send count as well', async (t) => {
  const extensions = [distributionPoints({ uri: 'http://crl.example.org/root.crl' })];
  const ca = await issueCa(root, { subject: 'CN=CA', ...life, extensions });
  const leaf = await leafNaming(ca, 'http://crl.example.org/ca.crl');
  const allow = ['http://crl.example.org/'];
  t.deepEqual(noticed(allow, [leaf, ca.der]), [
    'http://crl.example.org/ca.crl',
    'http://crl.example.org/root.crl',
  ]);
  t.deepEqual(noticed(allow, [leaf]), [], 'and nothing without a path');
});
