import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { CompactSign } from 'jose';
import { readVerifyKeys } from '../../../../src/server/sources/statement-keys.ts';
import { signStatement, verifyStatement } from '../../../../src/server/sources/statement.ts';
import type { SourceStatement } from '../../../../src/server/sources/statement.ts';
import { withOpenssl } from '../../../helpers/openssl.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';
import { start } from './bench.ts';

const sha256 = 'ab'.repeat(32);
const wanted = { kind: 'devices', name: 'office', now: start, about: 'd.jws' } as const;
const statement: SourceStatement = { kind: 'devices', sequence: 42, sha256 };

const pairs: readonly (readonly [
  string,
  { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
])[] = [
  ['Ed25519', generateKeyPairSync('ed25519')],
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['P-521', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 })],
];
const { publicKey, privateKey } = generateKeyPairSync('ed25519');

for (const [name, pair] of pairs) {
  test(`a statement signed with ${name} reads back, and under no other key`, async (t) => {
    const text = await signStatement(statement, pair.privateKey);
    t.deepEqual(await verifyStatement(text, [publicKey, pair.publicKey], wanted), statement);
    await t.throwsAsync(verifyStatement(text, [publicKey], wanted), { code: 'PDP_SOURCE_REFUSED' });
  });
}

test('keys that sign no statements are refused in words', async (t) => {
  const { privateKey: secp } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  await t.throwsAsync(signStatement(statement, secp), { message: /secp256k1 signs no statements/ });
});

function signed(payload: unknown, header: object = {}): Promise<string> {
  const bytes = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return new CompactSign(bytes)
    .setProtectedHeader({ alg: 'EdDSA', typ: 'portreeve-source', ...header })
    .sign(privateKey);
}

const wrong: readonly (readonly [string, () => Promise<string>, RegExp])[] = [
  ['no JWS', () => Promise.resolve('hello'), /is no JWS/],
  ['nothing', () => Promise.resolve(''), /is no JWS/],
  ['another typ', () => signed({ ...statement }, { typ: 'JWT' }), /its typ is not portreeve-source/],
  ['another kind', () => signed({ ...statement, kind: 'firmware' }), /about firmware, not about devices/],
  ['an unknown kind', () => signed({ ...statement, kind: 'people' }), /kind must be one of/],
  [
    'for another source',
    () => signed({ ...statement, name: 'plant' }),
    /for the source "plant", not for office/,
  ],
  ['a name that is none', () => signed({ ...statement, name: '' }), /name must be/],
  ['no sequence', () => signed({ kind: 'devices', sha256 }), /sequence must be/],
  ['a sequence of text', () => signed({ ...statement, sequence: '42' }), /sequence must be/],
  ['a negative sequence', () => signed({ ...statement, sequence: -1 }), /sequence must be/],
  ['a sequence that is not exact', () => signed({ ...statement, sequence: 2 ** 53 }), /sequence must be/],
  ['an upper-case digest', () => signed({ ...statement, sha256: sha256.toUpperCase() }), /sha256 must be/],
  ['an unknown claim', () => signed({ ...statement, url: 'x' }), /"url", which is not known/],
  ['an exp of text', () => signed({ ...statement, exp: 'never' }), /exp must be/],
  ['an exp that has passed', () => signed({ ...statement, exp: start / 1000 }), /ended at/],
  ['no JSON', () => signed('{'), /no JSON/],
  ['a list', () => signed('[]'), /no JSON object/],
];
for (const [name, make, message] of wrong) {
  test(`a statement that is ${name} is refused`, async (t) => {
    await t.throwsAsync(
      make().then((text) => verifyStatement(text, [publicKey], wanted)),
      {
        code: 'PDP_SOURCE_REFUSED',
        message,
      },
    );
  });
}

test('a statement that names its source counts for that one, and one without only where its key signs for no other', async (t) => {
  const named = { ...statement, name: 'office' };
  const mustName = { ...wanted, mustName: true };
  t.deepEqual(await verifyStatement(await signStatement(named, privateKey), [publicKey], mustName), named);
  const text = await signStatement(statement, privateKey);
  t.deepEqual(await verifyStatement(text, [publicKey], wanted), statement);
  await t.throwsAsync(verifyStatement(text, [publicKey], mustName), {
    code: 'PDP_SOURCE_REFUSED',
    message: /names no source.*--name office/,
  });
});

test('neither an unsigned statement nor one keyed with the public key itself counts', async (t) => {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = encode({ ...statement });
  const none = `${encode({ alg: 'none', typ: 'portreeve-source' })}.${body}.`;
  const head = `${encode({ alg: 'HS256', typ: 'portreeve-source' })}.${body}`;
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const keyed = `${head}.${createHmac('sha256', pem).update(head).digest('base64url')}`;
  for (const text of [none, keyed]) {
    await t.throwsAsync(verifyStatement(text, [publicKey], wanted), { code: 'PDP_SOURCE_REFUSED' });
  }
});

test('a changed byte anywhere breaks a statement', async (t) => {
  const text = await signStatement(statement, privateKey);
  for (const at of [3, text.indexOf('.') + 5, text.length - 5]) {
    const other = text[at] === 'A' ? 'B' : 'A';
    const changed = text.slice(0, at) + other + text.slice(at + 1);
    await t.throwsAsync(verifyStatement(changed, [publicKey], wanted), { code: 'PDP_SOURCE_REFUSED' });
  }
});

test('keys are read from PEM, JWK and JWKS, several at once; private and symmetric ones are refused', (t) => {
  const pem = pairs.map(([, pair]) => pair.publicKey.export({ type: 'spki', format: 'pem' })).join('');
  t.is(readVerifyKeys(pem, 'f').length, 5);
  const jwk = publicKey.export({ format: 'jwk' });
  t.true(readVerifyKeys(JSON.stringify(jwk), 'f')[0]?.equals(publicKey));
  t.is(readVerifyKeys(JSON.stringify({ keys: [jwk, jwk] }), 'f').length, 2);
  const refused = [
    '',
    '{}',
    '{"keys":[]}',
    '{"kty":"oct","k":"AAAA"}',
    JSON.stringify(privateKey.export({ format: 'jwk' })),
    privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    pem + pem,
  ];
  for (const text of refused) t.throws(() => readVerifyKeys(text, 'f'), { code: 'PDP_SOURCE_REFUSED' }, text);
});

withOpenssl('a statement that openssl has signed counts', async (t) => {
  const folder = temporaryFolder(t);
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): Buffer =>
    execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  openssl('genpkey', '-algorithm', 'ed25519', '-out', at('key.pem'));
  openssl('pkey', '-in', at('key.pem'), '-pubout', '-out', at('pub.pem'));
  const encode = (text: string): string => Buffer.from(text).toString('base64url');
  const head = `${encode('{"alg":"EdDSA","typ":"portreeve-source"}')}.${encode(JSON.stringify(statement))}`;
  writeFileSync(at('input'), head);
  const signature = openssl('pkeyutl', '-sign', '-rawin', '-inkey', at('key.pem'), '-in', at('input'));
  const text = `${head}.${signature.toString('base64url')}\n`;
  const keys = readVerifyKeys(readFileSync(at('pub.pem'), 'utf8'), 'pub.pem');
  t.true(keys[0]?.equals(createPublicKey(readFileSync(at('key.pem')))));
  t.deepEqual(await verifyStatement(text, keys, wanted), statement);
});
