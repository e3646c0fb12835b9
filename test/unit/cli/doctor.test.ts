import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import { generateKeys, issueLeaf, publicJwk, selfSignLeaf } from '../../../src/ca/index.ts';
import { makeInstallation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve, type Run } from './helpers/run.ts';

interface Told {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly advice?: string;
}

const told = (run: Run) => (onlyObject(run) as { checks: Told[] }).checks;
const failed = (run: Run) => told(run).filter(({ status }) => status === 'fail');

test('a sound installation: 0', async (t) => {
  const { folder: cwd } = await makeInstallation();
  await portreeve(['crl', 'import', 'root.crl', 'meters.crl'], { cwd });
  await portreeve(['device', 'import', 'devices.ndjson'], { cwd });
  const run = await portreeve(['doctor', '--json'], { cwd });
  t.is(run.code, 0, run.stdout);
  t.deepEqual(failed(run), []);
  const checks = new Set(told(run).map(({ check }) => check));
  const all = [
    'configuration',
    'files',
    'CAs',
    'store',
    'inventory',
    'CRLs',
    'policy',
    'clock',
    'ports',
    'audit',
    'outsiders',
  ];
  t.deepEqual([...checks], all);
});

test('what fails is told with advice: 1', async (t) => {
  const { folder: cwd } = await makeInstallation();
  const run = await portreeve(['doctor', '--json'], { cwd });
  t.is(run.code, 1);
  t.deepEqual([...new Set(failed(run).map(({ check }) => check))], ['inventory', 'CRLs']);
  for (const { status, advice } of told(run)) t.is(status === 'ok', advice === undefined);
});

test('without a usable configuration there is nothing else to look at: 1', async (t) => {
  const { folder: cwd, path } = await makeInstallation();
  rmSync(path('root.pem'));
  const run = await portreeve(['doctor', '--json'], { cwd });
  t.is(run.code, 1);
  t.deepEqual([...new Set(told(run).map(({ check }) => check))], ['configuration']);
});

test('a configuration that is not there, cannot be read, is not YAML or of a newer format is told as a finding: 2', async (t) => {
  const { folder: cwd, path } = await makeInstallation();
  writeFileSync(path('not.yaml'), 'a: [');
  writeFileSync(path('newer.yaml'), 'version: 9\n');
  writeFileSync(path('bytes.yaml'), Buffer.from([0xff, 0xfe, 0x00]));
  const named = ['nowhere.yaml', '.', 'not.yaml', 'newer.yaml', 'bytes.yaml'].map((file) => [
    '--config',
    path(file),
  ]);
  for (const args of [...named, []]) {
    const run = await portreeve(['doctor', ...args, '--json'], args.length > 0 ? { cwd } : {});
    t.is(run.code, 2, args.join(' '));
    t.true(failed(run).length > 0);
    t.deepEqual([...new Set(told(run).map(({ check }) => check))], ['configuration']);
    t.like(onlyObject(run), { ok: false });
    const text = await portreeve(['doctor', ...args], args.length > 0 ? { cwd } : {});
    t.is(text.code, 2);
    t.regex(text.stdout, /^fail {2}configuration/);
  }
});

test('a CA that is none fails with its name', async (t) => {
  const { folder: cwd, path, leaf } = await makeInstallation();
  writeFileSync(path('meters.pem'), leaf.pem);
  const run = await portreeve(['doctor', '--json'], { cwd });
  t.true(failed(run).some(({ check, message }) => check === 'CAs' && message.includes('meters')));
});

test('of several CAs that are none each is told, and the others too, and nothing else is blamed for them', async (t) => {
  const { folder: cwd, path, config, leaf } = await makeInstallation();
  await portreeve(['crl', 'import', 'root.crl', 'meters.crl'], { cwd });
  await portreeve(['device', 'import', 'devices.ndjson'], { cwd });
  writeFileSync(path('meters.pem'), 'no certificate');
  writeFileSync(path('more.pem'), leaf.pem);
  const yaml = readFileSync(config, 'utf8');
  writeFileSync(
    config,
    yaml.replace('intermediates:', 'intermediates:\n    - { name: more, file: more.pem }'),
  );
  const run = await portreeve(['doctor', '--json'], { cwd });
  const cas = told(run).filter(({ check }) => check === 'CAs');
  t.deepEqual(
    cas.map(({ status, message }) => `${status} ${/root|meters|more/.exec(message)?.[0]}`),
    ['warn root', 'fail more', 'fail meters'],
  );
  t.true(cas.at(-1)?.message.includes(path('meters.pem')), cas.at(-1)?.message);
  const others = told(run).filter(({ check, status }) => check !== 'CAs' && status !== 'ok');
  t.deepEqual(
    others.map(({ check, advice }) => [check, advice]),
    [
      ['CRLs', 'mend what the checks before this one say first'],
      ['policy', 'mend what the checks before this one say first'],
    ],
  );
});

test('a state of a newer format is to be read by its program, and nobody is told to import anything into it', async (t) => {
  const { folder: cwd, path } = await makeInstallation();
  await portreeve(['device', 'import', 'devices.ndjson'], { cwd });
  const database = new DatabaseSync(path('state.db'));
  database.exec('PRAGMA user_version = 99');
  database.close();
  const run = await portreeve(['doctor', '--json'], { cwd });
  t.deepEqual(
    failed(run).map(({ check, advice }) => [check, advice]),
    [
      ['store', 'run the newer program that wrote it, or restore the backup made before the upgrade'],
      ['inventory', 'mend what the check of the store says first'],
      ['CRLs', 'mend what the check of the store says first'],
    ],
  );
});

