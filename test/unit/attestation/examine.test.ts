import test from 'ava';
import { SignJWT } from 'jose';
import { createHmac } from 'node:crypto';
import { createExaminer } from '../../../src/attestation/examine.ts';
import { createKeyRing } from '../../../src/attestation/keys/key-ring.ts';
import { readKeySet } from '../../../src/attestation/keys/key-set.ts';
import { generateKeys, publicJwk, signToken } from '../../../src/ca/index.ts';
import { claims, examined, lab, now, other, readerOf, setOf, token, verifier } from './fixtures.ts';

async function codeOf(text: string, ...more: readonly Parameters<typeof verifier>[0][]): Promise<string> {
  const found = await examined(text, more[0]);
  return 'refused' in found ? found.refused.code : `by ${found.verifier.name}`;
}

const bytes = (jwk: object): Uint8Array => Buffer.from(JSON.stringify(jwk));

test("a token with a verifier's signature is that verifier's", async (t) => {
  t.is(await codeOf(token()), 'by lab');
});

test('a token that another implementation signed is read too', async (t) => {
  const text = await new SignJWT(claims())
    .setProtectedHeader({ alg: 'ES256', kid: 'lab-1', typ: 'JWT' })
    .sign(lab.privateKey);
  t.is(await codeOf(text), 'by lab');
});

test('every algorithm of the list verifies with its own kind of key, and with no other', async (t) => {
  for (const [kind, algorithm] of [
    ['ec-p256', 'ES256'],
    ['ec-p384', 'ES384'],
    ['ed25519', 'EdDSA'],
  ] as const) {
    const keys = await generateKeys(kind);
    const set = await readKeySet(setOf(publicJwk(keys, 'k')));
    const text = signToken(keys, claims(), { kid: 'k' });
    const all = { keys: set.keys, algorithms: new Set(['ES256', 'ES384', 'EdDSA'] as const) };
    t.is(await codeOf(text, all), 'by lab', algorithm);
    t.is(await codeOf(text, { ...all, algorithms: new Set([algorithm]) }), 'by lab', algorithm);
    const others = new Set((['ES256', 'ES384', 'EdDSA'] as const).filter((one) => one !== algorithm));
    t.is(
      await codeOf(text, { ...all, algorithms: others }),
      'attestation.signature_invalid',
      `not ${algorithm}`,
    );
  }
});

test('RFC 9864 may spell the algorithm of Ed25519', async (t) => {
  const keys = await generateKeys('ed25519');
  const set = await readKeySet(setOf(publicJwk(keys, 'k')));
  const text = signToken(keys, claims(), { kid: 'k', alg: 'Ed25519' });
  t.is(await codeOf(text, { keys: set.keys, algorithms: new Set(['EdDSA']) }), 'by lab');
});

test('a public key as the secret of a MAC signs nothing', async (t) => {
  const [, body] = token().split('.');
  const head = Buffer.from('{"alg":"HS256","kid":"lab-1"}').toString('base64url');
  const secret = JSON.stringify(publicJwk(lab, 'lab-1'));
  const mac = createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url');
  t.is(await codeOf(`${head}.${body}.${mac}`), 'attestation.malformed');
});

test("an algorithm that is not the key's is no signature of it", async (t) => {
  t.is(await codeOf(token(claims(), { alg: 'ES384' })), 'attestation.signature_invalid');
  t.is(await codeOf(token(claims(), { alg: 'EdDSA' })), 'attestation.signature_invalid');
});

test('a key that the header brings along verifies nothing', async (t) => {
  const header = { kid: 'lab-1', jwk: publicJwk(other), jku: 'https://evil.example/keys', x5c: ['AAAA'] };
  t.is(await codeOf(signToken(other, claims(), header)), 'attestation.signature_invalid');
});

test('a name that is a path, a query or a prototype finds no key', async (t) => {
  for (const kid of [
    '../lab-1',
    "lab-1' OR 1=1 --",
    '__proto__',
    'constructor',
    'LAB-1',
    'lab-1 ',
    'lab-1\u0000',
  ])
    t.is(await codeOf(signToken(lab, claims(), { kid })), 'attestation.verifier_untrusted', kid);
});

test('a token without a name is tried with keys that need none alone', async (t) => {
  const text = signToken(lab, claims());
  t.is(await codeOf(text), 'attestation.verifier_untrusted');
  const alone = await readKeySet(bytes(publicJwk(lab)));
  t.is(await codeOf(text, { keys: alone.keys }), 'by lab');
  const named = await readKeySet(bytes(publicJwk(lab, 'lab-1')));
  t.is(await codeOf(text, { keys: named.keys }), 'by lab');
  t.is(await codeOf(token(), { keys: named.keys }), 'by lab');
  t.is(
    await codeOf(token(claims(), { kid: 'lab-2' }), { keys: named.keys }),
    'attestation.verifier_untrusted',
  );
  t.is(await codeOf(token(), { keys: alone.keys }), 'attestation.verifier_untrusted');
});

test('two verifiers that call their keys the same are told apart by the signature', async (t) => {
  const { keys } = await readKeySet(setOf(publicJwk(other, 'lab-1')));
  const ring = createKeyRing([await verifier({ name: 'imitator', keys }), await verifier()], readerOf());
  const found = await createExaminer(ring).examine(token(), now);
  t.is('verifier' in found && found.verifier.name, 'lab');
});

test('claims are read only once a signature has been verified', async (t) => {
  t.is(await codeOf(signToken(other, '{', { kid: 'lab-1' })), 'attestation.signature_invalid');
  t.is(await codeOf(token('{')), 'attestation.malformed');
});

test('what was verified is remembered; whether its key counts is not', async (t) => {
  let calls = 0;
  const published = await verifier();
  const ring = createKeyRing([published], readerOf());
  const counting = {
    ...ring,
    candidates: (...asked: Parameters<typeof ring.candidates>) => (calls++, ring.candidates(...asked)),
  };
  const examiner = createExaminer(counting);
  const text = token();
  const first = await examiner.examine(text, now);
  const second = await examiner.examine(text, now + 1000);
  t.is(calls, 1);
  t.is('ear' in first && first.ear, 'ear' in second && second.ear);
});

test('a token is forgotten once it has expired', async (t) => {
  let calls = 0;
  const ring = createKeyRing([await verifier()], readerOf());
  const examiner = createExaminer({
    ...ring,
    candidates: (...asked) => (calls++, ring.candidates(...asked)),
  });
  const text = token();
  for (const at of [now, now + 700_000, now + 700_001]) await examiner.examine(text, at);
  t.is(calls, 2);
  t.like(examiner.stats(), { entries: 1, hits: 1, misses: 2, evictions: 1 });
});

test('a memory that is full forgets, and still answers', async (t) => {
  const ring = createKeyRing([await verifier()], readerOf());
  const examiner = createExaminer(ring, { tokens: 2, characters: 2000 });
  const bytes = { held: 0, bound: 2000 };
  const empty = { entries: 0, bound: 2, bytes, hits: 0, misses: 0, evictions: 0 };
  t.deepEqual(examiner.stats(), { name: 'attestation_tokens', ...empty });
  for (let at = 0; at < 6; at++) {
    const found = await examiner.examine(token({ ...claims(), jti: String(at) }), now);
    t.true('ear' in found);
  }
  const { entries, bytes: taken, misses, evictions } = examiner.stats();
  t.is(entries + evictions, misses);
  t.is(taken?.held, entries * token({ ...claims(), jti: '0' }).length);
  t.true(entries > 0);
});
