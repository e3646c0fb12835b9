import test from 'ava';
import { readEar } from '../../../src/attestation/ear.ts';
import type { Ear } from '../../../src/attestation/ear.ts';
import { attestedKey, publicJwk } from '../../../src/ca/index.ts';
import { claims, device, deviceKey, now } from './fixtures.ts';

type Fields = Record<string, unknown>;

const read = (of: Fields | string) => readEar(Buffer.from(typeof of === 'string' ? of : JSON.stringify(of)));

function ear(of: Fields): Ear {
  const result = read(of);
  if (!('ear' in result)) throw new Error(`${result.code}: ${result.problem}`);
  return result.ear;
}

function problem(of: Fields | string): string {
  const result = read(of);
  return 'ear' in result ? 'none' : `${result.code} ${result.problem}`;
}

const platform = (changes: Fields, dialect: 'ear' | 'veraison' = 'ear'): Fields =>
  claims({ dialect, submods: { platform: { status: 'affirming', more: changes } } });

test('both dialects are read into one form', (t) => {
  for (const dialect of ['ear', 'veraison'] as const) {
    const found = ear(claims({ dialect, nonce: Buffer.alloc(32, 7) }));
    t.is(found.issuedAt, now - 60_000);
    t.is(found.expiresAt, now + 600_000);
    t.deepEqual(found.verifierId, { developer: 'https://verifier.example', build: '1.0' });
    t.deepEqual(found.nonces, ['07'.repeat(32)]);
    t.like(found.submods.get('platform'), {
      status: 'affirming',
      vector: { executables: 2 },
      key: deviceKey,
    });
  }
});

test('every profile that is understood is read, also that of Trustee; the words of the other dialect are not', (t) => {
  const trustee = {
    ...claims({ dialect: 'veraison' }),
    eat_profile: 'tag:github.com,2024:confidential-containers/Trustee',
  };
  t.is(ear(trustee).submods.size, 1);
  t.is(ear({ ...claims(), eat_profile: 'tag:ietf.org,2026:rats/ear#03' }).submods.size, 1);
  t.regex(
    problem({ ...claims({ dialect: 'veraison' }), eat_profile: 'tag:ietf.org,2026:rats/ear#04' }),
    /malformed/,
  );
});

test('another profile is unknown, and none is malformed', (t) => {
  t.is(problem({ ...claims(), eat_profile: 'tag:x' }), 'attestation.profile_unknown tag:x');
  t.is(problem({ ...claims(), eat_profile: 7 }), 'attestation.profile_unknown no text');
  t.is(problem({ ...claims(), eat_profile: undefined }), 'attestation.malformed eat_profile is missing');
});

test('shapes of the draft: PSA in the older dialect, contraindicated by its executables', (t) => {
  const found = ear({
    eat_profile: 'tag:github.com,2023:veraison/ear',
    iat: 1_780_000_000,
    'ear.verifier-id': { developer: 'https://verifier.example', build: 'vts 1' },
    'ear.raw-evidence': 'AAAA',
    submods: {
      PSA: {
        'ear.status': 'contraindicated',
        'ear.trustworthiness-vector': { 'instance-identity': 2, executables: 96, hardware: 2 },
        'ear.appraisal-policy-id': 'https://verifier.example/policy/1',
      },
    },
  });
  t.like(found.submods.get('PSA'), {
    status: 'contraindicated',
    policies: ['https://verifier.example/policy/1'],
    vector: { 'instance-identity': 2, executables: 96, hardware: 2 },
  });
  t.is(found.expiresAt, undefined);
});

test('shapes of the draft: a platform and a realm, each with its own vector', (t) => {
  const found = ear({
    eat_profile: 'tag:ietf.org,2026:rats/ear#04',
    iat: 1_780_000_000,
    ear_verifier_id: { developer: 'https://verifier.example', build: 'vts 1' },
    ear_status: 'affirming',
    submods: {
      'CCA Platform': { ear_status: 'affirming', ear_trustworthiness_vector: { hardware: 2 } },
      'CCA Realm': { ear_status: 2, ear_appraisal_policy_ids: ['a', 'b'] },
    },
  });
  t.deepEqual([...found.submods.keys()], ['CCA Platform', 'CCA Realm']);
  t.is(found.status, 'affirming');
  t.like(found.submods.get('CCA Realm'), { status: 'affirming', policies: ['a', 'b'] });
});

test('instants are integers: a fraction, an exponent and a text are none', (t) => {
  const text = JSON.stringify(claims());
  for (const name of ['iat', 'exp']) {
    for (const value of [
      '1780315200.0',
      '1780315200.5',
      '178e7',
      '"1780315200"',
      '-1',
      '1e400',
      '99999999999999999999',
    ]) {
      const wrong = text.replace(new RegExp(`"${name}":\\d+`), `"${name}":${value}`);
      t.is(problem(wrong), `attestation.malformed ${name} is no whole number of seconds`, value);
    }
  }
  t.regex(problem({ ...claims(), iat: undefined }), /iat is missing/);
  t.regex(problem({ ...claims(), exp: (now - 60_000) / 1000 }), /exp is not after iat/);
});

