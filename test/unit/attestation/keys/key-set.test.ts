import test from 'ava';
import { calculateJwkThumbprint } from 'jose';
import { KeyObject } from 'node:crypto';
import { readKeySet } from '../../../../src/attestation/keys/key-set.ts';
import { generateKeys, publicJwk } from '../../../../src/ca/index.ts';
import type { CryptoKeyPair } from '../../../../src/ca/index.ts';
import { lab, other, setOf } from '../fixtures.ts';

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const privateJwk = (keys: CryptoKeyPair) => KeyObject.from(keys.privateKey).export({ format: 'jwk' });
const refused = { code: 'PDP_KEYS_INVALID' };

test('a set, a single key and the discovery document of Veraison are read', async (t) => {
  const thumbprint = await calculateJwkThumbprint(publicJwk(lab));
  const set = await readKeySet(setOf(publicJwk(lab, 'a'), publicJwk(other, 'b')));
  t.like(set, {
    passedOver: 0,
    keys: [{ thumbprint, kid: 'a', alone: false, algorithm: 'ES256' }, { kid: 'b' }],
  });
  const single = await readKeySet(bytes(publicJwk(lab)));
  t.like(single.keys, [{ thumbprint, kid: null, alone: true }]);
  const discovery = { 'ear-verification-key': publicJwk(lab), version: '1', 'service-state': 'READY' };
  t.like((await readKeySet(bytes(discovery))).keys, [{ thumbprint, alone: true }]);
});

test('the algorithm comes from the key, whatever it says', async (t) => {
  for (const [kind, algorithm] of [
    ['ec-p256', 'ES256'],
    ['ec-p384', 'ES384'],
    ['ed25519', 'EdDSA'],
  ] as const) {
    const { alg: _, ...jwk } = publicJwk(await generateKeys(kind), 'k');
    t.is((await readKeySet(setOf(jwk))).keys[0]?.algorithm, algorithm);
  }
  await t.throwsAsync(readKeySet(setOf({ ...publicJwk(lab), alg: 'HS256' })), refused);
  await t.throwsAsync(readKeySet(setOf({ ...publicJwk(lab), alg: 'ES384' })), refused);
});

test('what is kept of a key is what makes it', async (t) => {
  const { keys } = await readKeySet(setOf({ ...publicJwk(lab, 'k'), x5c: ['AAAA'], more: 'x' }));
  t.deepEqual(Object.keys(JSON.parse(keys[0]?.jwk ?? '') as object), ['crv', 'kty', 'x', 'y']);
});

test('a set with a private key is refused whole, since somebody published a secret', async (t) => {
  await t.throwsAsync(readKeySet(setOf(publicJwk(lab, 'a'), privateJwk(other))), {
    ...refused,
    message: /private key/,
  });
  await t.throwsAsync(readKeySet(bytes(privateJwk(lab))), { ...refused, message: /private key/ });
  await t.throwsAsync(
    readKeySet(setOf(publicJwk(lab, 'a'), { kty: 'RSA', n: 'AQAB', e: 'AQAB', d: 'AQAB' })),
    {
      ...refused,
      message: /private key/,
    },
  );
});

test('a set with a symmetric key is refused whole', async (t) => {
  await t.throwsAsync(readKeySet(setOf(publicJwk(lab, 'a'), { kty: 'oct', kid: 's' })), {
    ...refused,
    message: /symmetric/,
  });
  await t.throwsAsync(readKeySet(setOf({ kty: 'EC', k: 'c2VjcmV0' })), {
    ...refused,
    message: /private key/,
  });
});

test('public keys for other purposes are passed over; a set of those alone is refused', async (t) => {
  const rsa = { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'r' };
  const encryption = { ...publicJwk(other, 'e'), use: 'enc' };
  const signing = { ...publicJwk(other, 's'), key_ops: ['sign'] };
  t.like(await readKeySet(setOf(rsa, encryption, signing, publicJwk(lab, 'a'))), {
    passedOver: 3,
    keys: [{ kid: 'a' }],
  });
  await t.throwsAsync(readKeySet(setOf(rsa, encryption)), { ...refused, message: /no public key/ });
  await t.throwsAsync(readKeySet(setOf()), { ...refused, message: /no public key/ });
});

test('two keys of one name, and one key twice, are refused', async (t) => {
  await t.throwsAsync(readKeySet(setOf(publicJwk(lab, 'a'), publicJwk(other, 'a'))), {
    ...refused,
    message: /one `kid`/,
  });
  await t.throwsAsync(readKeySet(setOf(publicJwk(lab, 'a'), publicJwk(lab, 'b'))), {
    ...refused,
    message: /twice/,
  });
});

test('what is no point of its curve is no key', async (t) => {
  const jwk = publicJwk(lab, 'a');
  const wrong = { ...jwk, y: Buffer.alloc(32, 1).toString('base64url') };
  await t.throwsAsync(readKeySet(setOf(wrong)), { ...refused, message: /a key that is none/ });
  await t.throwsAsync(readKeySet(setOf({ ...jwk, x: undefined })), refused);
  await t.throwsAsync(readKeySet(setOf({ ...jwk, x: 7 })), refused);
});

test('what is no set is refused: other JSON, repeated members, names that are none, too much', async (t) => {
  for (const text of [
    '',
    '[]',
    '7',
    '{"keys":{}}',
    '{"keys":[7]}',
    '{"keys":[],"keys":[]}',
    '<html>',
    '{"ear-verification-key":7}',
  ])
    await t.throwsAsync(readKeySet(Buffer.from(text)), refused, text);
  for (const kid of [7, '', null, 'k'.repeat(257)])
    await t.throwsAsync(readKeySet(setOf({ ...publicJwk(lab), kid })), refused, JSON.stringify(kid));
  await t.throwsAsync(readKeySet(setOf(...Array<object>(65).fill(publicJwk(lab)))), {
    ...refused,
    message: /more than 64/,
  });
  await t.throwsAsync(readKeySet(Buffer.alloc(256 * 1024 + 1, 0x20)), { ...refused, message: /larger/ });
});
