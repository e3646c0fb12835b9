import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { each, every } from './table.ts';
import type { CallTable } from './table.ts';

type Json = Readonly<Record<string, unknown>>;

/** Seconds; what tokens are verified at. */
const now = 1_700_000_000;

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ec384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ec521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });
const ed = generateKeyPairSync('ed25519');

function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

function token(
  header: Json & { readonly alg: string },
  payload: unknown,
  key: KeyObject | string,
  salt?: number,
): string {
  const text = `${part(header)}.${part(payload)}`;
  const [family, hash, data] = [header.alg.slice(0, 2), `sha${header.alg.slice(2)}`, Buffer.from(text)];
  const signature = (): Buffer => {
    if (typeof key === 'string') return createHmac(hash, key).update(data).digest();
    if (family === 'PS') {
      const saltLength = salt ?? constants.RSA_PSS_SALTLEN_DIGEST;
      return sign(hash, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
    }
    return sign(family === 'Ed' ? null : hash, data, { key, dsaEncoding: 'ieee-p1363' });
  };
  return `${text}.${signature().toString('base64url')}`;
}

function pem({ publicKey }: { readonly publicKey: KeyObject }): string {
  return String(publicKey.export({ type: 'spki', format: 'pem' }));
}

function jwk(key: KeyObject, more: Json = {}): Json {
  return { ...(key.export({ format: 'jwk' }) as Json), ...more };
}

const claims = { iss: 'me', aud: ['a', 'b'], exp: 2_000_000_000, nbf: 1_500_000_000, sub: 'é' };
const shared = (header: Json, payload: unknown): string =>
  token({ alg: 'HS256', ...header }, payload, 'secret');

const signed = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) =>
    token({ alg, typ: 'JWT' }, claims, rsa.privateKey),
  ),
  token({ alg: 'RS256', kid: 'k1' }, claims, rsa.privateKey),
  token({ alg: 'PS256' }, claims, rsa.privateKey, 10),
  token({ alg: 'ES256' }, claims, ec256.privateKey),
  token({ alg: 'ES384' }, claims, ec384.privateKey),
  token({ alg: 'ES512' }, claims, ec521.privateKey),
  token({ alg: 'ES256' }, claims, ec384.privateKey),
  token({ alg: 'EdDSA' }, claims, ed.privateKey),
  ...['HS256', 'HS384', 'HS512'].map((alg) => token({ alg }, claims, 'secret')),
];

/** What headers and claims may hold. */
const told = [
  ...[
    { exp: 1 },
    { nbf: 9e9 },
    { exp: now + 0.5 },
    { exp: now },
    { nbf: now },
    { exp: 'x' },
    { nbf: null },
    {},
  ].map((payload) => shared({}, payload)),
  ...[{ aud: 'a' }, { aud: ['x', 'a'] }, { aud: 3 }, { iss: 'me' }, [1], 'nojson'].map((payload) =>
    shared({}, payload),
  ),
  ...[
    { crit: ['x'], x: 1 },
    { crit: ['alg'] },
    { crit: [] },
    { crit: 'x' },
    { crit: ['y'], x: 1 },
    { enc: 'A' },
    { typ: 3 },
    { kid: 3 },
    { cty: 'x' },
  ].map((header) => shared(header, { a: 1 })),
  shared({ cty: 'JWT' }, shared({}, { iss: 'in' })),
  shared({ cty: 'jwt' }, shared({}, { iss: 'in' })),
  shared({ cty: 'JWT' }, `"${shared({}, { iss: 'in' })}"`),
];

const whole = shared({}, claims);
const malformed = [
  ...[
    '',
    'a.b',
    'a.b.c',
    'a.b.c.d',
    `${part({ alg: 'none' })}.${part({ a: 1 })}.`,
    `${part({ typ: 'JWT' })}.${part({ a: 1 })}.`,
  ],
  ...[`${whole}=`, whole.replaceAll('.', '.\n'), whole.slice(0, -1), `${whole.slice(0, -2)}AA`],
  `${part('{"alg":"HS256","alg":"x"}')}.${part('{"a":1.0,"b":1e400,"c":12345678901234567890,"a":2}')}.`,
  ...[`${part('[]')}.${part({})}.`, `${part({ alg: 'HS256' })}.${part('{} x')}.`],
  `${part({ alg: 'HS256' })}.${Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')}.`,
];

const set = (...keys: readonly Json[]): string => JSON.stringify({ keys });
const keys = [
  ...[rsa, otherRsa, ec256, ec384, ec521, ed].map(pem),
  ...[
    `${pem(rsa)}x`,
    `lead\n${pem(rsa)}`,
    pem(rsa) + pem(rsa),
    'xx',
    '',
    '{"keys":[]}',
    '{"kty":"XX"}',
    '{"kty":"RSA","n":"AQAB"}',
  ],
  String(rsa.privateKey.export({ type: 'pkcs8', format: 'pem' })),
  ...[jwk(rsa.publicKey), jwk(rsa.privateKey), jwk(ed.publicKey), jwk(ec521.publicKey)].map((key) =>
    JSON.stringify(key),
  ),
  set(
    jwk(otherRsa.publicKey, { kid: 'k2', alg: 'RS256' }),
    jwk(rsa.publicKey, { kid: 'k1', alg: 'RS256' }),
    jwk(ec256.publicKey, { alg: 'ES256' }),
    jwk(ed.publicKey),
  ),
  set(jwk(otherRsa.publicKey, { kid: 'k1' }), jwk(rsa.publicKey)),
  set(jwk(rsa.publicKey, { alg: 'RS384' })),
  set(jwk(rsa.publicKey, { alg: 'RSA-OAEP' })),
  JSON.stringify({ kty: 'oct', k: part('secret') }),
];

const time = now * 1e9;
const constraints: readonly Json[] = [
  ...[
    {},
    { aud: 'a' },
    { aud: 'zz' },
    { iss: 'me' },
    { iss: 'in' },
    { aud: 'a', iss: 'me' },
    { aud: 'a', alg: 'HS256' },
  ],
  ...[
    { alg: 'RS256' },
    { aud: 'a', time: 2e18 },
    { time: 0 },
    { time: -1 },
    { time: 'x' },
    { foo: 1 },
    { secret: '' },
  ],
  ...[{ cert: pem(rsa) }, { alg: 3 }],
].map((more) => ({ secret: 'secret', time, ...more }));

const families = ['rs', 'ps', 'es'].flatMap((family) => [256, 384, 512].map((size) => `${family}${size}`));

export const tokenTable: CallTable = [
  ['io.jwt.decode(c[0])', each([...signed, ...told, ...malformed])],
  ...[...families, 'eddsa'].map(
    (name) => [`io.jwt.verify_${name}(c[0], c[1])`, every([...signed, ...malformed], keys)] as const,
  ),
  ...[256, 384, 512].map(
    (size) =>
      [`io.jwt.verify_hs${size}(c[0], c[1])`, every([...signed, ...malformed], ['secret', '', 1])] as const,
  ),
  [
    'io.jwt.decode_verify(c[0], {"cert": c[1], "aud": "a", "time": c[2]})',
    every([...signed, ...told, ...malformed], keys, [time]),
  ],
  ['io.jwt.decode_verify(c[0], c[1])', every([...signed, ...told, ...malformed], [...constraints, 'x', {}])],
];
