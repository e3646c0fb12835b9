import test from 'ava';
import { rmSync, writeFileSync } from 'node:fs';
import { issueLeaf } from '../../../src/ca/index.ts';
import { makeChain } from './helpers/certificates.ts';
import { deviceId, makeInstallation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

interface Shown {
  readonly subject: string;
  readonly serial: string;
  readonly ca: boolean;
  readonly validity: { readonly state: string; readonly life_used: number | null };
  readonly key: { readonly algorithm: string; readonly curve: string | null };
  readonly extensions: readonly {
    readonly name: string | null;
    readonly critical: boolean;
    readonly value: string;
  }[];
  readonly identities: readonly {
    readonly profile: string;
    readonly anchor: string | null;
    readonly identity: { readonly id: string } | null;
  }[];
  readonly chain: { readonly anchor: string | null; readonly path: readonly string[] } | null;
  readonly lint: readonly { readonly code: string }[];
}

const installation = await makeInstallation();
const chain = await makeChain();
test.after.always(() => rmSync(installation.folder, { recursive: true, force: true }));

async function show(args: readonly string[], cwd: string): Promise<readonly Shown[]> {
  const run = await portreeve(['cert', 'show', '--json', ...args], { cwd });
  return (onlyObject(run) as { certificates: Shown[] }).certificates;
}

test('without a configuration the identity is shown by every profile, and nothing about anchors', async (t) => {
  const [shown] = await show(['leaf.pem'], chain.folder);
  t.is(shown?.subject, 'serialNumber=SN-1,CN=meter-1');
  t.is(shown?.serial, chain.leaf.serial);
  t.is(shown?.chain, null);
  const named = new Map(shown?.identities.map(({ profile, identity }) => [profile, identity?.id]));
  t.is(named.get('cn'), 'meter-1');
  t.is(named.get('ieee_802_1ar'), 'SN-1');
  t.is(named.get('san_uri'), 'urn:dev:1');
  t.is(named.get('spiffe'), undefined);
});

test('key, extensions and kind are shown', async (t) => {
  const [leaf, ca] = await show(['leaf.pem', 'ca.pem'], chain.folder);
  t.like(leaf?.key, { algorithm: 'ec', curve: 'prime256v1' });
  t.false(leaf?.ca);
  t.true(ca?.ca);
  const said = new Map(leaf?.extensions.map(({ name, value }) => [name, value]));
  t.is(said.get('extendedKeyUsage'), 'clientAuth');
  t.is(said.get('subjectAltName'), 'uri:urn:dev:1');
  t.is(said.get('keyUsage'), 'digitalSignature');
});

test('with a configuration the identity of its anchors and the anchor that is reached are shown', async (t) => {
  writeFileSync(installation.path('leaf.pem'), installation.leaf.pem);
  const [shown] = await show(['leaf.pem'], installation.folder);
  t.deepEqual(
    shown?.identities.map(({ anchor, identity }) => [anchor, identity?.id]),
    [['root', deviceId]],
  );
  t.is(shown?.chain?.anchor, 'root');
  t.deepEqual(shown?.chain?.path, [`CN=${deviceId}`, 'CN=Meters', 'CN=Test Root']);
  const [anchor] = await show(['root.pem'], installation.folder);
  t.is(anchor?.chain?.anchor, 'root');
});

test('a certificate of another CA chains to no anchor, and why is said', async (t) => {
  writeFileSync(installation.path('foreign.pem'), chain.leaf.pem);
  const [shown] = await show(['foreign.pem'], installation.folder);
  t.is(shown?.chain?.anchor, null);
  const run = await portreeve(['cert', 'show', 'foreign.pem'], { cwd: installation.folder });
  t.regex(run.stdout, /no configured anchor\n[\s\S]*chain\.incomplete/);
});

test('the share of life that is used is shown, and none for a certificate without end', async (t) => {
  const now = Date.now();
  const half = await issueLeaf(chain.root, {
    subject: 'CN=a',
    notBefore: now - 3_600_000,
    notAfter: now + 3_600_000,
  });
  const notAfter = Date.UTC(9999, 11, 31, 23, 59, 59);
  const endless = await issueLeaf(chain.root, { subject: 'CN=b', notBefore: now - 3_600_000, notAfter });
  writeFileSync(chain.path('both.pem'), half.pem + endless.pem);
  const [first, second] = await show(['both.pem'], chain.folder);
  t.is(first?.validity.state, 'valid');
  t.true(Math.abs((first?.validity.life_used ?? 0) - 0.5) < 0.05);
  t.is(second?.validity.life_used, null);
  const run = await portreeve(['cert', 'show', 'both.pem'], { cwd: chain.folder });
  t.regex(run.stdout, /% of its life used[\s\S]*without end/);
});

test('a broken configuration is told, unless it was asked for: then it is refused', async (t) => {
  writeFileSync(chain.path('portreeve.yaml'), 'version: 1\nnonsense: true\n');
  const run = await portreeve(['cert', 'show', 'leaf.pem'], { cwd: chain.folder });
  t.is(run.code, 0);
  t.regex(run.stdout, /without a configuration: /);
  const asked = ['cert', 'show', '--config', chain.path('portreeve.yaml'), 'leaf.pem'];
  t.is((await portreeve(asked, { cwd: chain.folder })).code, 2);
  rmSync(chain.path('portreeve.yaml'));
});

test('what cannot be read is told among what can, and answered 2', async (t) => {
  const run = await portreeve(['cert', 'show', 'leaf.pem', 'nowhere.pem', '--json'], { cwd: chain.folder });
  t.is(run.code, 2);
  const { certificates, error } = onlyObject(run) as { certificates: object[]; error: { code: string } };
  t.is(certificates.length, 2);
  t.is(error.code, 'PDP_INPUT_MALFORMED');
});

test('text of a certificate cannot rewrite the terminal, and pipes are given no colours', async (t) => {
  const subject = 'CN=a\u202eb';
  const odd = await issueLeaf(chain.root, { subject, ...chain.life });
  writeFileSync(chain.path('odd.pem'), odd.pem);
  const run = await portreeve(['cert', 'show', 'odd.pem'], { cwd: chain.folder });
  t.is(run.code, 0, run.stderr);
  t.false(run.stdout.includes('\u202e'));
  t.false(run.stdout.includes('\u001b'));
});
