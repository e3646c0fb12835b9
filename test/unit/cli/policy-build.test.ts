import { createPublicKey } from 'node:crypto';
import { appendFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { bundleFilesOf, defaultBundlePath, parseBundle } from '../../../src/policy/bundle.ts';
import { packFiles } from '../../../src/policy/pack-bundle.ts';
import { readSelfTest } from '../../../src/policy/self-test-file.ts';
import { verifySignatures } from '../../../src/policy/signatures/verify.ts';
import { findCompiler, opa, withOpa } from '../../helpers/policies.ts';
import { projectFolder, smallProject } from '../../helpers/policy-projects.ts';
import { makeSigningKeys } from '../../helpers/signed-bundles.ts';
import { needing } from '../../helpers/skip.ts';
import { onlyObject, portreeveHere } from './helpers/run.ts';

const env = { PORTREEVE_OPA: opa.path };

function run(cwd: string, ...args: readonly string[]) {
  return portreeveHere(['policy', ...args], { cwd, env });
}

withOpa(
  'the same sources give the same bytes in another folder, self-test of new keys and certificates included',
  async (t) => {
    const folder = projectFolder(t, smallProject);
    const other = projectFolder(t, {});
    cpSync(folder, other, { recursive: true });
    const [one, again, elsewhere] = [
      await run(folder, 'build', '--out', 'one.tar.gz', '--json'),
      await run(folder, 'build', '--out', 'again.tar.gz', '--json'),
      await run(dirname(other), 'build', other, '--json'),
    ];
    t.is(one.code, 0, one.stdout);
    const bytes = readFileSync(join(folder, 'one.tar.gz'));
    t.deepEqual(readFileSync(join(folder, 'again.tar.gz')), bytes, again.stdout);
    t.deepEqual(readFileSync(join(other, 'bundle.tar.gz')), bytes, elsewhere.stdout);
    const { sha256, signed } = onlyObject(one);
    t.deepEqual([sha256, signed], [parseBundle(bytes).digest, null]);
  },
);

withOpa(
  'a bundle says what its project says: program, reasons, sources, and the cases that travel',
  async (t) => {
    const folder = projectFolder(t, smallProject);
    t.is((await run(folder, 'build')).code, 0);
    const bundle = parseBundle(readFileSync(join(folder, 'bundle.tar.gz')));
    t.is(bundle.requires, '>=0.1.0');
    t.deepEqual([...(bundle.reasons?.keys() ?? [])], ['custom.night']);
    t.deepEqual(bundle.data, { ttl_s: 60 });
    t.deepEqual(bundle.inputKeys, ['key_digest', 'minute_of_day']);
    const cases = readSelfTest(bundle)?.cases ?? [];
    t.deepEqual(
      cases.map(({ title, expect }) => [title, (expect as { readonly allow: boolean }).allow]),
      [
        ['cases/travelling.yaml: by day', true],
        ['cases/travelling.yaml: by night', false],
      ],
    );
    const shown = onlyObject(await run(folder, 'inspect', 'bundle.tar.gz', '--self-test', '--json'));
    t.deepEqual(Object.keys(shown['sources'] as object), [
      'cases/travelling.yaml',
      'data/site.yaml',
      'policy.yaml',
      'rego/policy.rego',
    ]);
    t.deepEqual([shown['self_test_cases'], shown['self_test_problems'], shown['signature']], [2, [], null]);
  },
);

const foreignProject = {
  'policy.yaml': 'version: 1\ncompat: opa-envoy\nself_test: [cases/requests.yaml]\n',
  'rego/policy.rego': `package envoy.authz

default allow := {"allowed": false}

allow := {"allowed": true, "headers": {"x-trace": uuid.rfc4122("t"), "x-seen": sprintf("%d", [time.now_ns()])}} if {
	input.attributes.request.http.method == "GET"
	input.attributes.request.http.headers["x-team"] == "berth"
	input.attributes.request.http.headers["x-attestation"]
	input.attributes.source.certificate
}
`,
  'cases/requests.yaml': `at: 2026-06-01T12:00:00Z
fixtures:
  cases:
    berth:
      certificate: { id: "spiffe://example.org/meter/1" }
      attestation: {}
      network: { headers: { x-team: berth } }
cases:
  - title: a reader of the berth
    base: berth
    network: { http: { method: GET } }
    expect: { outcome: allow }
  - title: a writer of the berth
    base: berth
    expect: { outcome: deny }
`,
};

withOpa(
  'cases of a policy for opa-envoy-plugin travel with the request and the time that its rules saw',
  async (t) => {
    const folder = projectFolder(t, foreignProject);
    const built = await run(folder, 'build');
    t.is(built.code, 0, built.stderr);
    const bytes = readFileSync(join(folder, 'bundle.tar.gz'));
    const cases = readSelfTest(parseBundle(bytes))?.cases ?? [];
    t.deepEqual(
      cases.map(({ expect }) => (expect as { readonly allow?: boolean }).allow),
      [true, false],
    );
    t.regex(JSON.stringify(cases[0]?.expect), /"name":"x-seen","value":"1780315200000000000"/);
    const shown = onlyObject(await run(folder, 'inspect', 'bundle.tar.gz', '--self-test', '--json'));
    t.deepEqual([shown['self_test_cases'], shown['self_test_problems']], [2, []]);
    t.is((await run(folder, 'build', '--out', 'again.tar.gz')).code, 0);
    t.deepEqual(
      readFileSync(join(folder, 'again.tar.gz')),
      bytes,
      'the same with new certificates and tokens',
    );
  },
);

withOpa(
  'a case that does not come out as it expects keeps the bundle from being built, and answers 1',
  async (t) => {
    const cases = (smallProject['cases/travelling.yaml'] ?? '').replace('outcome: allow', 'outcome: deny');
    const folder = projectFolder(t, { ...smallProject, 'cases/travelling.yaml': cases });
    const { code, stderr } = await run(folder, 'build');
    t.is(code, 1);
    t.regex(stderr, /PDP_CASES_FAILED: cases\/travelling\.yaml:3: by day/);
    t.false(existsSync(join(folder, 'bundle.tar.gz')));
  },
);

withOpa(
  'a policy that does not compile answers 5 with the compiler’s words and writes nothing',
  async (t) => {
    const folder = projectFolder(t, {
      ...smallProject,
      'rego/policy.rego': 'package portreeve\n\ndecision := nope\n',
    });
    const { code, stderr } = await run(folder, 'build');
    t.is(code, 5);
    t.regex(stderr, /PDP_POLICY_INVALID: opa build: .*rego\/policy\.rego:3: .+nope/s);
    t.false(existsSync(join(folder, 'bundle.tar.gz')));
  },
);

withOpa('a project or compiler that is not there answers 2', async (t) => {
  const folder = projectFolder(t, smallProject);
  t.is((await run(folder, 'build', 'nowhere')).code, 2);
  const { code, stderr } = await run(folder, 'build', '--opa', 'nowhere/opa');
  t.is(code, 2);
  t.regex(stderr, /PDP_OPA_UNAVAILABLE/);
});

for (const [algorithm, repeats] of [
  ['ES256', false],
  ['RS256', true],
  ['EdDSA', true],
] as const) {
  withOpa(
    `--sign signs by ${algorithm}, by the kind of the key, and a second build keeps the bytes`,
    async (t) => {
      const keys = makeSigningKeys(algorithm);
      const folder = projectFolder(t, {
        ...smallProject,
        'key.pem': keys.privatePem,
        'key.pub': keys.publicPem,
      });
      const sign = ['--sign', 'key.pem', '--key-id', 'policy-2026', '--scope', 'plant'];
      const built = await run(folder, 'build', ...sign, '--json');
      t.is(built.code, 0, built.stdout);
      t.deepEqual(onlyObject(built)['signed'], { algorithm, key_id: 'policy-2026', scope: 'plant' });
      const bytes = readFileSync(join(folder, 'bundle.tar.gz'));
      const key = createPublicKey(keys.publicPem);
      const verified = await verifySignatures(bundleFilesOf(bytes), [
        { id: 'policy-2026', key, algorithm, scope: 'plant' },
      ]);
      t.is(verified.keyId, 'policy-2026');

      t.is((await run(folder, 'build', ...sign)).code, 0);
      t.deepEqual(readFileSync(join(folder, 'bundle.tar.gz')), bytes);
      rmSync(join(folder, 'bundle.tar.gz'));
      t.is((await run(folder, 'build', ...sign)).code, 0);
      // ECDSA has a random part: without the bundle of before, its signature is another.
      t.is(readFileSync(join(folder, 'bundle.tar.gz')).equals(bytes), repeats);
    },
  );
}

withOpa(
  'a bundle of before is not kept where the sources, the key, its name or the scope are others',
  async (t) => {
    const keys = makeSigningKeys('EdDSA');
    const folder = projectFolder(t, {
      ...smallProject,
      'key.pem': keys.privatePem,
      'other.pem': makeSigningKeys('EdDSA').privatePem,
    });
    const built = async (...args: readonly string[]) => {
      t.is((await run(folder, 'build', ...args)).code, 0);
      return readFileSync(join(folder, 'bundle.tar.gz'), 'latin1');
    };
    const made = [
      await built('--sign', 'key.pem'),
      await built('--sign', 'key.pem', '--key-id', 'a'),
      await built('--sign', 'key.pem', '--key-id', 'a', '--scope', 'b'),
      await built('--sign', 'other.pem', '--key-id', 'a', '--scope', 'b'),
      await built(),
    ];
    appendFileSync(join(folder, 'data/site.yaml'), 'more: 1\n');
    made.push(await built('--sign', 'key.pem'));
    t.is(new Set(made).size, made.length);
  },
);

withOpa(
  '--check writes nothing, answers 0 where the bundle is what its sources make, and 1 with what differs',
  async (t) => {
    const keys = makeSigningKeys('ES256');
    const folder = projectFolder(t, { ...smallProject, 'key.pem': keys.privatePem });
    const absent = await run(folder, 'build', '--check');
    t.is(absent.code, 1);
    t.false(existsSync(join(folder, 'bundle.tar.gz')));
    await run(folder, 'build', '--sign', 'key.pem');
    const before = readFileSync(join(folder, 'bundle.tar.gz'));
    t.is((await run(folder, 'build', '--check')).code, 0);
    t.is((await run(folder, 'build', '--check', '--sign', 'key.pem')).code, 0);
    const unlike = await run(folder, 'build', '--check', '--sign', 'key.pem', '--key-id', 'a');
    t.is(unlike.code, 1);
    t.regex(unlike.stdout, /the signature is not one by this key, name and scope/);

    appendFileSync(join(folder, 'rego/policy.rego'), '\n_unused := 1\n');
    const changed = await run(folder, 'build', '--check', '--json');
    t.is(changed.code, 1);
    t.true(
      (onlyObject(changed)['differences'] as string[]).includes(
        'rego/policy.rego: changed since the bundle was built',
      ),
    );
    t.deepEqual(readFileSync(join(folder, 'bundle.tar.gz')), before);
  },
);

withOpa('what cannot sign is refused as usage', async (t) => {
  const folder = projectFolder(t, {
    ...smallProject,
    'ec.pem': makeSigningKeys('ES256').privatePem,
    'public.pem': makeSigningKeys('ES256').publicPem,
  });
  for (const [args, told] of [
    [['--sign', 'ec.pem', '--signing-alg', 'RS256'], /cannot sign by RS256/],
    [['--sign', 'ec.pem', '--signing-alg', 'HS256'], /Allowed choices are ES256/],
    [['--sign', 'public.pem'], /private key .+public\.pem/],
    [['--sign', 'nowhere.pem'], /nowhere\.pem/],
    [['--key-id', 'a'], /of --sign, which is missing/],
  ] as const) {
    const { code, stderr } = await run(folder, 'build', ...args);
    t.is(code, 2, args.join(' '));
    t.regex(stderr, told);
  }
});

withOpa('inspect verifies by a key, and refuses by name what does not hold', async (t) => {
  const keys = makeSigningKeys('ES256');
  const folder = projectFolder(t, {
    ...smallProject,
    'key.pem': keys.privatePem,
    'key.pub': keys.publicPem,
    'other.pub': makeSigningKeys('ES256').publicPem,
  });
  await run(folder, 'build', '--sign', 'key.pem', '--key-id', 'policy-2026');
  const verify = ['inspect', 'bundle.tar.gz', '--verification-key'];
  const good = onlyObject(await run(folder, ...verify, 'key.pub', '--json'));
  t.deepEqual(good['signature'], { algorithm: 'ES256', key_id: 'policy-2026', scope: null, verified: true });
  const unverified = await run(folder, 'inspect', 'bundle.tar.gz');
  t.regex(unverified.stdout, /signature +ES256 by "policy-2026", not verified/);
  for (const [args, code] of [
    [['other.pub'], 'WRONG'],
    [['key.pub', '--key-id', 'policy-2025'], 'KEY_UNKNOWN'],
    [['key.pub', '--scope', 'plant'], 'SCOPE'],
    [['key.pub', '--signing-alg', 'ES384'], 'ALGORITHM'],
  ] as const) {
    const refused = await run(folder, ...verify, ...args);
    t.is(refused.code, 2);
    t.regex(refused.stderr, new RegExp(`PDP_BUNDLE_SIGNATURE_${code}: `));
  }
});

withOpa(
  'inspect --self-test answers 1 where a case comes out otherwise than when the bundle was built',
  async (t) => {
    const folder = projectFolder(t, smallProject);
    await run(folder, 'build');
    const files = new Map(bundleFilesOf(readFileSync(join(folder, 'bundle.tar.gz'))));
    files.set('data.json', Buffer.from('{"ttl_s": 61}'));
    writeFileSync(join(folder, 'changed.tar.gz'), packFiles(files));
    const { code, stdout } = await run(folder, 'inspect', 'changed.tar.gz', '--self-test');
    t.is(code, 1);
    t.regex(stdout, /0 of 2 cases came out as when it was built/);
    t.regex(stdout, /by day +expected \{.*"ttl_s":60\}, got \{.*"ttl_s":61\}/);
  },
);

const pinned = findCompiler(true);

needing(pinned.lack)(
  'the policy that ships is a project like any other: the same command makes its bundle',
  async (t) => {
    const rego = join(import.meta.dirname, '../../../rego');
    const args = ['policy', 'build', rego, '--check', '--out', defaultBundlePath, '--opa', pinned.path];
    const { code, stdout, stderr } = await portreeveHere(args);
    t.is(code, 0, stdout + stderr);
  },
);

test('inspect of what is no bundle answers 2', async (t) => {
  const folder = projectFolder(t, { 'bundle.tar.gz': 'text' });
  t.is((await run(folder, 'inspect', 'bundle.tar.gz')).code, 2);
  t.is((await run(folder, 'inspect', 'nowhere.tar.gz')).code, 2);
});