test("a listener's certificate that has expired fails, and one that soon will is looked at", async (t) => {
  const { folder: cwd, path, config, root } = await makeInstallation();
  const text = readFileSync(config, 'utf8')
    .replace('pep: envoy }]', 'tls: { certificate: own.pem, key: own.key, client_cas: [ops] } }]')
    .replace('trust:\n', 'trust:\n  pep_cas: [{ name: ops, file: root.pem }]\n');
  writeFileSync(config, text);
  const of = async (from: number, to: number): Promise<readonly string[]> => {
    const life = { notBefore: Date.now() + from, notAfter: Date.now() + to };
    const own = await issueLeaf(root, { subject: 'CN=pdp', eku: ['serverAuth'], ...life });
    writeFileSync(path('own.pem'), own.pem);
    writeFileSync(path('own.key'), own.privateKeyPem, { mode: 0o600 });
    const run = await portreeve(['doctor', '--json'], { cwd });
    return told(run)
      .filter(({ check }) => check === 'files')
      .map(({ status, message }) => `${status} ${message}`);
  };
  const day = 86_400_000;
  t.regex((await of(-2 * day, -day)).join(), /^fail TLS of listener local expired at/);
  t.regex((await of(day, 90 * day)).join(), /^fail TLS of listener local is not valid before/);
  t.regex((await of(-day, 5 * day)).join(), /^warn TLS of listener local is valid for another/);
  t.regex(
    (await of(-day, 90 * day)).join(),
    /^ok TLS of listener local: certificate and key belong together/,
  );
});

test('a pinned certificate is looked at as such, and no CRL of it is asked for', async (t) => {
  const { folder: cwd, path, config } = await makeInstallation();
  const now = Date.now();
  const life = { notBefore: now - 7_200_000, notAfter: now - 3_600_000 };
  writeFileSync(path('press.pem'), (await selfSignLeaf({ subject: 'CN=press-7', ...life })).pem);
  const press =
    '{ name: press, file: press.pem, profile: { kind: cn }, revocation: { required: false }, pinned: true }';
  writeFileSync(config, readFileSync(config, 'utf8').replace('  anchors:\n', `  anchors:\n    - ${press}\n`));
  const checks = told(await portreeve(['doctor', '--json'], { cwd })).filter(({ message }) =>
    message.includes('press'),
  );
  t.deepEqual(
    checks.map(({ check, status }) => [check, status]),
    [['CAs', 'fail']],
  );
  t.regex(checks[0]?.message ?? '', /^pinned press expired/);
  t.regex(checks[0]?.advice ?? '', /pin it beside the old one/);
});

test('a bundle that does not load fails', async (t) => {
  const { folder: cwd, path, config } = await makeInstallation();
  writeFileSync(path('bad.tar.gz'), 'no bundle');
  const yaml = readFileSync(config, 'utf8');
  writeFileSync(config, `${yaml}policy: { bundle: bad.tar.gz }\n`);
  const run = await portreeve(['doctor', '--json'], { cwd });
  t.true(failed(run).some(({ check }) => check === 'policy'));
});

test('a port that others have is told', async (t) => {
  const { folder: cwd, config } = await makeInstallation();
  const other = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', () => resolve()));
  t.teardown(() => other.close());
  const { port } = other.address() as { port: number };
  const yaml = readFileSync(config, 'utf8');
  writeFileSync(config, yaml.replace("address: '127.0.0.1:0', pep", `address: '127.0.0.1:${port}', pep`));
  const run = await portreeve(['doctor', '--json'], { cwd });
  t.true(failed(run).some(({ check, message }) => check === 'ports' && message.includes('EADDRINUSE')));
});

test('a store file that is no store fails, and is left as it is', async (t) => {
  const { folder: cwd, path } = await makeInstallation();
  writeFileSync(path('state.db'), 'something else entirely, long enough to be read as a header of a file');
  const run = await portreeve(['doctor', '--json'], { cwd });
  t.true(failed(run).some(({ check }) => check === 'store'));
  t.is(readFileSync(path('state.db'), 'utf8').slice(0, 9), 'something');
});

test('a class that requires attestation without a verifier, and a verifier without a key, fail', async (t) => {
  const { folder: cwd, config, path } = await makeInstallation();
  const text = readFileSync(config, 'utf8');
  const of = async (): Promise<readonly string[]> => {
    const run = await portreeve(['doctor', '--json'], { cwd });
    const found = told(run).filter(({ check }) => check === 'verifiers');
    return found.map(({ status, message }) => `${status} ${message}`);
  };
  writeFileSync(config, text.replace('anchors: [root] }', 'anchors: [root], attestation: required }'));
  t.regex((await of()).join(), /^fail class .* requires attestation and no verifier is configured/);
  const verifier = (keys: string): string =>
    `${text}attestation:\n  verifiers:\n    - { name: lab, keys: ${keys}, algorithms: [ES256] }\n`;
  writeFileSync(config, verifier('{ url: "https://verifier.example/keys" }'));
  t.regex((await of()).join(), /^fail lab: no key of https:\/\/verifier.example\/keys is known/);
  writeFileSync(
    path('lab.jwks'),
    JSON.stringify({ keys: [publicJwk(await generateKeys('ec-p256'), 'lab-1')] }),
  );
  writeFileSync(config, verifier('{ file: lab.jwks }'));
  t.regex((await of()).join(), /^ok lab: 1 keys of .*lab\.jwks \(lab-1\)$/);
  writeFileSync(path('lab.jwks'), '{}');
  t.regex((await of()).join(), /^fail verifier "lab": .*no public key/);
});
