import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { loadConfig } from '../../../src/config/load.ts';
import { sha256Hex } from '../../../src/lib/bytes.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { readBundleFile } from '../../../src/policy/bundle.ts';
import type { Chosen } from '../../../src/server/bundles/bundles.ts';
import { holdInForce, prepare } from '../../../src/server/reload.ts';
import type { InForce, ReloadState } from '../../../src/server/reload.ts';
import { changed } from '../../helpers/bundles.ts';
import { makeWorld } from '../../helpers/world.ts';

interface Held {
  readonly reload: ReloadState;
  readonly bundleFile: string;
  readonly configFile: string;
  /** How often the configuration was read again. */
  readonly loads: () => number;
  /** What came into force, in order, each beside what was before. */
  readonly applied: (readonly [next: InForce, before: InForce])[];
  /** The next configuration that is read is none. */
  readonly breakOnce: () => void;
}

/** What is in force under a configuration with a bundle of its own; each choice finds another bundle. */
async function held(t: ExecutionContext): Promise<Held> {
  const whole = readBundleFile(null);
  const world = await makeWorld({
    now: Date.now(),
    configure: (document) => (document.policy = { bundle: 'policy.tar.gz' }),
    files: (folder) => writeFileSync(join(folder, 'policy.tar.gz'), whole),
  });
  t.teardown(world.close);
  const bundleFile = join(world.folder, 'policy.tar.gz');
  let [loads, turn, broken] = [0, 0, false];
  const choose = (): Promise<Chosen> => {
    const bytes = changed(whole, { compiler: String((turn += 1)) });
    const origin = { source: 'bundle', location: bundleFile, pinned: false };
    const bundle = { digest: sha256Hex(bytes), revision: 'r', origin, keyId: null, cases: 0 };
    return Promise.resolve({ file: { bytes, origin }, bundle, error: null });
  };
  const options = { clock: systemClock, bundles: { choose } };
  const applied: (readonly [InForce, InForce])[] = [];
  const reload = holdInForce({
    ...options,
    first: await prepare(loadConfig(world.configFile), undefined, options),
    load: () => {
      loads += 1;
      if (!broken) return loadConfig(world.configFile);
      broken = false;
      throw new Error('half a document');
    },
    log: () => undefined,
    apply: (...both) => {
      applied.push(both);
      return Promise.resolve();
    },
  });
  const breakOnce = (): void => void (broken = true);
  return { reload, bundleFile, configFile: world.configFile, loads: () => loads, applied, breakOnce };
}

test('another file of policy.bundle alone leaves everything else in force as it is', async (t) => {
  const { reload, bundleFile, loads, applied } = await held(t);
  const before = reload.current();
  await reload.changed([bundleFile]);
  const after = reload.current();
  t.not(after.bundle?.digest, before.bundle?.digest);
  t.is(after.config, before.config);
  t.is(after.authorities, before.authorities);
  t.is(after.material.certificates, before.material.certificates);
  t.is(after.material.verifierKeys, before.material.verifierKeys);
  t.is(loads(), 0);
  t.is(applied.length, 1);
});

test('a bundle that changed together with another file is loaded with everything else', async (t) => {
  const { reload, bundleFile, configFile, loads } = await held(t);
  const before = reload.current();
  await reload.changed([bundleFile, configFile]);
  t.not(reload.current().config, before.config);
  t.is(loads(), 1);
});

test('a configuration that was refused is not forgotten because the bundle is another', async (t) => {
  const { reload, bundleFile, configFile, loads, breakOnce } = await held(t);
  breakOnce();
  await reload.changed([configFile]);
  t.is(reload.lastError()?.message, 'half a document');
  breakOnce();
  await reload.changed([bundleFile]);
  t.is(loads(), 2);
  t.is(reload.lastError()?.message, 'half a document');
});
