import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Config } from '../../../../src/config/types.ts';
import { readBundleFile } from '../../../../src/policy/bundle.ts';
import { admitBundle } from '../../../../src/server/bundles/admit.ts';
import { signedBundle } from '../../../helpers/bundles.ts';
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
