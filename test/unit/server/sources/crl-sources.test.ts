import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createRoot, issueCa } from '../../../../src/ca/index.ts';
import type { Config } from '../../../../src/config/types.ts';
import { parseCertificate } from '../../../../src/identity/parse.ts';
import type { Certificate } from '../../../../src/identity/types.ts';
import { decodePem } from '../../../../src/lib/pem.ts';
import { crlUrlsOf } from '../../../../src/revocation/distribution-point-urls.ts';
import { createRevocationReader } from '../../../../src/revocation/reader.ts';
import { applyCrls, crlSources } from '../../../../src/server/sources/crl-sources.ts';
import type { SourceSpec } from '../../../../src/server/sources/types.ts';
import { distributionPoints } from '../../../helpers/crl-points.ts';
import type { Point } from '../../../helpers/crl-points.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';
import { httpSource, serves } from '../../../helpers/http-source.ts';
import { withOpenssl } from '../../../helpers/openssl.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';
import { hour, makeWorld } from '../../../helpers/world.ts';
import type { World } from '../../../helpers/world.ts';
import { startBench } from './bench.ts';

const life = { notBefore: Date.now() - hour, notAfter: Date.now() + hour };

/** A CA certificate that names these distribution points. */
async function caNaming(...points: Point[]): Promise<Certificate> {
  const root = await createRoot({ subject: 'CN=Root', ...life });
  const ca = await issueCa(root, { subject: 'CN=CA', ...life, extensions: [distributionPoints(...points)] });
  return parseCertificate(ca.der);
}

async function worldWith(t: ExecutionContext, revocation: object): Promise<World> {
  const world = await makeWorld({
    now: Date.now(),
    configure: (document) => {
      document.revocation = revocation;
    },
  });
  t.teardown(world.close);
  return world;
}

function specsOf(world: World, issuers: readonly Certificate[], log: string[] = []): SourceSpec[] {
  const config = (): Config => world.config;
  const into = {
    store: world.deps.store,
    config,
    issuers: () => issuers,
    log: (line: string) => void log.push(line),
  };
  return crlSources(world.config, issuers).map((entry) => ({
    ...entry,
    apply: (brought) => applyCrls(brought, into),
  }));
}

test('the URLs of distribution points are read, those of no use left out', async (t) => {
  const ca = await caNaming(
    { uri: 'http://crl.example.org/a.crl' },
    { uri: 'ldap://crl.example.org/cn=a' },
    { uri: 'HTTPS://crl.example.org:443/b.crl' },
    { dn: 'CN=Elsewhere' },
    { uri: 'http://me:secret@crl.example.org/' },
    { uri: 'http://crl.example.org/a.crl', reasons: [1] },
  );
  t.deepEqual(crlUrlsOf(ca), ['http://crl.example.org/a.crl', 'https://crl.example.org/b.crl']);
});

test('distribution points are followed only below the prefixes that the configuration names', async (t) => {
  const names = [
    'http://crl.example.org/fleet/a.crl',
    'http://crl.example.org/fleet/../secret/b.crl',
    'http://crl.example.org/fleet/%2e%2e/secret/b.crl',
    'http://crl.example.org:8080/fleet/c.crl',
    'https://crl.example.org/fleet/d.crl',
    'http://crl.example.org.evil.test/fleet/e.crl',
    'http://crl.example.org@evil.test/fleet/f.crl',
    'http://crl.example.org/exact.crl',
    'http://crl.example.org/exact.crl2',
    'http://169.254.169.254/latest/meta-data/',
  ];
  const ca = await caNaming(...names.map((uri) => ({ uri })));
  const allow = ['http://crl.example.org/fleet/', 'http://crl.example.org/exact.crl'];
  const world = await worldWith(t, { distribution_points: { allow } });
  t.deepEqual(
    specsOf(world, [ca]).map(({ name }) => name),
    ['http://crl.example.org/fleet/a.crl', 'http://crl.example.org/exact.crl'],
  );
  t.deepEqual(specsOf(await worldWith(t, {}), [ca]), [], 'none where nothing is allowed');
});

test('a distribution point that is a configured source as well is asked once', async (t) => {
  const ca = await caNaming({ uri: 'http://crl.example.org/a.crl' });
  const world = await worldWith(t, {
    sources: [{ name: 'a', url: 'http://CRL.example.org:80/a.crl' }],
    distribution_points: { allow: ['http://crl.example.org/'] },
  });
  t.deepEqual(
    specsOf(world, [ca]).map(({ name }) => name),
    ['a'],
  );
});

