import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import test from 'ava';
import { parsePublicKey } from '../../../src/identity/public-key.ts';
import { type SignatureVerdict, verifySignature } from '../../../src/identity/verify-signature.ts';
import { DerReader } from '../../../src/lib/der/reader.ts';
import { der } from '../lib/der/encode.ts';
import { oid } from './fleet.ts';

const data = Buffer.from('what is signed');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const weakRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const pkcs1 = (n: number) => der(0x30, oid(`1.2.840.113549.1.1.${n}`), der(0x05));
const plain = (dotted: string) => der(0x30, oid(dotted));
const sha = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1', sha384: '2.16.840.1.101.3.4.2.2' };

function pss(digest: keyof typeof sha, mask: keyof typeof sha, salt: number, trailer?: number): Buffer {
  const hash = (name: keyof typeof sha) => der(0x30, oid(sha[name]), der(0x05));
  const parts = [
    der(0xa0, hash(digest)),
    der(0xa1, der(0x30, oid('1.2.840.113549.1.1.8'), hash(mask))),
    der(0xa2, der(0x02, [salt])),
    ...(trailer === undefined ? [] : [der(0xa3, der(0x02, [trailer]))]),
  ];
  return der(0x30, oid('1.2.840.113549.1.1.10'), der(0x30, ...parts));
}

function judge(
  algorithmDer: Uint8Array,
  publicKey: KeyObject,
  signature: Uint8Array,
  weakDigest?: 'refuse' | 'verify',
): SignatureVerdict {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const key = parsePublicKey(new DerReader(spki).next());
  return verifySignature({ algorithmOid: '', algorithmDer, spki, key, data, signature }, weakDigest);
}

type Pair = { publicKey: KeyObject; privateKey: KeyObject };

const pair = (made: unknown): Pair => made as Pair;
const pssPadding = { padding: constants.RSA_PKCS1_PSS_PADDING };

