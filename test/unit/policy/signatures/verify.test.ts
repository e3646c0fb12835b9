import { createHmac } from 'node:crypto';
import test from 'ava';
import { CompactSign } from 'jose';
import { signFiles } from '../../../../src/policy/signatures/sign.ts';
import type { SignatureAlgorithm } from '../../../../src/policy/signatures/types.ts';
import { verifySignatures } from '../../../../src/policy/signatures/verify.ts';
import { hashBundleFile } from '../../../../src/policy/signatures/hash-file.ts';
import { makeSigningKeys, sampleFiles, verifying } from '../../../helpers/signed-bundles.ts';

type Files = ReadonlyMap<string, Uint8Array>;

const keys = makeSigningKeys('ES256');
const other = makeSigningKeys('ES256');
const signed = await signFiles(sampleFiles, { ...keys, keyId: 'policy-2026' });
const refused = (code: string) => ({ code: `PDP_BUNDLE_SIGNATURE_${code}` });

function changed(files: Files, changes: Readonly<Record<string, string | Uint8Array | null>>): Files {
  const all = new Map(files);
  for (const [name, content] of Object.entries(changes)) {
    if (content === null) all.delete(name);
    else all.set(name, Buffer.from(content));
  }
  return all;
}

/** The files with a signature over the payload that is given, whatever it says. */
async function signedOver(payload: object, header: object = {}): Promise<Files> {
  const token = await new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', ...header })
    .sign(keys.key);
  return changed(sampleFiles, { '.signatures.json': JSON.stringify({ signatures: [token] }) });
}

const listed = [...sampleFiles].map(([name, content]) => ({
  name,
  hash: hashBundleFile(name, content, 'SHA-256'),
  algorithm: 'SHA-256',
}));

for (const algorithm of ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'] as const) {
  test(`what is signed by ${algorithm} is verified, with the key, the algorithm and the scope told`, async (t) => {
    const made = makeSigningKeys(algorithm);
    const files = await signFiles(sampleFiles, { ...made, keyId: 'policy-2026', scope: 'plant' });
    t.deepEqual(await verifySignatures(files, [verifying(made, { scope: 'plant' })]), {
      keyId: 'policy-2026',
      algorithm,
      scope: 'plant',
    });
  });
}

for (const algorithm of ['RS256', 'EdDSA'] as const) {
  test(`the same files signed twice by ${algorithm} are the same bytes`, async (t) => {
    const made = makeSigningKeys(algorithm);
    t.deepEqual(await signFiles(sampleFiles, made), await signFiles(sampleFiles, made));
  });
}

test('an unsigned bundle is refused as unsigned, whatever keys count', async (t) => {
  await t.throwsAsync(verifySignatures(sampleFiles, [verifying(keys)]), refused('MISSING'));
  await t.throwsAsync(verifySignatures(sampleFiles, []), refused('MISSING'));
});

const tampered: Readonly<Record<string, [code: string, changes: Record<string, string | null>]>> = {
  'a file that was added': ['FILE_ADDED', { 'extra.rego': 'package extra' }],
  'a file that was added in a folder': ['FILE_ADDED', { 'sub/policy.wasm': 'x' }],
  'a file that was taken away': ['FILE_MISSING', { 'policy.wasm': null }],
  'a module that was changed': ['FILE_CHANGED', { 'policy.wasm': 'other' }],
  'data that was changed': ['FILE_CHANGED', { 'data.json': '{"portreeve":{"thresholds":[1,2.50,"ü"]}}' }],
  'a manifest that was changed': ['FILE_CHANGED', { '.manifest': '{"revision":"r2"}' }],
};
for (const [what, [code, changes]] of Object.entries(tampered)) {
  test(`${what} is refused with ${code}`, async (t) => {
    await t.throwsAsync(verifySignatures(changed(signed, changes), [verifying(keys)]), refused(code));
  });
}

test('data that a tool wrote anew with the same value still counts, as for OPA', async (t) => {
  const data = '{ "portreeve":\n { "thresholds": [1, 2.5, "\\u00fc"] } }';
  await t.notThrowsAsync(verifySignatures(changed(signed, { 'data.json': data }), [verifying(keys)]));
});

test('a signature by a key of another name is refused with KEY_UNKNOWN, even where it would fit', async (t) => {
  await t.throwsAsync(verifySignatures(signed, [verifying(keys, { id: 'policy-2025' })]), {
    ...refused('KEY_UNKNOWN'),
    message: /signed by "policy-2026"; the keys that count are "policy-2025"/,
  });
  await t.throwsAsync(verifySignatures(signed, []), refused('KEY_UNKNOWN'));
});

test('a signature that names no key is held against the only one there is; among several it is refused', async (t) => {
  const unnamed = await signFiles(sampleFiles, keys);
  t.is((await verifySignatures(unnamed, [verifying(keys)])).keyId, 'policy-2026');
  await t.throwsAsync(
    verifySignatures(unnamed, [verifying(keys), verifying(other, { id: 'other' })]),
    refused('KEY_UNKNOWN'),
  );
});

test('of several keys the one that the signature names counts', async (t) => {
  const both = [verifying(other, { id: 'other' }), verifying(keys)];
  t.is((await verifySignatures(signed, both)).keyId, 'policy-2026');
});

test('a name in the header of the token comes before the one among its claims', async (t) => {
  const files = await signedOver({ files: listed, keyid: 'other' }, { kid: 'policy-2026' });
  t.is((await verifySignatures(files, [verifying(keys)])).keyId, 'policy-2026');
});

