import test from 'ava';
import { readManifest } from '../../../src/policy/manifest.ts';
import { parseBundle } from '../../../src/policy/bundle.ts';
import { packBundle } from '../../../src/policy/pack-bundle.ts';
import { isAtLeast, readRequirement } from '../../../src/policy/requires.ts';

const contents = {
  wasm: new Uint8Array([0, 97, 115, 109]),
  data: {},
  revision: 'r1',
  inputVersion: 1,
  compiler: 'opa 1.22.2',
  sources: {},
};

function manifest(ours: object): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      revision: 'r1',
      wasm: [{ entrypoint: 'portreeve/decision', module: '/policy.wasm' }],
      metadata: { portreeve: { input_version: 1, ...ours } },
    }),
  );
}

test('a bundle that needs a newer program is refused by name', (t) => {
  t.throws(() => parseBundle(packBundle({ ...contents, requires: '>=99.0.0' })), {
    code: 'PDP_FORMAT_NEWER',
    message:
      /needs portreeve >=99\.0\.0, this is \d+\.\d+\.\d+: use a newer program, or a bundle built for this one/,
  });
});

test('what a newer program’s bundle says further does not hide that it is for a newer program', (t) => {
  const newer = manifest({ requires: '>=2.0.0', input_version: 'two', reasons: [], compat: 'other' });
  t.throws(() => readManifest(newer, '1.9.9'), { code: 'PDP_FORMAT_NEWER' });
});

for (const [program, requires] of [
  ['1.2.3', '>=1.2.3'],
  ['1.2.4', '>=1.2.3'],
  ['1.3.0', '>=1.2.3'],
  ['2.0.0', '>=1.9.9'],
  ['1.10.0', '>=1.9.0'],
  ['1.2.3-rc.1', '>=1.2.3'],
] as const) {
  test(`program ${program} runs a bundle that needs ${requires}`, (t) => {
    t.is(readManifest(manifest({ requires }), program).requires, requires);
  });
}

for (const [program, requires] of [
  ['1.2.2', '>=1.2.3'],
  ['1.1.9', '>=1.2.0'],
  ['0.9.9', '>=1.0.0'],
  ['1.9.0', '>=1.10.0'],
] as const) {
  test(`program ${program} refuses a bundle that needs ${requires}`, (t) => {
    t.throws(() => readManifest(manifest({ requires }), program), { code: 'PDP_FORMAT_NEWER' });
  });
}

for (const requires of ['1.0.0', '>1.0.0', '>=1.0', '^1.0.0', '', 1, null, ['>=1.0.0']]) {
  test(`a requirement that is ${JSON.stringify(requires)} is refused, not taken for none`, (t) => {
    t.throws(() => readManifest(manifest({ requires })), { code: 'PDP_BUNDLE_INVALID' });
  });
}

test('a requirement is three numbers, and the least of each counts from the left', (t) => {
  t.deepEqual(readRequirement('>=1.22.333'), [1, 22, 333]);
  t.is(readRequirement('>=1234567.0.0'), undefined);
  t.true(isAtLeast('1.0.0', [0, 99, 99]));
});

test('a bundle names its entrypoint where it is another, and is asked by it', (t) => {
  const bytes = packBundle({ ...contents, entrypoint: 'site/door/decision' });
  t.is(parseBundle(bytes).entrypoint, 'site/door/decision');
});

test('a bundle says whose input its rules are written for; one of an unknown kind is refused', (t) => {
  t.is(parseBundle(packBundle({ ...contents, compat: 'opa-envoy' })).compat, 'opa-envoy');
  t.throws(() => readManifest(manifest({ compat: 'cerbos' })), { code: 'PDP_BUNDLE_INVALID' });
});
