import test from 'ava';
import { readToken } from '../../../src/attestation/token.ts';
import { claims, lab, token } from './fixtures.ts';
import { signToken } from '../../../src/ca/index.ts';

function problemOf(text: string): string | undefined {
  const parts = readToken(text);
  return 'problem' in parts ? parts.problem : undefined;
}

function rawHeader(header: string): string {
  const [, body, signature] = token().split('.');
  return [Buffer.from(header).toString('base64url'), body, signature].join('.');
}

test('a token is taken apart into algorithm, key name, statement and claims', (t) => {
  const parts = readToken(token());
  t.false('problem' in parts);
  t.like(parts, { algorithm: 'ES256', spelling: 'ES256', kid: 'lab-1' });
  t.deepEqual('payload' in parts && JSON.parse(Buffer.from(parts.payload).toString()), claims());
});

test('two signatures over one statement are one statement', (t) => {
  const [first, second] = [token(), token()];
  t.not(first, second);
  const [a, b] = [readToken(first), readToken(second)];
  t.is('statement' in a && a.statement, 'statement' in b && b.statement);
});

test('one token has one spelling: padding, spaces and bits after the end are refused', (t) => {
  const [head = '', body = '', signature = ''] = token().split('.');
  const last = signature.at(-1) as string;
  // The last letter of 64 bytes carries four bits that count; its neighbour says the same bytes to a lax reader.
  const neighbour = String.fromCharCode(last.charCodeAt(0) + 1);
  t.deepEqual(
    Buffer.from(signature.slice(0, -1) + neighbour, 'base64url'),
    Buffer.from(signature, 'base64url'),
  );
  for (const wrong of [
    `${head}.${body}.${signature.slice(0, -1)}${neighbour}`,
    `${head}.${body}.${signature}=`,
    `${head}.${body}.${signature}\n`,
    ` ${head}.${body}.${signature}`,
    `${head}.${body}.${signature}.`,
    `${head}.${body}.`,
    `${head}.${body}`,
    `${head}..${signature}.${body}.${head}`,
    '',
    '..',
  ]) {
    t.truthy(problemOf(wrong), JSON.stringify(wrong.slice(-12)));
  }
});

test('only asymmetric algorithms of the list are algorithms', (t) => {
  for (const alg of [
    'none',
    'None',
    'HS256',
    'HS512',
    'RS256',
    'PS256',
    'ES512',
    'ES256K',
    'es256',
    '',
    null,
    7,
    ['ES256'],
  ]) {
    t.regex(problemOf(token(claims(), { alg })) ?? '', /no algorithm/, JSON.stringify(alg));
  }
  t.regex(problemOf(token(claims(), { alg: undefined })) ?? '', /no algorithm/);
});

test('RFC 9864 spells EdDSA as Ed25519', (t) => {
  t.like(readToken(token(claims(), { alg: 'Ed25519' })), { algorithm: 'EdDSA', spelling: 'Ed25519' });
});

test('critical extensions are refused, also those that a library knows', (t) => {
  t.is(problemOf(token(claims(), { crit: ['exp'], exp: 1 })), 'has critical extensions');
  t.is(problemOf(token(claims(), { crit: ['b64'], b64: true })), 'has critical extensions');
  t.is(problemOf(token(claims(), { b64: false })), 'has critical extensions');
  t.is(problemOf(token(claims(), { crit: [] })), 'has critical extensions');
});

test('a type that is there says JWT or EAT', (t) => {
  for (const typ of ['JWT', 'jwt', 'eat+jwt', 'application/eat+jwt', 'ear+jwt', undefined])
    t.is(problemOf(token(claims(), { typ })), undefined, String(typ));
  for (const typ of ['at+jwt', 'secevent+jwt', '', 7, null, 'application/application/jwt'])
    t.is(problemOf(token(claims(), { typ })), 'is of another type', String(typ));
});

test('a key name is a text of some length', (t) => {
  for (const kid of ['', 7, null, {}, 'k'.repeat(257)])
    t.is(problemOf(token(claims(), { kid })), 'has a `kid` that is no text', JSON.stringify(kid));
});

test('a header with a member twice is refused, whichever of the two is harmless', (t) => {
  t.regex(problemOf(rawHeader('{"alg":"none","alg":"ES256"}')) ?? '', /twice/);
  t.regex(problemOf(rawHeader('{"alg":"ES256","alg":"none"}')) ?? '', /twice/);
  t.regex(problemOf(rawHeader('{"alg":"ES256","\\u0061lg":"none"}')) ?? '', /twice/);
});

test('a header that is no small object is refused', (t) => {
  for (const header of [
    '[]',
    '"ES256"',
    'null',
    '{"alg":"ES256"',
    '\u00ff',
    `{"alg":"ES256","x":"${'x'.repeat(5000)}"}`,
  ])
    t.truthy(problemOf(rawHeader(header)), header.slice(0, 20));
});

test('keys that a header brings along are not looked at', (t) => {
  const jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };
  const header = { jwk, jku: 'https://evil.example/keys', x5c: ['AAAA'], x5u: 'https://evil.example/chain' };
  t.like(readToken(signToken(lab, claims(), header)), { algorithm: 'ES256', kid: undefined });
});

test('a token of more than 48 KiB is refused before it is read', (t) => {
  t.regex(problemOf(token({ ...claims(), padding: 'x'.repeat(48 * 1024) })) ?? '', /is longer/);
});
