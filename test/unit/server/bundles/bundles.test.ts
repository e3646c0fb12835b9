import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Config, PolicyConfig } from '../../../../src/config/types.ts';
import { sha256Hex } from '../../../../src/lib/bytes.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import { PortreeveError } from '../../../../src/lib/errors.ts';
import { readBundleFile } from '../../../../src/policy/bundle.ts';
import { bundleToRead } from '../../../../src/server/bundles/bundle-file.ts';
import { openBundles } from '../../../../src/server/bundles/bundles.ts';
import type { Before, Bundles } from '../../../../src/server/bundles/bundles.ts';
import { cameIntoForce, pinBundle } from '../../../../src/server/bundles/table.ts';
import { newState } from '../../../../src/server/sources/source-view.ts';
import type { Brought } from '../../../../src/server/sources/types.ts';
import { writeSourceState } from '../../../../src/store/source-states.ts';
import type { Store } from '../../../../src/store/types.ts';
import { changed, signedBundle } from '../../../helpers/bundles.ts';
import { makeSigningKeys } from '../../../helpers/signed-bundles.ts';
import { temporaryFolder, temporaryStore } from '../../../helpers/temporary-store.ts';

const whole = readBundleFile(null);
/** Other bytes of the same policy. */
const variant = (name: string): Uint8Array => changed(whole, { compiler: name });
const keys = makeSigningKeys('ES256');

interface Desk {
  readonly store: Store;
  readonly folder: string;
  readonly bundles: Bundles;
  readonly log: string[];
  /** Digests of what was tried, in order. */
  readonly tried: string[];
  readonly config: (policy: Partial<PolicyConfig>) => Config;
  readonly bring: (source: string, bytes: Uint8Array) => Promise<string>;
  readonly hear: (source: string, at: number) => void;
}

/** The desk on a store of its own; trials pass but for bytes that are among `bad`. */
function desk(t: ExecutionContext, bad: readonly Uint8Array[] = []): Desk {
  const store = temporaryStore(t);
  const folder = temporaryFolder(t);
  const log: string[] = [];
  const tried: string[] = [];
  const config = (policy: Partial<PolicyConfig>): Config => {
    const usual = { bundle: null, sources: [], signed_by: [], max_age: null, grace: 0, keep: 10 };
    return { classes: {}, policy: { ...usual, self_test_timeout: 1000, ...policy } } as unknown as Config;
  };
  const refused = new Set(bad.map(sha256Hex));
  let current = config({});
  const bundles = openBundles({
    store,
    clock: systemClock,
    config: () => current,
    log: (line) => void log.push(line),
    trial: ({ bytes }) => {
      tried.push(sha256Hex(bytes));
      return refused.has(sha256Hex(bytes))
        ? Promise.reject(new PortreeveError('PDP_BUNDLE_INVALID', 'policy bundle: 1 of 1 cases failed'))
        : Promise.resolve({ cases: 1 });
    },
  });
  return {
    ...{ store, folder, bundles, log, tried },
    config: (policy) => (current = config(policy)),
    bring: async (source, bytes) => {
      const path = join(folder, 'brought');
      writeFileSync(path, bytes);
      const origin = { source, location: `/${source}`, pinned: false };
      return (await bundles.bring({ path, now: 1 } as Brought, origin)).digest;
    },
    hear: (source, at) =>
      writeSourceState(store, { ...newState('policy', source, `/${source}`), lastSuccess: at }),
  };
}

function source(name: string, max_age: number | null = null): PolicyConfig['sources'][number] {
  const pace = { ca: null, interval: 1000, timeout: 1000, max_bytes: 1e7, max_age };
  return { name, file: `/${name}`, folder: null, url: null, headers_file: null, redirects: [], ...pace };
}

test('without anything configured the policy that ships is in force, untried; with sources never', async (t) => {
  const { bundles, config, tried } = desk(t);
  const shipped = await bundles.choose(config({}), undefined);
  t.like(shipped, { error: null, bundle: { digest: sha256Hex(whole), origin: { source: 'default' } } });
  const none = await bundles.choose(config({ sources: [source('office')] }), undefined);
  t.is(none.bundle, null);
  t.regex(none.error ?? '', /no source of policy\.sources has brought a bundle yet/);
  t.deepEqual(tried, []);
  // A running server goes on with what it has until the first source has brought one.
  const before: Before = { file: shipped.file };
  t.is(
    (await bundles.choose(config({ sources: [source('office')] }), before)).bundle?.origin.source,
    'default',
  );
});