test('a distribution point leads to this machine only where its prefix names it, and redirects only where they are allowed', async (t) => {
  const source = await httpSource(t, serves('no CRL'));
  const named = await caNaming({ uri: `${source.origin}/ca.crl` });
  const byName = await caNaming({ uri: 'http://crl.example.org/ca.crl' });
  const allow = [`${source.origin}/`, 'http://crl.example.org/'];
  const world = await worldWith(t, { distribution_points: { allow } });
  const locationOf = (ca: Certificate) => {
    const [spec] = specsOf(world, [ca]);
    if (!spec || !('url' in spec.location)) throw new Error('it has a URL');
    return spec.location;
  };
  t.true(locationOf(named).mayBeLocal?.(new URL(`${source.origin}/ca.crl`)));
  t.false(locationOf(byName).mayBeLocal?.(new URL('http://crl.example.org/ca.crl')));
  t.true(locationOf(byName).mayVisit?.(new URL('http://crl.example.org/b.crl'), true));
  t.false(locationOf(byName).mayVisit?.(new URL('http://crl.example.org:81/b.crl'), true));
});

withOpenssl(
  'CRLs of a real openssl CA come into force one after the other; an older or a foreign one is refused',
  async (t) => {
    const ca = opensslCa(temporaryFolder(t));
    const issuer = parseCertificate(ca.certificate);
    const source = await httpSource(t, serves(ca.crl(), '"1"'));
    const world = await worldWith(t, { sources: [{ name: 'ca', url: source.origin, interval: '1h' }] });
    const bench = await startBench(t, specsOf(world, [issuer]), { clock: fakeClock(Date.now()) });
    const reader = createRevocationReader(world.deps.store);
    const numberOf = () => reader.crls().find(({ issuerKey }) => issuerKey === issuer.keyDigest);

    await bench.sources.look();
    t.like(bench.sources.views()[0], { error: null, failures: 0 });
    t.is(numberOf()?.entries, 0);
    const first = source.asked.length;
    const before = ca.crl();

    ca.revokeOne();
    source.answer(serves(ca.crl(), '"2"'));
    await bench.sources.refresh();
    t.is(numberOf()?.entries, 1);
    t.is(source.asked.length, first + 1);

    source.answer(serves(before, '"1"'));
    await bench.sources.refresh();
    t.is(bench.sources.views()[0]?.error?.code, 'PDP_CRL_REFUSED', 'an older one goes back');
    source.answer(serves(opensslCa(temporaryFolder(t)).crl(), '"3"'));
    await bench.sources.refresh();
    t.truthy(bench.sources.views()[0]?.error, 'another CA of the same name has another key');
    source.answer(serves('<html>maintenance</html>', '"4"'));
    await bench.sources.refresh();
    t.is(bench.sources.views()[0]?.error?.code, 'PDP_CRL_INVALID');
    t.is(numberOf()?.entries, 1, 'the last good one stays');
  },
);

/** A CA of the openssl command line in a folder of its own. */
function opensslCa(folder: string): {
  readonly certificate: Uint8Array;
  /** The next CRL, PEM as openssl writes it. */
  readonly crl: () => Uint8Array;
  readonly revokeOne: () => void;
} {
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] });
  mkdirSync(at('new'));
  writeFileSync(at('index.txt'), '');
  writeFileSync(at('serial'), '01\n');
  writeFileSync(at('crlnumber'), '01\n');
  writeFileSync(at('ca.cnf'), opensslConfiguration);
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '30',
    '-config',
    'ca.cnf',
  );
  return {
    certificate: decodePem(readFileSync(at('ca.pem'), 'latin1'), 'CERTIFICATE', 1)[0] as Uint8Array,
    crl: () => {
      openssl('ca', '-gencrl', '-config', 'ca.cnf', '-out', 'ca.crl');
      return readFileSync(at('ca.crl'));
    },
    revokeOne: () => {
      openssl(
        'req',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        'd.key',
        '-out',
        'd.csr',
        '-subj',
        '/CN=device',
        '-config',
        'ca.cnf',
      );
      openssl('ca', '-batch', '-config', 'ca.cnf', '-in', 'd.csr', '-out', 'd.pem', '-notext');
      openssl('ca', '-config', 'ca.cnf', '-revoke', 'd.pem', '-crl_reason', 'keyCompromise');
    },
  };
}

const opensslConfiguration = `
[ca]
default_ca = ours
[ours]
dir = .
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = new
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 10
default_crl_days = 1
policy = any
[any]
commonName = supplied
[req]
distinguished_name = name
x509_extensions = authority
prompt = no
[name]
CN = Openssl CA
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
`;
