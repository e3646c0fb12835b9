import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { bundleFilesOf, parseBundle } from '../../../../src/policy/bundle.ts';
import { packFiles } from '../../../../src/policy/pack-bundle.ts';
import { signFiles } from '../../../../src/policy/signatures/sign.ts';
import { signaturesFile } from '../../../../src/policy/signatures/types.ts';
import { verifySignatures } from '../../../../src/policy/signatures/verify.ts';
import { opa, policyFile, withOpa } from '../../../helpers/policies.ts';
import { makeSigningKeys, verifying, type SigningKeys } from '../../../helpers/signed-bundles.ts';

const algorithms = ['ES256', 'RS256', 'EdDSA'] as const;

const rego = `package portreeve

decision := {"allow": true, "reasons": [], "entitlements": [], "headers": {}, "session_limit_s": null, "ttl_s": data.ttl}
`;

/** Numbers and texts that writers of JSON write in different ways. */
const data = `{"ttl": 60, "n": [1.50, 1e3, -0, 12345678901234567890, 0.1], "ü": "<a>&\\u2028\\b", "\\u0001": "\\ud83d\\ude00", "z": {"b": {}, "a": []}}`;

function folderOf(t: ExecutionContext, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-sign-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

function run(
  cwd: string,
  ...args: readonly string[]
): { readonly status: number | null; readonly told: string } {
  const ran = spawnSync(opa.path, args, { cwd, encoding: 'utf8' });
  return { status: ran.status, told: ran.stdout + ran.stderr };
}

function must(t: ExecutionContext, cwd: string, ...args: readonly string[]): void {
  const { status, told } = run(cwd, ...args);
  t.is(status, 0, `opa ${args.join(' ')}: ${told}`);
}

/** Files of a bundle that opa itself can load, a self-test among them. */
function ourFiles(): ReadonlyMap<string, Uint8Array> {
  const files = new Map(bundleFilesOf(readFileSync(policyFile(rego))));
  files.set('data.json', Buffer.from(data));
  files.set('self-test.json', Buffer.from('{"format":1,"classes":[],"cases":[]}\n'));
  return files;
}

/** Whether opa verifies a bundle. */
function verifiedByOpa(
  t: ExecutionContext,
  files: ReadonlyMap<string, Uint8Array>,
  keys: SigningKeys,
  scope = '',
) {
  const folder = folderOf(t, { 'key.pub': keys.publicPem, 'bundle.tar.gz': packFiles(files) });
  const verify = ['--verification-key', 'key.pub', '--signing-alg', keys.algorithm, '--scope', scope];
  return run(folder, 'build', '-b', 'bundle.tar.gz', ...verify, '-o', 'out.tar.gz');
}

for (const algorithm of algorithms) {
  withOpa(`opa verifies what we sign by ${algorithm}, with a scope too`, async (t) => {
    const keys = makeSigningKeys(algorithm);
    for (const scope of ['', 'plant']) {
      const signed = await signFiles(ourFiles(), { ...keys, ...(scope && { scope }) });
      const { status, told } = verifiedByOpa(t, signed, keys, scope);
      t.is(status, 0, told);
    }
  });

  withOpa(
    `opa refuses what we sign by ${algorithm} once a file was changed, added or taken away`,
    async (t) => {
      const keys = makeSigningKeys(algorithm);
      const signed = await signFiles(ourFiles(), keys);
      const without = new Map(signed);
      without.delete('self-test.json');
      const wrong: readonly ReadonlyMap<string, Uint8Array>[] = [
        new Map([...signed, ['self-test.json', Buffer.from('{}')]]),
        new Map([...signed, ['extra.rego', Buffer.from('package extra')]]),
        without,
      ];
      for (const files of wrong) {
        t.is(verifiedByOpa(t, files, keys).status, 1);
        await t.throwsAsync(verifySignatures(files, [verifying(keys)]));
      }
      t.is(verifiedByOpa(t, signed, makeSigningKeys(algorithm)).status, 1);
    },
  );

  withOpa(`we accept what opa sign signs by ${algorithm}`, async (t) => {
    const keys = makeSigningKeys(algorithm);
    const files = ourFiles();
    const folder = folderOf(t, { ...Object.fromEntries(files), 'sub/note.txt': 'x' });
    const outside = folderOf(t, {
      'key.pem': keys.privatePem,
      'claims.json': '{"keyid": "policy-2026", "scope": "plant", "iss": "ci"}',
    });
    const sign = ['--signing-key', join(outside, 'key.pem'), '--signing-alg', algorithm];
    must(
      t,
      folder,
      'sign',
      ...sign,
      '--claims-file',
      join(outside, 'claims.json'),
      '--bundle',
      '.',
      '-o',
      outside,
    );
    const signed = new Map([
      ...files,
      ['sub/note.txt', Buffer.from('x')] as const,
      [signaturesFile, readFileSync(join(outside, signaturesFile))] as const,
    ]);
    t.deepEqual(await verifySignatures(signed, [verifying(keys, { scope: 'plant' })]), {
      keyId: 'policy-2026',
      algorithm,
      scope: 'plant',
    });
  });

  withOpa(`we accept and read what opa build makes and signs by ${algorithm}`, async (t) => {
    const keys = makeSigningKeys(algorithm);
    const folder = folderOf(t, {
      'source/policy.rego': rego,
      'source/data.json': data,
      'source/.manifest': '{"revision": "r1", "metadata": {"portreeve": {"input_version": 1}}}',
      'key.pem': keys.privatePem,
      'key.pub': keys.publicPem,
    });
    const sign = ['--signing-key', 'key.pem', '--signing-alg', algorithm];
    must(t, folder, 'sign', ...sign, '--bundle', 'source', '-o', 'source');
    const build = ['build', '-b', 'source', '-t', 'wasm', '-e', 'portreeve/decision', '-o', 'out.tar.gz'];
    must(t, folder, ...build, ...sign, '--verification-key', 'key.pub');
    const bytes = readFileSync(join(folder, 'out.tar.gz'));
    // The name that it gives keys unless a claims file gives another.
    const key = verifying(keys, { id: 'default' });
    t.is((await verifySignatures(bundleFilesOf(bytes), [key])).algorithm, algorithm);
    t.is(parseBundle(bytes).revision, 'r1');
  });
}

withOpa('what opa signs by a secret is refused: every verifier could sign by it', async (t) => {
  const folder = folderOf(t, Object.fromEntries(ourFiles()));
  const outside = folderOf(t, {});
  must(
    t,
    folder,
    'sign',
    '--signing-key',
    'secret',
    '--signing-alg',
    'HS256',
    '--bundle',
    '.',
    '-o',
    outside,
  );
  const signed = new Map([
    ...ourFiles(),
    [signaturesFile, readFileSync(join(outside, signaturesFile))] as const,
  ]);
  await t.throwsAsync(verifySignatures(signed, [verifying(makeSigningKeys('ES256'))]), {
    code: 'PDP_BUNDLE_SIGNATURE_ALGORITHM',
  });
});