test('a file that cannot be used is an error, and what was good last is in force instead', async (t) => {
  const bad = variant('bad');
  const { bundles, config, folder, tried } = desk(t, [bad]);
  const bundle = join(folder, 'policy.tar.gz');
  const good = variant('good');
  writeFileSync(bundle, good);
  t.is((await bundles.choose(config({ bundle }), undefined)).bundle?.digest, sha256Hex(good));
  for (const [bytes, problem] of [
    [bad, /1 of 1 cases failed/],
    [good.subarray(0, 100), /not a whole gzip file/],
    [undefined, /ENOENT/],
  ] as const) {
    if (bytes) writeFileSync(bundle, bytes);
    else rmSync(bundle);
    const chosen = await bundles.choose(config({ bundle }), undefined);
    t.is(chosen.bundle?.digest, sha256Hex(good));
    t.regex(chosen.error ?? '', problem);
  }
  // What has passed is not tried again under the same program and data.
  t.deepEqual(tried, [sha256Hex(good), sha256Hex(bad)]);
});

test('under other class data a kept bundle is tried again', async (t) => {
  const { bundles, config, folder, tried } = desk(t);
  const bundle = join(folder, 'policy.tar.gz');
  writeFileSync(bundle, variant('good'));
  await bundles.choose(config({ bundle }), undefined);
  const other = { ...config({ bundle }), classes: { meter: {} } } as unknown as Config;
  await bundles.choose(other, undefined);
  t.is(tried.length, 2);
});

test('the first source that is not stale is wanted; where all are, what is in force stays', async (t) => {
  const d = desk(t);
  const sources = [source('first', 60_000), source('second', 60_000)];
  const now = systemClock.now();
  const config = d.config({ sources });
  const [one, two] = [await d.bring('first', variant('one')), await d.bring('second', variant('two'))];
  d.hear('first', now);
  d.hear('second', now);
  t.is(d.bundles.wanted(config)?.digest, one);
  d.hear('first', now - 120_000);
  t.is(d.bundles.wanted(config)?.digest, two);
  d.hear('second', now - 120_000);
  cameIntoForce(d.store, two, now, { keep: 10, sources: ['first', 'second'] });
  t.is(d.bundles.wanted(config)?.digest, two);
  d.hear('first', now);
  t.is(d.bundles.wanted(config)?.digest, one);
});

test('what is pinned is in force whatever sources bring; one that may not be used is an error', async (t) => {
  const d = desk(t);
  const sources = [source('office')];
  const config = d.config({ sources });
  const one = await d.bring('office', variant('one'));
  const two = await d.bring('office', variant('two'));
  pinBundle(d.store, { digest: one, at: 1, actor: 'me', why: 'case 1' });
  t.like((await d.bundles.choose(config, undefined)).bundle, { digest: one, origin: { pinned: true } });
  t.like(d.bundles.wanted(config), { digest: one, origin: { source: 'office', pinned: true } });
  const read = await bundleToRead(config, d.store);
  t.true('bytes' in read && sha256Hex(read.bytes) === one);
  const keyFile = join(d.folder, 'key.pem');
  writeFileSync(keyFile, keys.publicPem);
  const signed_by = [{ key_id: 'policy', file: keyFile, algorithm: 'ES256', scope: null }];
  const strict = d.config({ sources, signed_by });
  const signed = await signedBundle(variant('three'), keys, 'policy');
  await d.bring('office', signed);
  const chosen = await d.bundles.choose(strict, undefined);
  t.is(chosen.bundle?.digest, sha256Hex(signed));
  t.is(chosen.bundle?.keyId, 'policy');
  t.regex(chosen.error ?? '', /the pinned bundle cannot be used: .*not signed/);
  t.not(two, one);
});

test('a bundle that was kept before keys were asked for does not count under them, not even as the last good one', async (t) => {
  const d = desk(t);
  const keyFile = join(d.folder, 'key.pem');
  writeFileSync(keyFile, keys.publicPem);
  const signed_by = [{ key_id: 'policy', file: keyFile, algorithm: 'ES256', scope: null }];
  const sources = [source('office')];
  d.config({ sources });
  const one = await d.bring('office', variant('one'));
  cameIntoForce(d.store, one, 1, { keep: 10, sources: ['office'] });
  const before = await d.bundles.choose(d.config({ sources }), undefined);
  const strict = d.config({ sources, signed_by });
  const chosen = await d.bundles.choose(strict, { file: before.file });
  t.is(chosen.bundle, null);
  t.like(chosen.file, { code: 'PDP_BUNDLE_SIGNATURE_MISSING' });
  t.like(await bundleToRead(strict, d.store), { code: 'PDP_BUNDLE_SIGNATURE_MISSING' });
});

test('what does not hold is thrown to the source and nothing of it is kept', async (t) => {
  const bad = variant('bad');
  const d = desk(t, [bad]);
  const config = d.config({ sources: [source('office')] });
  const one = await d.bring('office', variant('one'));
  await t.throwsAsync(d.bring('office', bad), { code: 'PDP_BUNDLE_INVALID', message: /cases failed/ });
  await t.throwsAsync(d.bring('office', changed(whole, { requires: '>=99.0.0' })), {
    code: 'PDP_FORMAT_NEWER',
  });
  t.is(d.bundles.wanted(config)?.digest, one);
});
