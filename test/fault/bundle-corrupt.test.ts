import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { defaultBundlePath, readBundle } from '../../src/policy/bundle.ts';
import { packBundle } from '../../src/policy/pack-bundle.ts';
import { valueOf } from '../helpers/prometheus.ts';
import { rawClient } from '../helpers/raw-grpc.ts';
import { serveRaw } from '../helpers/raw-server.ts';
import { until } from '../helpers/server.ts';

const good = readBundle(defaultBundlePath);
const packed = (changes: Partial<Parameters<typeof packBundle>[0]> = {}): Uint8Array =>
  packBundle({
    wasm: good.wasm,
    data: good.data,
    revision: 'good',
    inputVersion: good.inputVersion,
    compiler: 'opa',
    sources: {},
    ...changes,
  });

const corrupt: readonly (readonly [what: string, bytes: Uint8Array, told: RegExp])[] = [
  ['cut off', packed().subarray(0, 5000), /policy\.tar\.gz: policy bundle: not a whole gzip file/],
  ['something else', Buffer.from('not a bundle'), /policy\.tar\.gz: policy bundle: not a whole gzip file/],
  ['empty', Buffer.alloc(0), /policy\.tar\.gz: /],
  [
    'of half a module',
    packed({ wasm: good.wasm.subarray(0, 1000) }),
    /policy bundle: WebAssembly.+past end of the module/,
  ],
  ['of no module', packed({ wasm: Buffer.from('wasm') }), /policy bundle: WebAssembly.+expected magic word/],
  [
    'for a newer input',
    packed({ inputVersion: good.inputVersion + 1 }),
    /wants input version 2.+use a newer program, or a bundle built for this one/,
  ],
];

test('no corrupt bundle is ever in force: denials with 503 where there was none, else the one before stays', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-bundle-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const bundle = join(folder, 'policy.tar.gz');
  const put = (bytes: Uint8Array): void => {
    writeFileSync(`${bundle}.new`, bytes);
    renameSync(`${bundle}.new`, bundle);
  };
  put(Buffer.from('never a bundle'));
  const asked = await serveRaw(t, (document) => {
    document['policy'] = { bundle };
  });
  const { server } = asked;
  const leaf = await asked.world.leaf('meter/1');
  const check = {
    attributes: {
      source: {
        address: { socket_address: { address: '10.20.0.7' } },
        certificate: encodeURIComponent(leaf.pem),
      },
      request: { http: { method: 'GET', path: '/', host: 'h' } },
    },
  };
  const health = async (): Promise<string> => {
    const answer = await rawClient(t, server.address('local')).call({
      path: '/grpc.health.v1.Health/Check',
      body: [Buffer.alloc(5)],
    });
    // HealthCheckResponse{status}: SERVING is 1, NOT_SERVING is 2.
    return answer.message?.toString('hex') ?? '';
  };

  for (const [what, bytes, told] of corrupt) {
    put(bytes);
    await until(async () => told.test((await server.status()).bundle.error ?? ''));
    const { decisionId, ...wire } = await asked.check(check);
    t.deepEqual(
      wire,
      { code: 7, http: 503, retryAfter: true, class: 'retry_later', reason: 'policy.bundle_missing' },
      what,
    );
    const record = await asked.record(decisionId);
    t.like(record, { outcome: 'deny', enforced: true, versions: { bundle: null }, verdict: null });
    t.like(record.faults, [
      { code: 'policy.bundle_missing', stage: 'policy', message: 'no policy is loaded' },
    ]);
  }
  const ready = await server.page('/readyz');
  t.is(ready.status, 503);
  t.like(JSON.parse(ready.body), { ready: false, missing: ['policy'] });
  t.is(await health(), '0802');
  t.is((await server.page('/healthz')).status, 200);

  put(packed());
  await until(async () => (await asked.check(check)).code === 0);
  await until(async () => (await server.status()).bundle.error === null);
  t.is(await health(), '0801');
  const { digest } = (await server.status()).bundle;

  for (const [what, bytes, told] of corrupt) {
    put(bytes);
    await until(async () => told.test((await server.status()).configuration.last_error?.message ?? ''));
    t.like(await asked.check(check), { code: 0, http: 200, reason: 'policy.ok' }, what);
    t.is((await server.status()).bundle.digest, digest, what);
    t.is(valueOf(await server.metrics(), 'portreeve_reload_error', {}), 1, what);
    t.is((await server.page('/readyz')).status, 200, what);
    // Each is refused on its own, not because the last one was.
    put(packed({ revision: what }));
    await until(async () => (await server.status()).configuration.last_error === null);
    put(packed());
    await until(async () => (await server.status()).bundle.digest === digest);
  }
});
