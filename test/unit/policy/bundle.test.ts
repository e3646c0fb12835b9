import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { sha256Hex } from '../../../src/lib/bytes.ts';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { defaultBundlePath, parseBundle, readBundle } from '../../../src/policy/bundle.ts';
import { packBundle, writeTar } from '../../../src/policy/pack-bundle.ts';

const runs = 100 * Number(process.env.SOAK_FACTOR ?? 1);
const invalid = { instanceOf: PortreeveError, code: 'PDP_BUNDLE_INVALID' };

const contents = {
  wasm: new Uint8Array([0, 97, 115, 109]),
  data: { portreeve: { thresholds: [1] } },
  revision: 'r1',
  inputVersion: 1,
  compiler: 'opa 1.22.2',
  sources: {},
};

const manifest = {
  revision: 'r1',
  wasm: [{ entrypoint: 'portreeve/decision', module: '/policy.wasm' }],
  metadata: { portreeve: { input_version: 1 } },
};

/** A bundle with parts left out (`null`) or replaced by a text. */
function bundleWith(parts: Readonly<Record<string, string | null>>): Uint8Array {
  const files = { '.manifest': JSON.stringify(manifest), 'data.json': '{}', 'policy.wasm': 'wasm', ...parts };
  const kept = Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== null);
  return gzipSync(writeTar(kept.map(([name, text]) => [`/${name}`, Buffer.from(text)] as const)));
}

test('the default bundle is there and is read', (t) => {
  const bundle = readBundle(null);
  t.is(bundle.digest, sha256Hex(readFileSync(defaultBundlePath)));
  t.is(bundle.inputVersion, 1);
  t.regex(bundle.revision, /^[0-9a-f]{64}$/);
  t.deepEqual(bundle.data, { portreeve: { classes: {} } });
});

test('what was packed is read back', (t) => {
  const bytes = packBundle(contents);
  const { wasm, ...rest } = parseBundle(bytes);
  t.deepEqual(Buffer.from(wasm), Buffer.from(contents.wasm));
  t.deepEqual(rest, {
    data: contents.data,
    revision: 'r1',
    entrypoint: 'portreeve/decision',
    inputVersion: 1,
    compat: null,
    reasons: new Map(),
    digest: sha256Hex(bytes),
  });
});

test('a bundle says which keys of the input its rules read, or that they may read all', (t) => {
  t.deepEqual(parseBundle(packBundle({ ...contents, inputKeys: ['door', 'pep'] })).inputKeys, [
    'door',
    'pep',
  ]);
  t.is(parseBundle(packBundle(contents)).inputKeys, undefined);
});

for (const name of ['sub/data.json', 'data.yaml', 'sub/data.yml', 'patch.json']) {
  test(`a bundle with ${name}, which OPA would merge into the data, is refused and not read without it`, (t) => {
    t.throws(() => parseBundle(bundleWith({ [name]: '{}' })), { ...invalid, message: new RegExp(name) });
  });
}

test('a file of data that only ends alike is of no concern', (t) => {
  t.deepEqual(parseBundle(bundleWith({ 'olddata.json': '{}' })).data, {});
});

test('numbers of the data that a double cannot hold reach the policy as they were written', (t) => {
  const { data } = parseBundle(bundleWith({ 'data.json': '{"limit": 12345678901234567890, "few": 2}' }));
  t.is(JSON.stringify(data), '{"limit":12345678901234567890,"few":2}');
  t.is(data['few'], 2);
});

test('a few bytes that unpack to more values than a policy can hold are refused before they are read', (t) => {
  const many = `[${'[],'.repeat(4_000_000)}0]`;
  const told = /data\.json has more than 1000000 values/;
  t.throws(() => parseBundle(bundleWith({ 'data.json': `{"many":${many}}` })), { ...invalid, message: told });
  t.throws(() => parseBundle(bundleWith({ 'sub/data.json': many })), { ...invalid, message: told });
  const large = { ...manifest, padding: ' '.repeat(3 * 1024 * 1024) };
  const tooLarge = { ...invalid, message: /\.manifest is larger than 2 MiB/ };
  t.throws(() => parseBundle(bundleWith({ '.manifest': JSON.stringify(large) })), tooLarge);
});

test('a long text with commas and brackets is one value', (t) => {
  const text = '[{,\\"'.repeat(400_000);
  t.deepEqual(parseBundle(bundleWith({ 'data.json': JSON.stringify({ text }) })).data, { text });
});

test('any module survives packing, also past the size of one stored block', (t) => {
  for (const size of [0, 1, 65_535, 65_536, 200_000]) {
    const wasm = Buffer.alloc(size, 'module');
    t.true(Buffer.from(parseBundle(packBundle({ ...contents, wasm })).wasm).equals(wasm));
  }
});

