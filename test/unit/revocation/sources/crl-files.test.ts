import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { toPem } from '../../../../src/ca/authority.ts';
import { withCrlFile } from '../../../../src/revocation/sources/crl-file.ts';
import { listCrlFiles } from '../../../../src/revocation/sources/crl-files.ts';
import { crlDer } from '../../../../src/revocation/stream/crl-der.ts';
import { crlOf, fleet, temporaryFolder } from '../../../helpers/crl-fixtures.ts';
import { gathered } from '../../../helpers/crl-stream.ts';

const { root, ca } = await fleet();
const [first, second] = [await crlOf(ca), await crlOf(root)];
const pem = (der: Uint8Array) => toPem('X509 CRL', der);
const maxBytes = 1024 * 1024;

/** The CRLs of a file as they are read, each in its DER. */
function readCrlFile(path: string): Promise<{ source: string; bytes: Buffer }[]> {
  return withCrlFile(path, { maxBytes }, async ({ crls }) => {
    const read = [];
    for (const { source, open, block } of crls)
      read.push({ source, bytes: await gathered(crlDer(open, maxBytes, block)) });
    return read;
  });
}

test('of a folder the CRL files are listed in order, of a file the file itself whatever its name', async (t) => {
  const folder = temporaryFolder(t);
  for (const name of ['b.crl', 'a.pem', 'c.der', 'notes.txt', '.hidden.crl']) {
    writeFileSync(join(folder, name), first);
  }
  mkdirSync(join(folder, 'd.crl'));
  const { files, problems } = await listCrlFiles([folder, join(folder, 'notes.txt'), join(folder, 'a.pem')]);
  t.deepEqual(
    files.map((file) => file.path),
    ['a.pem', 'b.crl', 'c.der', 'notes.txt'].map((name) => join(folder, name)),
  );
  t.deepEqual(problems, []);
});

test('what is missing or a dangling link is a problem with its path, the others go on', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'a.crl'), first);
  symlinkSync(join(folder, 'gone'), join(folder, 'b.crl'));
  const { files, problems } = await listCrlFiles([join(folder, 'absent'), folder]);
  t.deepEqual(
    files.map((file) => file.path),
    [join(folder, 'a.crl')],
  );
  t.deepEqual(
    problems.map((problem) => problem.path),
    [join(folder, 'absent'), join(folder, 'b.crl')],
  );
  for (const { error, path } of problems) {
    t.is(error.code, 'PDP_CRL_INVALID');
    t.true(error.message.includes(path));
  }
});

test('a file replaced by rename has another stamp, an untouched one the same', async (t) => {
  const folder = temporaryFolder(t);
  const [list, other] = [join(folder, 'a.crl'), join(folder, 'new')];
  writeFileSync(list, first);
  const stamp = async () => (await listCrlFiles([folder])).files[0]?.stamp;
  const before = await stamp();
  t.is(await stamp(), before);
  writeFileSync(other, first);
  renameSync(other, list);
  t.not(await stamp(), before);
});

test('a switched ..data link changes the stamps behind it, and its folders are not listed', async (t) => {
  const folder = temporaryFolder(t);
  for (const version of ['..v1', '..v2']) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'a.crl'), version === '..v1' ? first : second);
  }
  symlinkSync('..v1', join(folder, '..data'));
  symlinkSync(join('..data', 'a.crl'), join(folder, 'a.crl'));
  const before = await listCrlFiles([folder]);
  symlinkSync('..v2', join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  const after = await listCrlFiles([folder]);
  t.deepEqual(
    after.files.map((file) => file.path),
    [join(folder, 'a.crl')],
  );
  t.not(after.files[0]?.stamp, before.files[0]?.stamp);
  t.deepEqual(Buffer.from((await readCrlFile(join(folder, 'a.crl')))[0]?.bytes ?? []), Buffer.from(second));
});

test('DER, PEM and PEM bundles are read, each CRL with where it came from', async (t) => {
  const folder = temporaryFolder(t);
  const [der, bundle] = [join(folder, 'a.der'), join(folder, 'b.pem')];
  writeFileSync(der, first);
  writeFileSync(bundle, `of the issuing CA:\n${pem(first)}of the root:\n${pem(second)}`);
  t.deepEqual(
    (await readCrlFile(der)).map((crl) => crl.source),
    [der],
  );
  const read = await readCrlFile(bundle);
  t.deepEqual(
    read.map((crl) => crl.source),
    [bundle, `${bundle}#2`],
  );
  t.deepEqual(
    read.map((crl) => Buffer.from(crl.bytes)),
    [Buffer.from(first), Buffer.from(second)],
  );
});

test('a half-written, foreign or unreadable file is refused with its path', async (t) => {
  const folder = temporaryFolder(t);
  const files = {
    'half.pem': pem(first).slice(0, 150),
    'certificate.pem': ca.pem,
    'second-half.pem': pem(first) + pem(second).slice(0, 100),
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), content);
    const error = await t.throwsAsync(readCrlFile(join(folder, name)), { code: 'PDP_CRL_INVALID' });
    t.true(error.message.includes(name));
  }
  await t.throwsAsync(readCrlFile(folder), { code: 'PDP_CRL_INVALID', message: /not a file/ });
  await t.throwsAsync(readCrlFile(join(folder, 'absent')), { code: 'PDP_CRL_INVALID', message: /absent/ });
});

test('a file that is replaced while it is open is read to its end as it was', async (t) => {
  const path = join(temporaryFolder(t), 'a.crl');
  writeFileSync(path, first);
  await withCrlFile(path, { maxBytes }, async ({ crls }) => {
    writeFileSync(`${path}.new`, second);
    renameSync(`${path}.new`, path);
    const [crl] = crls;
    t.deepEqual(crl && (await gathered(crlDer(crl.open, maxBytes))), Buffer.from(first));
  });
});

test('a file over the limit is refused before it is read', async (t) => {
  const path = join(temporaryFolder(t), 'a.crl');
  writeFileSync(path, first);
  const name = 'https://crl.example/a.crl';
  await t.throwsAsync(
    withCrlFile(path, { name, maxBytes: 10 }, () => Promise.resolve()),
    {
      code: 'PDP_LIMIT_EXCEEDED',
      message: /https:\/\/crl\.example\/a\.crl: more than 10 bytes/,
    },
  );
});