test('a member that is there twice is refused at every depth', (t) => {
  const text = JSON.stringify(claims());
  t.regex(problem(text.replace('{', '{"iat":1,')), /"iat" twice/);
  t.regex(problem(text.replace('"ear_status":', '"ear_status":"none","ear_status":')), /"ear_status" twice/);
});

test('what must be there is asked for', (t) => {
  t.regex(problem({ ...claims(), ear_verifier_id: undefined }), /ear_verifier_id is missing/);
  t.regex(problem({ ...claims(), ear_verifier_id: { developer: 'x' } }), /ear_verifier_id.build is missing/);
  t.regex(problem({ ...claims(), submods: undefined }), /submods are missing/);
  t.regex(problem({ ...claims(), submods: {} }), /submods are missing/);
  t.regex(problem({ ...claims(), submods: [] }), /submods is no object/);
  t.regex(problem({ ...claims(), submods: { platform: 'fine' } }), /submods.platform is no object/);
  t.regex(problem({ ...claims(), submods: { platform: {} } }), /ear_status is missing/);
});

test('a status is one of four words, or of their numbers', (t) => {
  for (const [value, tier] of [
    [0, 'none'],
    [2, 'affirming'],
    [32, 'warning'],
    [96, 'contraindicated'],
  ] as const)
    t.is(ear(platform({ ear_status: value })).submods.get('platform')?.status, tier);
  for (const value of ['Affirming', 'ok', 1, 3, -2, null, true, ['affirming']])
    t.regex(problem(platform({ ear_status: value })), /ear_status is no tier/, JSON.stringify(value));
});

test('a vector has integers of eight bits under the names of AR4SI, and nothing else', (t) => {
  for (const vector of [
    { executables: 128 },
    { executables: -129 },
    { executables: 2.5 },
    { executables: '2' },
  ])
    t.regex(
      problem(platform({ ear_trustworthiness_vector: vector })),
      /is no integer/,
      JSON.stringify(vector),
    );
  t.regex(problem(platform({ ear_trustworthiness_vector: { luck: 2 } })), /is no claim of the vector/);
  t.regex(problem(platform({ ear_trustworthiness_vector: [2] })), /is no object/);
});

test('a nonce has 8 to 64 bytes; a list of them is taken', (t) => {
  const nonce = (length: number) => Buffer.alloc(length, 1).toString('base64url');
  t.deepEqual(
    ear({ ...claims(), eat_nonce: [nonce(8), nonce(64)] }).nonces.map((it) => it.length / 2),
    [8, 64],
  );
  for (const wrong of [nonce(7), nonce(65), '', 'not base64!', 7, [], [nonce(8), 7]])
    t.regex(problem({ ...claims(), eat_nonce: wrong }), /nonce/, JSON.stringify(wrong));
});

test('a key is read from akpub in base64url or base64, and from cnf', (t) => {
  const der = Buffer.from(attestedKey(device));
  for (const akpub of [der.toString('base64url'), der.toString('base64')])
    t.is(ear(platform({ ear_veraison_key_attestation: { akpub } })).submods.get('platform')?.key, deviceKey);
  t.is(ear(platform({ cnf: { jwk: publicJwk(device) } })).submods.get('platform')?.key, deviceKey);
  t.regex(problem(platform({ ear_veraison_key_attestation: { akpub: '' } })), /akpub is no key/);
  t.regex(problem(platform({ ear_veraison_key_attestation: { akpub: 7 } })), /akpub is no key/);
  t.regex(problem(platform({ cnf: { jwk: { kty: 'EC' } } })), /cnf.jwk is no public key/);
});

test('claims over the limits are refused', (t) => {
  const deep = '['.repeat(40) + ']'.repeat(40);
  t.regex(problem(JSON.stringify(claims()).replace('{', `{"deep":${deep},`)), /nested deeper/);
  const parts = Object.fromEntries(
    Array.from({ length: 33 }, (_, at) => [`p${at}`, { ear_status: 'affirming' }]),
  );
  t.regex(problem({ ...claims(), submods: parts }), /too many submods/);
  t.regex(
    problem({ ...claims(), submods: { ['p'.repeat(129)]: { ear_status: 'affirming' } } }),
    /wrong length/,
  );
  t.regex(problem({ ...claims(), many: Array(5000).fill(0) }), /more than 4096 values/);
});

test('claims that nobody knows are ignored', (t) => {
  t.is(ear({ ...claims(), jti: 'x', aud: ['a'], 'ear.nonsense': { deep: [1, 2.5] } }).submods.size, 1);
});

test('what is no object of UTF-8 is malformed', (t) => {
  for (const text of ['', '[]', 'null', '7', '{', '{"a":"\ud800"}', '\ufeff{}'])
    t.regex(problem(text), /^attestation.malformed/, JSON.stringify(text));
  t.like(readEar(Buffer.from([0x7b, 0xff, 0x7d])), { code: 'attestation.malformed' });
});
