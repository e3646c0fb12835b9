import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { createRoot, issueCrl } from '../../../src/ca/index.ts';
import { sha256Hex } from '../../../src/lib/bytes.ts';
import { deltaIndicator, issuingPoint } from '../../helpers/crl-points.ts';
import { makeInstallation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

const hour = 3_600_000;

test('CRLs of configured CAs are imported once and shown with their state', async (t) => {
  const { folder: cwd, path } = await makeInstallation();
  const files = ['root.crl', 'meters.crl'];
  const first = await portreeve(['crl', 'import', ...files, '--json'], { cwd });
  t.is(first.code, 0, first.stdout);
  t.like(onlyObject(first), {
    crls: [
      { result: 'imported', issuer: 'CN=Test Root' },
      { result: 'imported', number: '01' },
    ],
  });
  const der = readFileSync(path('root.crl'));
  t.deepEqual(readFileSync(path(`audit/log/kept/${sha256Hex(der)}`)), der, 'what decisions name is kept');
  t.is(readdirSync(path('audit/log/kept')).length, 2, 'of a PEM file its DER');
  const again = await portreeve(['crl', 'import', ...files, '--json'], { cwd });
  t.like(onlyObject(again), { crls: [{ result: 'unchanged', epoch: null }, { result: 'unchanged' }] });
  const status = await portreeve(['crl', 'status', '--json'], { cwd });
  t.is(status.code, 0);
  t.like(onlyObject(status), {
    crls: [
      { authority: 'root', state: 'fresh', required: true, number: '01' },
      { authority: 'meters', state: 'fresh', required: true },
    ],
  });
});

test('a required CRL that is missing or stale makes the status answer 1', async (t) => {
  const { folder: cwd, path, issuer } = await makeInstallation();
  const now = Date.now();
  const old = await issueCrl(issuer, {
    number: 1,
    thisUpdate: now - 3 * hour,
    nextUpdate: now - hour,
    revoked: [],
  });
  writeFileSync(path('meters.crl'), old.der);
  t.is((await portreeve(['crl', 'import', 'meters.crl'], { cwd })).code, 0);
  const status = await portreeve(['crl', 'status', '--json'], { cwd });
  t.is(status.code, 1);
  t.like(onlyObject(status), {
    crls: [
      { authority: 'root', state: 'missing' },
      { authority: 'meters', state: 'stale' },
    ],
  });
});

test('the CRL of a CA of PEPs is imported and shown like others, and counts where it is required', async (t) => {
  const { folder: cwd, path, config } = await makeInstallation();
  const now = Date.now();
  const mesh = await createRoot({ subject: 'CN=Mesh', notBefore: now - hour, notAfter: now + hour });
  writeFileSync(path('mesh.pem'), mesh.pem);
  const written = readFileSync(config, 'utf8');
  const entry = '  pep_cas: [{ name: mesh, file: mesh.pem, revocation: { required: true } }]';
  writeFileSync(config, written.replace(/^trust:$/m, `trust:\n${entry}`));
  t.is((await portreeve(['crl', 'import', 'root.crl', 'meters.crl'], { cwd })).code, 0);
  const missing = await portreeve(['crl', 'status', '--json'], { cwd });
  t.is(missing.code, 1);
  t.like(onlyObject(missing), {
    crls: [
      { role: 'anchor' },
      { role: 'intermediate' },
      { authority: 'mesh', role: 'pep_ca', state: 'missing', required: true, digest: null },
    ],
  });
  const list = await issueCrl(mesh, {
    number: 1,
    thisUpdate: now - hour,
    nextUpdate: now + hour,
    revoked: [],
  });
  writeFileSync(path('mesh.crl'), list.der);
  t.is((await portreeve(['crl', 'import', 'mesh.crl'], { cwd })).code, 0);
  const there = await portreeve(['crl', 'status', '--json'], { cwd });
  t.is(there.code, 0);
  const { crls } = onlyObject(there) as { crls: { authority: string; digest: string }[] };
  t.is(crls.find(({ authority }) => authority === 'mesh')?.digest, sha256Hex(list.der));
});

test('each CRL that is refused is told, the others are in force: 2', async (t) => {
  const { folder: cwd, path } = await makeInstallation();
  const now = Date.now();
  const foreign = await createRoot({ subject: 'CN=Meters', notBefore: now - hour, notAfter: now + hour });
  const forged = await issueCrl(foreign, {
    number: 9,
    thisUpdate: now - hour,
    nextUpdate: now + hour,
    revoked: [],
  });
  writeFileSync(path('forged.crl'), forged.der);
  writeFileSync(path('half.crl'), forged.der.subarray(0, 40));
  const run = await portreeve(['crl', 'import', 'forged.crl', 'gone.crl', 'half.crl', 'root.crl', '--json'], {
    cwd,
  });
  t.is(run.code, 2);
  const { crls, error } = onlyObject(run) as {
    crls: { source: string; result: string }[];
    error: { problems: { source: string; code: string }[] };
  };
  const results = new Map(crls.map(({ source, result }) => [source, result]));
  t.is(results.get(path('root.crl')), 'imported');
  const refused = error.problems.map(({ source }) => source).sort();
  t.deepEqual(refused, [path('forged.crl'), path('gone.crl'), path('half.crl')]);
  t.true(error.problems.every(({ code }) => code.startsWith('PDP_CRL_')));
});

test('parts of a list, deltas and parts that are expected and missing have their places in the status', async (t) => {
  const { folder: cwd, path, config, issuer } = await makeInstallation();
  const written = readFileSync(config, 'utf8');
  const [first, second] = ['http://crl.example/1.crl', 'http://crl.example/2.crl'];
  const coverage = `revocation:\n  coverage: [{ issuer: meters, points: ["${first}", "${second}"] }]`;
  writeFileSync(config, `${written}${coverage}\n`);
  const now = Date.now();
  const scope = issuingPoint({ uri: first });
  const old = { thisUpdate: now - 3 * hour, nextUpdate: now - hour };
  const complete = await issueCrl(issuer, { number: 1, ...old, revoked: [], extensions: [scope] });
  const fresh = { thisUpdate: now - hour, nextUpdate: now + hour };
  const extensions = [scope, deltaIndicator(1)];
  const delta = await issueCrl(issuer, { number: 2, ...fresh, revoked: [], extensions });
  writeFileSync(path('complete.crl'), complete.der);
  writeFileSync(path('delta.crl'), delta.der);
  t.is((await portreeve(['crl', 'import', 'root.crl', 'complete.crl', 'delta.crl'], { cwd })).code, 0);
  const status = await portreeve(['crl', 'status', '--json'], { cwd });
  t.is(status.code, 1, 'a part is missing');
  t.like(onlyObject(status), {
    crls: [
      { authority: 'root', scope: '', points: [], state: 'fresh', delta: null },
      {
        authority: 'meters',
        points: [`uri:${first}`],
        state: 'fresh',
        number: '01',
        digest: sha256Hex(complete.der),
        delta: { number: '02', base_number: '01', digest: sha256Hex(delta.der) },
      },
      { authority: 'meters', points: [`uri:${second}`], state: 'missing', digest: null, delta: null },
    ],
  });
  const told = await portreeve(['crl', 'status'], { cwd });
  t.regex(told.stdout, /meters uri:http:\/\/crl\.example\/1\.crl +fresh +01 \+ 02/);

  const later = await issueCrl(issuer, { number: 3, ...fresh, revoked: [], extensions: [scope] });
  writeFileSync(path('later.crl'), later.der);
  t.is((await portreeve(['crl', 'import', 'later.crl'], { cwd })).code, 0);
  const over = await portreeve(['crl', 'status'], { cwd });
  t.regex(over.stdout, /fresh +03 \(\+ 02\)/, 'the delta is over');
});