test('what another key has signed under the name of one that counts is refused with WRONG', async (t) => {
  const forged = await signFiles(sampleFiles, { ...other, keyId: 'policy-2026' });
  await t.throwsAsync(verifySignatures(forged, [verifying(keys)]), refused('WRONG'));
});

test('a list that was changed after it was signed is refused with WRONG', async (t) => {
  const text = Buffer.from(signed.get('.signatures.json') ?? []).toString();
  const { signatures } = JSON.parse(text) as { signatures: [string] };
  const [head, , tail] = signatures[0].split('.');
  const body = Buffer.from(JSON.stringify({ files: listed.slice(1), keyid: 'policy-2026' })).toString(
    'base64url',
  );
  const files = changed(signed, {
    '.signatures.json': JSON.stringify({ signatures: [`${head}.${body}.${tail}`] }),
  });
  await t.throwsAsync(verifySignatures(files, [verifying(keys)]), refused('WRONG'));
});

for (const [what, alg] of [
  ['an algorithm other than the one of its key', 'ES384'],
  ['no algorithm', 'none'],
  ['a secret', 'HS256'],
] as const) {
  test(`a token by ${what} is refused with ALGORITHM before any key is used`, async (t) => {
    const head = Buffer.from(JSON.stringify({ alg })).toString('base64url');
    const body = Buffer.from(JSON.stringify({ files: listed })).toString('base64url');
    // With HS256 the public key itself is the secret: the classic confusion.
    const mac = createHmac('sha256', keys.publicPem).update(`${head}.${body}`).digest('base64url');
    const files = changed(sampleFiles, {
      '.signatures.json': JSON.stringify({ signatures: [`${head}.${body}.${mac}`] }),
    });
    await t.throwsAsync(verifySignatures(files, [verifying(keys)]), refused('ALGORITHM'));
  });
}

test('a key that is configured with an algorithm that it cannot do is refused with WRONG, never passed over', async (t) => {
  const files = await signFiles(sampleFiles, makeSigningKeys('RS256'));
  const odd = verifying(keys, { algorithm: 'RS256' as SignatureAlgorithm });
  await t.throwsAsync(verifySignatures(files, [odd]), refused('WRONG'));
});

for (const [what, scope, wanted] of [
  ['another scope', 'lab', 'plant'],
  ['no scope, where one is wanted,', undefined, 'plant'],
  ['a scope, where none is wanted,', 'lab', null],
] as const) {
  test(`a signature for ${what} is refused with SCOPE`, async (t) => {
    const files = await signFiles(sampleFiles, { ...keys, scope });
    await t.throwsAsync(verifySignatures(files, [verifying(keys, { scope: wanted })]), refused('SCOPE'));
  });
}

for (const algorithm of ['MD5', 'SHA-1', 'sha-256', '']) {
  test(`a list with hashes by ${algorithm || 'nothing'} is refused with ALGORITHM`, async (t) => {
    const files = await signedOver({ files: listed.map((file) => ({ ...file, algorithm })) });
    await t.throwsAsync(verifySignatures(files, [verifying(keys)]), refused('ALGORITHM'));
  });
}

const malformed: Readonly<Record<string, string>> = {
  'no JSON': 'signatures',
  'a list': '[]',
  'no signatures': '{}',
  'an empty list of signatures': '{"signatures": []}',
  'a token that is a number': '{"signatures": [1]}',
  'a token of two parts': '{"signatures": ["a.b"]}',
  'a token that is no token': '{"signatures": ["a.b.c"]}',
  'two signatures': '{"signatures": ["a.b.c", "a.b.c"]}',
  'its signatures twice': '{"signatures": ["a.b.c"], "signatures": ["a.b.c"]}',
};
for (const [what, text] of Object.entries(malformed)) {
  test(`a signature file with ${what} is refused as malformed`, async (t) => {
    const files = changed(sampleFiles, { '.signatures.json': text });
    await t.throwsAsync(verifySignatures(files, [verifying(keys)]), refused('MALFORMED'));
  });
}

const payloads: Readonly<Record<string, object>> = {
  'without files': {},
  'with files that are no list': { files: {} },
  'with a file without its hash': { files: [{ name: 'data.json', algorithm: 'SHA-256' }] },
  'with a file twice': { files: [...listed, listed[0]] },
  'with a file twice, once with a slash': { files: [...listed, { ...listed[0], name: '/.manifest' }] },
  'with a key that is a number': { files: listed, keyid: 1 },
  'with a scope that is a list': { files: listed, scope: ['plant'] },
};
for (const [what, payload] of Object.entries(payloads)) {
  test(`a list ${what} is refused as malformed`, async (t) => {
    const files = await signedOver(payload);
    await t.throwsAsync(verifySignatures(files, [verifying(keys)]), refused('MALFORMED'));
  });
}

test('a token with extensions that must be understood is refused as malformed', async (t) => {
  const files = await signedOver({ files: listed }, { crit: ['b64'], b64: true });
  await t.throwsAsync(verifySignatures(files, [verifying(keys)]), refused('MALFORMED'));
});

test('names with a leading slash and hashes in capitals are the same files', async (t) => {
  const files = await signedOver({
    files: listed.map((file) => ({ ...file, name: `/${file.name}`, hash: file.hash.toUpperCase() })),
  });
  await t.notThrowsAsync(verifySignatures(files, [verifying(keys)]));
});

test('an empty list of a bundle with files is refused with FILE_ADDED', async (t) => {
  await t.throwsAsync(
    verifySignatures(await signedOver({ files: [] }), [verifying(keys)]),
    refused('FILE_ADDED'),
  );
});
