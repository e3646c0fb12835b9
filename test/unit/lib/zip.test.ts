import test from 'ava';
import { archiveBytes, openZip } from '../../../src/audit/sources/zip-files.ts';
import { zipBytes } from '../../../src/lib/zip.ts';
import type { ZipFile } from '../../../src/lib/zip.ts';

async function written(files: readonly ZipFile[]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of zipBytes(files)) parts.push(part);
  return Buffer.concat(parts);
}

test('files come back from an archive as they went in, stored or deflated', async (t) => {
  const files: readonly ZipFile[] = [
    { name: 'a/b.txt', bytes: Buffer.from('again '.repeat(1000)) },
    { name: 'ü', bytes: Buffer.from([1, 2, 3]), store: true },
    { name: 'empty', bytes: Buffer.alloc(0) },
  ];
  const bytes = await written(files);
  t.true(bytes.byteLength < 1000);
  const zip = await openZip('test', archiveBytes(bytes));
  t.deepEqual(zip.names, ['a/b.txt', 'ü', 'empty']);
  for (const { name, bytes: wanted } of files)
    t.deepEqual(Buffer.from((await zip.read(name)) ?? []), Buffer.from(wanted));
  t.is(await zip.read('other'), undefined);
});

test('the same files make the same archive', async (t) => {
  const files = [{ name: 'a', bytes: Buffer.from('x') }];
  t.deepEqual(await written(files), await written(files));
});

test('more files than 16 bits count are found', async (t) => {
  const files = Array.from({ length: 65_600 }, (_, index) => ({ name: `f${index}`, bytes: Buffer.alloc(0) }));
  const zip = await openZip('test', archiveBytes(await written(files)));
  t.is(zip.names.length, 65_600);
});

for (const name of ['', '/etc/passwd', '../up', 'a/../../up', 'a\\b', 'c:/x', 'a//b']) {
  test(`a name that leads elsewhere is refused: ${JSON.stringify(name)}`, async (t) => {
    await t.throwsAsync(written([{ name, bytes: Buffer.alloc(0) }]), { code: 'PDP_INTERNAL' });
  });
}

test('a name that comes twice is refused', async (t) => {
  const one = { name: 'a', bytes: Buffer.alloc(0) };
  await t.throwsAsync(written([one, one]), { code: 'PDP_INTERNAL' });
});
