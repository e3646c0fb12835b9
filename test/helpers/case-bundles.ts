import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultBundlePath } from '../../src/policy/bundle.ts';
import { writeSourceState } from '../../src/store/source-states.ts';
import type { Store } from '../../src/store/types.ts';
import { newState } from '../../src/server/sources/source-view.ts';

/** How long before the time of a case its bundle's source was last read (ms). */
const readBefore = 3 * 3_600_000;

/** The section `policy` of a case whose bundle is not what it should be; undefined where nothing is wrong with it. */
export function faultyBundle(folder: string, fault: string | undefined): Record<string, unknown> | undefined {
  if (fault !== 'bundle_unsigned' && fault !== 'bundle_stale' && fault !== 'bundle_in_grace')
    return undefined;
  const bundle = join(folder, 'policy.tar.gz');
  copyFileSync(defaultBundlePath, bundle);
  if (fault === 'bundle_stale') return { bundle, max_age: '1h' };
  if (fault === 'bundle_in_grace') return { bundle, max_age: '1h', grace: '150m' };
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const file = join(folder, 'policy.pub.pem');
  writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }));
  return { bundle, signed_by: [{ key_id: 'policy', file }] };
}

/** Notes when the file of a case's bundle was last read. */
export function noteBundleRead(store: Store, bundle: string, now: number): void {
  writeSourceState(store, { ...newState('policy', 'bundle', bundle), lastSuccess: now - readBefore });
}