const schemes: readonly [string, Uint8Array, Pair, (key: KeyObject) => Buffer][] = [
  ['RSA with SHA-256', pkcs1(11), rsa, (key) => sign('sha256', data, key)],
  ['RSA with SHA-384', pkcs1(12), rsa, (key) => sign('sha384', data, key)],
  ['RSA with SHA-512', pkcs1(13), rsa, (key) => sign('sha512', data, key)],
  ['RSA with absent parameters', plain('1.2.840.113549.1.1.11'), rsa, (key) => sign('sha256', data, key)],
  [
    'RSA-PSS with SHA-256',
    pss('sha256', 'sha256', 32),
    rsa,
    (key) => sign('sha256', data, { key, ...pssPadding, saltLength: 32 }),
  ],
  [
    'RSA-PSS with SHA-384',
    pss('sha384', 'sha384', 20, 1),
    rsa,
    (key) => sign('sha384', data, { key, ...pssPadding, saltLength: 20 }),
  ],
  [
    'RSA-PSS by an RSA-PSS key',
    pss('sha256', 'sha256', 32),
    pair(generateKeyPairSync('rsa-pss', { modulusLength: 2048 })),
    (key) => sign('sha256', data, { key, ...pssPadding, saltLength: 32 }),
  ],
  ['ECDSA P-256 with SHA-256', plain('1.2.840.10045.4.3.2'), ec, (key) => sign('sha256', data, key)],
  [
    'ECDSA P-384 with SHA-384',
    plain('1.2.840.10045.4.3.3'),
    pair(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
    (key) => sign('sha384', data, key),
  ],
  [
    'ECDSA P-521 with SHA-512',
    plain('1.2.840.10045.4.3.4'),
    pair(generateKeyPairSync('ec', { namedCurve: 'P-521' })),
    (key) => sign('sha512', data, key),
  ],
  ['Ed25519', plain('1.3.101.112'), pair(generateKeyPairSync('ed25519')), (key) => sign(null, data, key)],
  ['Ed448', plain('1.3.101.113'), pair(generateKeyPairSync('ed448')), (key) => sign(null, data, key)],
  [
    'ML-DSA-44',
    plain('2.16.840.1.101.3.4.3.17'),
    pair(generateKeyPairSync('ml-dsa-44')),
    (key) => sign(null, data, key),
  ],
  [
    'ML-DSA-65',
    plain('2.16.840.1.101.3.4.3.18'),
    pair(generateKeyPairSync('ml-dsa-65')),
    (key) => sign(null, data, key),
  ],
  [
    'ML-DSA-87',
    plain('2.16.840.1.101.3.4.3.19'),
    pair(generateKeyPairSync('ml-dsa-87')),
    (key) => sign(null, data, key),
  ],
];

for (const [name, algorithm, { publicKey, privateKey }, make] of schemes) {
  test(`${name} is verified, and a changed signature is not`, (t) => {
    const signature = make(privateKey);
    t.is(judge(algorithm, publicKey, signature), 'valid');
    signature[signature.length - 1] = (signature.at(-1) as number) ^ 1;
    t.is(judge(algorithm, publicKey, signature), 'invalid');
    t.is(judge(algorithm, publicKey, signature.subarray(1)), 'invalid');
    t.is(judge(algorithm, publicKey, Buffer.alloc(0)), 'invalid');
  });
}

test('SHA-1 and MD5 are weak, and verified only where the caller answers for it', (t) => {
  const sha1 = sign('sha1', data, rsa.privateKey);
  const md5 = sign('md5', data, rsa.privateKey);
  t.is(judge(pkcs1(5), rsa.publicKey, sha1), 'weak');
  t.is(judge(pkcs1(4), rsa.publicKey, md5), 'weak');
  t.is(judge(plain('1.2.840.10045.4.1'), ec.publicKey, sign('sha1', data, ec.privateKey)), 'weak');
  t.is(judge(pss('sha1', 'sha1', 20), rsa.publicKey, sha1), 'weak');
  t.is(judge(pkcs1(5), rsa.publicKey, sha1, 'verify'), 'valid');
  t.is(judge(pkcs1(5), rsa.publicKey, md5, 'verify'), 'invalid');
});

test('a key below today’s strength is weak, and verified only where the caller answers for it', (t) => {
  const signature = sign('sha256', data, weakRsa.privateKey);
  t.is(judge(pkcs1(11), weakRsa.publicKey, signature), 'weak');
  t.is(judge(pkcs1(11), weakRsa.publicKey, signature, 'verify'), 'valid');
  t.is(judge(pkcs1(11), weakRsa.publicKey, Buffer.alloc(128, 1), 'verify'), 'invalid');
  const tiny = generateKeyPairSync('rsa', { modulusLength: 768 });
  t.is(judge(pkcs1(11), tiny.publicKey, sign('sha256', data, tiny.privateKey), 'verify'), 'weak');
});

test('unknown algorithms, parameters and keys are unsupported', (t) => {
  const signature = sign('sha256', data, rsa.privateKey);
  t.is(judge(plain('1.2.3.4'), rsa.publicKey, signature), 'unsupported');
  t.is(judge(pss('sha256', 'sha384', 32), rsa.publicKey, signature), 'unsupported');
  t.is(judge(pss('sha256', 'sha256', 32, 2), rsa.publicKey, signature), 'unsupported');
  t.is(judge(plain('1.2.840.113549.1.1.10'), rsa.publicKey, signature), 'unsupported');
  t.is(judge(der(0x30, oid('1.2.840.10045.4.3.2'), der(0x05)), ec.publicKey, signature), 'unsupported');
  const other = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  t.is(
    judge(plain('1.2.840.10045.4.3.2'), other.publicKey, sign('sha256', data, other.privateKey)),
    'unsupported',
  );
});

test('an algorithm of another kind of key is invalid', (t) => {
  t.is(judge(plain('1.2.840.10045.4.3.2'), rsa.publicKey, sign('sha256', data, rsa.privateKey)), 'invalid');
  t.is(judge(pkcs1(11), ec.publicKey, sign('sha256', data, ec.privateKey)), 'invalid');
  t.is(
    judge(plain('1.3.101.113'), pair(generateKeyPairSync('ed25519')).publicKey, Buffer.alloc(64)),
    'invalid',
  );
});

test('a broken algorithm identifier and a key off its curve are invalid, not a throw', (t) => {
  t.is(judge(Buffer.from('garbage'), rsa.publicKey, Buffer.alloc(256)), 'invalid');
  t.is(
    judge(der(0x30, oid('1.2.840.113549.1.1.11'), der(0x02, [1])), rsa.publicKey, Buffer.alloc(256)),
    'invalid',
  );
  const spki = Buffer.from(ec.publicKey.export({ format: 'der', type: 'spki' }));
  spki[spki.length - 1] = (spki.at(-1) as number) ^ 1;
  const key = { algorithm: 'ec', curve: 'prime256v1', bits: 256 } as const;
  const algorithmDer = plain('1.2.840.10045.4.3.2');
  const signature = sign('sha256', data, ec.privateKey);
  t.is(verifySignature({ algorithmOid: '', algorithmDer, spki, key, data, signature }), 'invalid');
});