test('the same contents give the same bytes, without a time or a name in them', (t) => {
  const bytes = packBundle(contents);
  t.deepEqual(packBundle(structuredClone(contents)), bytes);
  t.deepEqual([...bytes.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
});

test('a bundle that wants a newer input is refused, naming both versions', (t) => {
  t.throws(() => parseBundle(packBundle({ ...contents, inputVersion: 7 })), {
    instanceOf: PortreeveError,
    code: 'PDP_FORMAT_NEWER',
    message: /version 7.*version 1/,
  });
});

const malformed: Readonly<Record<string, Uint8Array>> = {
  'not gzip': Buffer.from('portreeve'),
  'gzip of something else': gzipSync('portreeve'),
  'no manifest': bundleWith({ '.manifest': null }),
  'no module': bundleWith({ 'policy.wasm': null }),
  'no data': bundleWith({ 'data.json': null }),
  'a manifest that is not JSON': bundleWith({ '.manifest': '{' }),
  'a manifest that is a list': bundleWith({ '.manifest': '[]' }),
  'a manifest without a revision': bundleWith({
    '.manifest': JSON.stringify({ ...manifest, revision: undefined }),
  }),
  'a revision that fills pages': bundleWith({
    '.manifest': JSON.stringify({ ...manifest, revision: 'r'.repeat(2000) }),
  }),
  'a manifest that does not say its input version': bundleWith({
    '.manifest': JSON.stringify({ ...manifest, metadata: {} }),
  }),
  'an input version that is a text': bundleWith({
    '.manifest': JSON.stringify({ ...manifest, metadata: { portreeve: { input_version: '1' } } }),
  }),
  'keys of the input that are no list': bundleWith({
    '.manifest': JSON.stringify({
      ...manifest,
      metadata: { portreeve: { input_version: 1, input_keys: 'all' } },
    }),
  }),
  'a key of the input that is no name': bundleWith({
    '.manifest': JSON.stringify({
      ...manifest,
      metadata: { portreeve: { input_version: 1, input_keys: ['door', 7] } },
    }),
  }),
  'uses of keys that are none': bundleWith({
    '.manifest': JSON.stringify({
      ...manifest,
      metadata: { portreeve: { input_version: 1, input_only: { device_id: 'never' } } },
    }),
  }),
  'uses of keys that are a list': bundleWith({
    '.manifest': JSON.stringify({
      ...manifest,
      metadata: { portreeve: { input_version: 1, input_only: ['told'] } },
    }),
  }),
  'an input version of zero': bundleWith({
    '.manifest': JSON.stringify({ ...manifest, metadata: { portreeve: { input_version: 0 } } }),
  }),
  'a manifest without modules': bundleWith({ '.manifest': JSON.stringify({ ...manifest, wasm: undefined }) }),
  'another entrypoint': bundleWith({
    '.manifest': JSON.stringify({
      ...manifest,
      wasm: [{ entrypoint: 'other/decision', module: '/policy.wasm' }],
    }),
  }),
  'the entrypoint twice': bundleWith({
    '.manifest': JSON.stringify({ ...manifest, wasm: [manifest.wasm[0], manifest.wasm[0]] }),
  }),
  'data that is a list': bundleWith({ 'data.json': '[]' }),
  'data whose portreeve is a text': bundleWith({ 'data.json': '{"portreeve":"x"}' }),
};

for (const [what, bytes] of Object.entries(malformed)) {
  test(`${what}: refused`, (t) => {
    t.throws(() => parseBundle(bytes), invalid);
  });
}

test('a small file that unpacks to more than the limit is refused without unpacking it whole', (t) => {
  const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024));
  t.true(bomb.byteLength < 100_000);
  t.throws(() => parseBundle(bomb), { ...invalid, message: /larger than 64 MiB/ });
});

test('a file larger than the limit is refused unread', (t) => {
  t.throws(() => parseBundle(new Uint8Array(16 * 1024 * 1024 + 1)), {
    ...invalid,
    message: /larger than 16 MiB/,
  });
});

test('a bundle that is cut off or has a byte changed within its gzip layer is refused', (t) => {
  const bytes = gzipSync(gunzipSync(packBundle(contents)));
  t.throws(() => parseBundle(bytes.subarray(0, bytes.byteLength - 9)), invalid);
  const changed = Buffer.from(bytes);
  changed[bytes.byteLength - 6] = (changed[bytes.byteLength - 6] as number) ^ 1;
  t.throws(() => parseBundle(changed), invalid);
});

test('errors name the file', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const missing = join(folder, 'missing.tar.gz');
  t.throws(() => readBundle(missing), { ...invalid, message: new RegExp(missing) });
  const newer = join(folder, 'newer.tar.gz');
  writeFileSync(newer, packBundle({ ...contents, inputVersion: 2 }));
  t.throws(() => readBundle(newer), { code: 'PDP_FORMAT_NEWER', message: new RegExp(newer) });
  t.throws(() => readBundle(folder), { ...invalid, message: new RegExp(folder) });
});

test('arbitrary bytes are never a bundle and never anything but refused', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2048 }), fc.boolean(), (bytes, zipped) => {
      t.throws(() => parseBundle(zipped ? gzipSync(bytes) : bytes), invalid);
    }),
    { numRuns: runs },
  );
});
