import { generateKeyPairSync } from 'node:crypto';
import test from 'ava';
import { parsePublicKey } from '../../../src/identity/public-key.ts';
import { keyWeakness } from '../../../src/identity/strength.ts';
import type { PublicKeyInfo } from '../../../src/identity/types.ts';
import { DerReader } from '../../../src/lib/der/reader.ts';
import { der } from '../lib/der/encode.ts';
import { oid } from './fleet.ts';

const read = (spki: Uint8Array): PublicKeyInfo => parsePublicKey(new DerReader(spki).next());

const rsaOid = '1.2.840.113549.1.1.1';
const ecOid = '1.2.840.10045.2.1';
const p256 = oid('1.2.840.10045.3.1.7');
const invalid = { code: 'PDP_DER_INVALID' };

function spki(algorithm: Buffer, key: Uint8Array, unused = 0): Buffer {
  return der(0x30, algorithm, der(0x03, [unused], key));
}

function rsa(modulus: Uint8Array, exponent: number[]): Buffer {
  const key = der(0x30, der(0x02, [0], modulus), der(0x02, exponent));
  return spki(der(0x30, oid(rsaOid), der(0x05)), key);
}

/** A modulus of `octets` octets that is odd. */
function modulus(octets: number): Buffer {
  return Buffer.alloc(octets, 0xc5);
}

const made: readonly [
  string,
  () => { publicKey: { export(o: { format: 'der'; type: 'spki' }): Buffer } },
  PublicKeyInfo,
][] = [
  [
    'P-256',
    () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    { algorithm: 'ec', curve: 'prime256v1', bits: 256 },
  ],
  [
    'P-384',
    () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    { algorithm: 'ec', curve: 'secp384r1', bits: 384 },
  ],
  [
    'P-521',
    () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
    { algorithm: 'ec', curve: 'secp521r1', bits: 521 },
  ],
  ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), { algorithm: 'rsa', bits: 2048 }],
  [
    'RSA-PSS',
    () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }),
    { algorithm: 'rsa-pss', bits: 2048 },
  ],
  ['Ed25519', () => generateKeyPairSync('ed25519'), { algorithm: 'ed25519' }],
  ['Ed448', () => generateKeyPairSync('ed448'), { algorithm: 'ed448' }],
  ['ML-DSA-44', () => generateKeyPairSync('ml-dsa-44'), { algorithm: 'ml-dsa-44' }],
  ['ML-DSA-65', () => generateKeyPairSync('ml-dsa-65'), { algorithm: 'ml-dsa-65' }],
  ['ML-DSA-87', () => generateKeyPairSync('ml-dsa-87'), { algorithm: 'ml-dsa-87' }],
];

for (const [name, generate, expected] of made) {
  test(`a key of ${name} is known and strong enough`, (t) => {
    const info = read(generate().publicKey.export({ format: 'der', type: 'spki' }));
    t.deepEqual(info, expected);
    t.is(keyWeakness(info), undefined);
  });
}

test('RSA below 2048 bits, and of more than 8192, is too weak or too much', (t) => {
  t.deepEqual(read(rsa(modulus(128), [1, 0, 1])), { algorithm: 'rsa', bits: 1024 });
  t.regex(keyWeakness({ algorithm: 'rsa', bits: 2047 }) ?? '', /at least 2048/);
  t.is(keyWeakness({ algorithm: 'rsa', bits: 2048 }), undefined);
  t.regex(keyWeakness(read(rsa(modulus(1025), [1, 0, 1]))) ?? '', /at most 8192/);
  t.regex(keyWeakness({ algorithm: 'rsa' }) ?? '', /0 bits/);
});

test('RSA keys that nobody makes honestly are unsupported', (t) => {
  const even = modulus(256);
  even[255] = 0xc4;
  const cases = [
    rsa(even, [3]),
    rsa(modulus(256), [1]),
    rsa(modulus(256), [4]),
    rsa(modulus(256), [1, ...Array<number>(8).fill(1)]),
  ];
  for (const key of cases) t.deepEqual(read(key), { algorithm: 'unsupported' });
});

test('curves without a name, and other curves, are unsupported and too weak', (t) => {
  const p224 = generateKeyPairSync('ec', { namedCurve: 'secp224r1' });
  const explicit = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' });
  for (const { publicKey } of [p224, explicit]) {
    const info = read(publicKey.export({ format: 'der', type: 'spki' }));
    t.deepEqual(info, { algorithm: 'unsupported' });
    t.regex(keyWeakness(info) ?? '', /unsupported/);
  }
});

test('a key of an unknown algorithm is unsupported', (t) => {
  t.deepEqual(read(spki(der(0x30, oid('1.2.3.4'), der(0x05)), Buffer.alloc(8))), {
    algorithm: 'unsupported',
  });
});

const point = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)]);
const broken: readonly [string, Buffer][] = [
  ['an EC point of the wrong length', spki(der(0x30, oid(ecOid), p256), point.subarray(0, 60))],
  [
    'an EC point in the hybrid form',
    spki(der(0x30, oid(ecOid), p256), Buffer.concat([Buffer.from([6]), point.subarray(1)])),
  ],
  ['an RSA key without parameters', spki(der(0x30, oid(rsaOid)), der(0x30, der(0x02, [3]), der(0x02, [3])))],
  [
    'an RSA key with a negative modulus',
    spki(der(0x30, oid(rsaOid), der(0x05)), der(0x30, der(0x02, [0x83]), der(0x02, [3]))),
  ],
  [
    'an RSA key with a third number',
    spki(der(0x30, oid(rsaOid), der(0x05)), der(0x30, der(0x02, [3]), der(0x02, [3]), der(0x02, [3]))),
  ],
  ['an Ed25519 key with parameters', spki(der(0x30, oid('1.3.101.112'), der(0x05)), Buffer.alloc(32))],
  ['an Ed25519 key of 31 octets', spki(der(0x30, oid('1.3.101.112')), Buffer.alloc(31))],
  ['a key that is not whole octets', spki(der(0x30, oid('1.3.101.112')), Buffer.alloc(32), 1)],
  [
    'something after the key',
    der(0x30, der(0x30, oid('1.3.101.112')), der(0x03, [0], Buffer.alloc(32)), der(0x05)),
  ],
];

for (const [name, bytes] of broken) {
  test(`${name} is refused`, (t) => {
    t.throws(() => read(bytes), invalid);
  });
}

test('a public exponent of more than 33 bits is unsupported: it only makes verification slow', (t) => {
  t.is(read(rsa(modulus(256), [1, 0xff, 0xff, 0xff, 0xff])).algorithm, 'rsa');
  t.is(read(rsa(modulus(256), [2, 0, 0, 0, 1])).algorithm, 'unsupported');
});
