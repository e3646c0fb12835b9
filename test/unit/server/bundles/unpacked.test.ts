import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { bundleFilesOf, readBundleFile } from '../../../../src/policy/bundle.ts';
import { packFolder } from '../../../../src/server/bundles/unpacked.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';
import { unpack } from '../../../helpers/unpack-bundle.ts';

const most = 16 * 1024 * 1024;

test('an unpacked bundle is packed with the same files and the same bytes each time, hidden ones left out', async (t) => {
  const folder = join(temporaryFolder(t), 'bundle');
  const whole = readBundleFile(null);
  unpack(whole, folder);
  const packed = await packFolder(folder, most);
  t.deepEqual([...bundleFilesOf(packed).keys()].sort(), [...bundleFilesOf(whole).keys()].sort());
  writeFileSync(join(folder, '.data.json.swp'), 'editor');
  t.deepEqual(await packFolder(folder, most), packed);
});

test('links are followed, as Kubernetes makes them', async (t) => {
  const folder = temporaryFolder(t);
  unpack(readBundleFile(null), join(folder, '..data'));
  const linked = join(folder, 'linked');
  mkdirSync(linked);
  for (const name of ['.manifest', 'data.json', 'policy.wasm'])
    symlinkSync(join(folder, '..data', name), join(linked, name));
  t.is(bundleFilesOf(await packFolder(linked, most)).size, 3);
});

test('what is no bundle, is too large or is not there is refused by name', async (t) => {
  const folder = temporaryFolder(t);
  await t.throwsAsync(packFolder(folder, most), { code: 'PDP_SOURCE_REFUSED', message: /no \.manifest/ });
  await t.throwsAsync(packFolder(join(folder, 'gone'), most), { code: 'PDP_SOURCE_UNAVAILABLE' });
  unpack(readBundleFile(null), join(folder, 'bundle'));
  await t.throwsAsync(packFolder(join(folder, 'bundle'), 1000), {
    code: 'PDP_SOURCE_REFUSED',
    message: /more than max_bytes/,
  });
});
