import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Config } from '../../../../src/config/types.ts';
import { sha256Hex } from '../../../../src/lib/bytes.ts';
import { readBundleFile } from '../../../../src/policy/bundle.ts';
import { admitBeside, admitBundle } from '../../../../src/server/bundles/admit.ts';
import { openStoreHand, type StoreHand } from '../../../../src/server/helpers/store-hand.ts';
import { replaced, signedBundle } from '../../../helpers/bundles.ts';
import { makeSigningKeys } from '../../../helpers/signed-bundles.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';

const keys = makeSigningKeys('ES256');

test('a bundle that is refused fills no page with a name of its own', async (t) => {
  const file = join(temporaryFolder(t), 'policy.pub.pem');
  writeFileSync(file, keys.publicPem);
  const key = { key_id: 'policy', file, algorithm: 'ES256', scope: null };
  const config = { policy: { signed_by: [key] } } as unknown as Config;
  const bytes = await signedBundle(readBundleFile(null), keys, 'x'.repeat(500_000));
  const thrown = await t.throwsAsync(admitBundle(bytes, config), {
    code: 'PDP_BUNDLE_SIGNATURE_KEY_UNKNOWN',
    message: /signed by "xxx/,
  });
  t.true((thrown?.message.length ?? Infinity) < 2100);
});

test('a large bundle is admitted and refused by the hand as it is without one, a small one at once', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'policy.pub.pem');
  writeFileSync(file, keys.publicPem);
  const key = { key_id: 'policy', file, algorithm: 'ES256', scope: null } as const;
  const config = { policy: { signed_by: [key] } } as unknown as Config;
  const hand = openStoreHand({ storePath: join(folder, 'state.db'), log: () => undefined });
  t.teardown(() => hand.stop());
  let works = 0;
  const counting: StoreHand = {
    do: (work) => {
      works += 1;
      return hand.do(work);
    },
  };
  const whole = readBundleFile(null);
  const small = await signedBundle(whole, keys, 'policy');
  const data = Buffer.from(
    JSON.stringify({ list: Array.from({ length: 50_000 }, (_, at) => `entry ${at}`) }),
  );
  const large = await signedBundle(replaced(whole, { 'data.json': data }), keys, 'policy');
  t.deepEqual(await admitBeside(small, config, counting), await admitBundle(small, config));
  t.is(works, 0);
  const admitted = await admitBeside(large, config, counting);
  t.deepEqual(admitted, await admitBundle(large, config));
  t.like(admitted, { digest: sha256Hex(large), keyId: 'policy' });
  t.is(works, 1);
  const unsigned = replaced(whole, { 'data.json': data });
  await t.throwsAsync(admitBeside(unsigned, config, counting), { code: 'PDP_BUNDLE_SIGNATURE_MISSING' });
  t.is(works, 2);
  await t.throwsAsync(admitBeside(Buffer.from('no bundle'), config, counting), {
    code: 'PDP_BUNDLE_INVALID',
  });
  t.is(works, 2);
  t.deepEqual(await admitBeside(large, config, undefined), admitted);
});
