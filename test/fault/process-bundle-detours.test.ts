// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { parse, stringify } from 'yaml';
import { sha256Hex } from '../../src/lib/bytes.ts';
import { readBundleFile } from '../../src/policy/bundle.ts';
import { changed, signedBundle } from '../helpers/bundles.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import { makeSigningKeys } from '../helpers/signed-bundles.ts';
import { makeWorld } from '../helpers/world.ts';

test('a bundle whose key does not count any more is passed over, told, and not tried again all the time', async (t) => {
  const [old, next] = [makeSigningKeys('ES256'), makeSigningKeys('ES256')];
  const keyOf = (name: string) => ({ key_id: name, file: `${name}.pem`, algorithm: 'ES256' });
  const policy: { signed_by: unknown[]; sources: unknown[] } = {
    signed_by: [keyOf('old'), keyOf('next')],
    sources: [
      { name: 'office', file: 'office.tar.gz', interval: '1s' },
      { name: 'mirror', file: 'mirror.tar.gz', interval: '1s' },
    ],
  };
  const world = await makeWorld({
    now: Date.now(),
    files: (folder) => {
      writeFileSync(join(folder, 'old.pem'), old.publicPem);
      writeFileSync(join(folder, 'next.pem'), next.publicPem);
    },
    configure: forServer((document) => {
      document.policy = policy;
      document.server.workers = 1;
    }),
  });
  t.teardown(world.close);
  const write = (name: string, content: Uint8Array): void => writeFileSync(join(world.folder, name), content);
  const whole = readBundleFile(null);
  const office = await signedBundle(changed(whole, { compiler: 'office' }), old, 'old');
  const mirror = await signedBundle(changed(whole, { compiler: 'mirror' }), next, 'next');
  write('office.tar.gz', office);
  write('mirror.tar.gz', mirror);
  const first = await startServer(t, world.configFile);
  await until(async () => (await first.status()).bundle.digest === sha256Hex(office));
  await until(() => first.log.some((line) => line.includes('policy source mirror: bundle')));
  await first.stop();

  const document = parse(readFileSync(world.configFile, 'utf8')) as { policy: object };
  document.policy = { ...policy, signed_by: [keyOf('next')] };
  writeFileSync(world.configFile, stringify(document));
  const again = await startServer(t, world.configFile);
  await until(async () => (await again.status()).bundle.digest === sha256Hex(mirror));
  await until(async () => (await again.status()).bundle.error !== null);
  t.regex((await again.status()).bundle.error ?? '', /office: .*signed by "old"/);
  await pause(1500);
  const tried = again.log.filter((line) => line.includes('a bundle is not used'));
  t.true(tried.length <= 3, tried.join('\n'));
  t.false(again.log.some((line) => line.endsWith('of source office: in force')));
});
