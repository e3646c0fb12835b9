import test from 'ava';
import { createExaminer } from '../../../src/attestation/examine.ts';
import { isAuthentic } from '../../../src/attestation/judge.ts';
import { createKeyRing } from '../../../src/attestation/keys/key-ring.ts';
import { createAttestationUses } from '../../../src/attestation/replay-memory.ts';
import { attestedKey, signToken } from '../../../src/ca/index.ts';
import type { SubmodOptions } from '../../../src/ca/index.ts';
import { claims, codes, device, judgeAs, judged, lab, now, other, token, verifier } from './fixtures.ts';

const key = attestedKey(device);
const parts = (submods: Readonly<Record<string, SubmodOptions>>): string =>
  token(
    claims({
      submods: Object.fromEntries(Object.entries(submods).map(([name, one]) => [name, { key, ...one }])),
    }),
  );
const platform = (one: Partial<SubmodOptions>): string =>
  parts({ platform: { status: 'affirming', ...one } });
const aboutOther = token(claims({ submods: { platform: { status: 'affirming', key: attestedKey(other) } } }));
const unbound = token(claims({ submods: { platform: { status: 'affirming' } } }));

test('an empty text is no token', async (t) => {
  const found = await judged('');
  t.is(found.status, 'failed');
  t.deepEqual(codes(found), ['attestation.malformed']);
});

test('a result that holds is verified, with all that is to be recorded of it', async (t) => {
  const found = await judged(token());
  t.like(found, {
    status: 'verified',
    findings: [],
    verifier: 'lab',
    tier: 'affirming',
    bound_by: 'certificate_key',
    issued_at: now - 60_000,
    expires_at: now + 600_000,
    usable_until: now + 600_000,
    profile: 'tag:ietf.org,2026:rats/ear#04',
  });
  t.deepEqual(found.submods, [
    { label: 'platform', policies: [], status: 'affirming', tier: 'affirming', vector: { executables: 2 } },
  ]);
  t.true(isAuthentic(found));
});

test('nothing of a token that nobody signed is known but its digest', async (t) => {
  const found = await judged(signToken(other, claims(), { kid: 'lab-1' }));
  t.like(found, {
    status: 'failed',
    verifier: null,
    tier: null,
    submods: [],
    issued_at: null,
    profile: null,
  });
  t.regex(found.digest ?? '', /^[0-9a-f]{64}$/);
  t.false(isAuthentic(found));
});

test('a result ends at its exp, to the millisecond and without tolerance', async (t) => {
  const at = async (time: number) => codes(await judged(token(), { about: { now: time } }));
  t.deepEqual(await at(now + 599_999), []);
  t.deepEqual(await at(now + 600_000), ['attestation.expired']);
});

test('a result ends with its age, by the shorter of what verifier and class allow', async (t) => {
  const endless = token(claims({ expiresAt: undefined }));
  const at = async (time: number, seconds: number | null, maxAge: number) =>
    judged(endless, { about: { now: time }, rules: { max_age_s: seconds }, verifier: { maxAge } });
  t.deepEqual(codes(await at(now, null, 60_001)), []);
  t.deepEqual(codes(await at(now, null, 60_000)), ['attestation.too_old']);
  t.deepEqual(codes(await at(now, 60, 3_600_000)), ['attestation.too_old']);
  t.deepEqual(codes(await at(now, 61, 3_600_000)), []);
  t.is((await at(now, 61, 3_600_000)).usable_until, now + 1000);
  t.is((await at(now, 3600, 61_000)).usable_until, now + 1000);
});

test('a result from the future is excused by the tolerance alone, and not before its nbf', async (t) => {
  const issued = (at: number, more = {}) => token(claims({ issuedAt: at, more }));
  t.deepEqual(codes(await judged(issued(now + 60_000))), []);
  t.deepEqual(codes(await judged(issued(now + 61_000))), ['system.clock_untrusted']);
  t.deepEqual(codes(await judged(issued(now + 1000), { verifier: { tolerance: 0 } })), [
    'system.clock_untrusted',
  ]);
  t.deepEqual(codes(await judged(issued(now, { nbf: now / 1000 + 61 }))), ['system.clock_untrusted']);
});

test('a verifier speaks in its own name, profile and issuer, and for its classes', async (t) => {
  for (const [changes, code] of [
    [{ developer: 'https://other.example' }, 'attestation.verifier_untrusted'],
    [{ developer: 'https://verifier.example' }, undefined],
    [{ build: '2.0' }, 'attestation.verifier_untrusted'],
    [{ build: '1.0' }, undefined],
    [{ issuer: 'https://issuer.example' }, 'attestation.verifier_untrusted'],
    [{ classes: ['camera'] }, 'attestation.verifier_untrusted'],
    [{ classes: ['camera', 'meter'] }, undefined],
    [{ profiles: new Set(['tag:github.com,2023:veraison/ear']) }, 'attestation.profile_unknown'],
  ] as const) {
    t.deepEqual(codes(await judged(token(), { verifier: changes })), code === undefined ? [] : [code]);
  }
  const iss = token({ ...claims(), iss: 'https://issuer.example' });
  t.deepEqual(codes(await judged(iss, { verifier: { issuer: 'https://issuer.example' } })), []);
});

test('a verifier that speaks for some classes does not speak for a device of none', async (t) => {
  const found = await judged(token(), {
    verifier: { classes: ['meter'] },
    about: { deviceClass: undefined },
  });
  t.deepEqual(codes(found), ['attestation.verifier_untrusted']);
});

test('a blocked key counts no more, although its signature was verified', async (t) => {
  const { key: thumbprint } = await judged(token());
  const found = await judged(token(), { verifier: { blockedKeys: new Set([thumbprint ?? '']) } });
  t.deepEqual(codes(found), ['attestation.verifier_untrusted']);
});

test('parts that a class names have to be there, and alone count', async (t) => {
  const two = parts({ platform: { status: 'affirming' }, radio: { status: 'warning' } });
  t.deepEqual(codes(await judged(two)), ['attestation.warning']);
  t.deepEqual(codes(await judged(two, { rules: { submods: ['platform'] } })), []);
  t.is((await judged(two, { rules: { submods: ['platform'] } })).tier, 'affirming');
  t.deepEqual(codes(await judged(two, { rules: { submods: ['radio'] } })), ['attestation.warning']);
  t.deepEqual(codes(await judged(two, { rules: { submods: ['platform', 'modem'] } })), [
    'attestation.submod_missing',
  ]);
});

test('a contraindicated part counts, whether or not the class asks about it', async (t) => {
  const two = parts({ platform: { status: 'affirming' }, radio: { status: 'contraindicated' } });
  const found = await judged(two, { rules: { submods: ['platform'] } });
  t.deepEqual(codes(found), ['attestation.contraindicated']);
  t.true(isAuthentic(found));
});

test('a tier is enough from the least that the class asks for', async (t) => {
  for (const [status, tier, code] of [
    ['affirming', 'affirming', undefined],
    ['warning', 'affirming', 'attestation.warning'],
    ['warning', 'warning', undefined],
    ['none', 'warning', 'attestation.none_tier'],
    ['none', 'affirming', 'attestation.none_tier'],
    ['contraindicated', 'warning', 'attestation.contraindicated'],
  ] as const) {
    const found = codes(await judged(platform({ status }), { rules: { tier } }));
    t.deepEqual(found, code === undefined ? [] : [code], `${status} where ${tier} is asked for`);
  }
});

test('a status that is more trusting than its worst claim is inconsistent, and counts as that claim', async (t) => {
  for (const [status, value, tier, expected] of [
    ['affirming', 32, 'warning', ['attestation.warning', 'attestation.status_inconsistent']],
    ['affirming', -33, 'warning', ['attestation.warning', 'attestation.status_inconsistent']],
    ['affirming', 96, 'contraindicated', ['attestation.contraindicated', 'attestation.status_inconsistent']],
    ['warning', 99, 'contraindicated', ['attestation.contraindicated', 'attestation.status_inconsistent']],
    ['none', 96, 'contraindicated', ['attestation.contraindicated', 'attestation.status_inconsistent']],
    ['affirming', 0, 'affirming', []],
    ['affirming', -1, 'affirming', []],
    ['affirming', -32, 'affirming', []],
    ['warning', 2, 'warning', ['attestation.warning']],
  ] as const) {
    const found = await judged(platform({ status, vector: { hardware: value } }));
    t.deepEqual(codes(found), expected, `${status} with ${value}`);
    t.is(found.tier, tier);
  }
});

test('a status of the whole that is better than a part is inconsistent; a worse one counts', async (t) => {
  const whole = (status: string, part: string) =>
    token({ ...claims({ submods: { platform: { status: part, key } } }), ear_status: status });
  t.deepEqual(codes(await judged(whole('affirming', 'affirming'))), []);
  t.deepEqual(codes(await judged(whole('affirming', 'warning'), { rules: { tier: 'warning' } })), [
    'attestation.status_inconsistent',
  ]);
  t.deepEqual(codes(await judged(whole('contraindicated', 'affirming'))), ['attestation.contraindicated']);
  t.deepEqual(codes(await judged(whole('none', 'affirming'))), ['attestation.none_tier']);
});

test('floors of single claims: a claim that was not made is below every one', async (t) => {
  const floor = { rules: { tier: 'warning', vector: { executables: 'affirming' } } } as const;
  const of = async (vector: Record<string, number>) =>
    codes(await judged(platform({ status: 'warning', vector }), floor));
  t.deepEqual(await of({ executables: 2 }), []);
  t.deepEqual(await of({ executables: 31 }), []);
  t.deepEqual(await of({ executables: 32 }), ['attestation.warning']);
  t.deepEqual(await of({ executables: 0 }), ['attestation.none_tier']);
  t.deepEqual(await of({ hardware: 2 }), ['attestation.none_tier']);
});

test('a challenge is answered by the nonce of the result, or of every piece of evidence', async (t) => {
  const nonce = Buffer.alloc(16, 5);
  const about = { challenge: '05'.repeat(16) };
  const answer = nonce.toString('base64url');
  const own = token(claims({ nonce }));
  t.deepEqual(codes(await judged(own, { about })), []);
  t.deepEqual(codes(await judged(own, { about: { challenge: '06'.repeat(16) } })), [
    'attestation.nonce_mismatch',
  ]);
  t.deepEqual(codes(await judged(token(), { about })), ['attestation.nonce_mismatch']);
  t.deepEqual(codes(await judged(platform({ more: { eat_nonce: answer } }), { about })), []);
  const half = parts({ a: { status: 'affirming', more: { eat_nonce: answer } }, b: { status: 'affirming' } });
  t.deepEqual(codes(await judged(half, { about })), ['attestation.nonce_mismatch']);
  const stale = token({
    ...claims({ submods: { a: { status: 'affirming', key, more: { eat_nonce: answer } } } }),
    eat_nonce: 'AAAAAAAAAAAAAAAA',
  });
  t.deepEqual(
    codes(await judged(stale, { about })),
    ['attestation.nonce_mismatch'],
    "the result's own nonce counts first",
  );
});

test('a class that asks for a challenge is not met where none was given', async (t) => {
  const rules = { challenge: true };
  t.deepEqual(codes(await judged(token(claims({ nonce: Buffer.alloc(8) })), { rules })), [
    'attestation.nonce_mismatch',
  ]);
});

test('a result binds by the proved key, a linked key, or the UEID, in this order', async (t) => {
  const { bound_by: proved } = await judged(token());
  t.is(proved, 'certificate_key');
  const digest = (await judged(aboutOther)).findings[0]?.detail?.['key'] as string;
  t.is((await judged(aboutOther, { device: { attestationKeys: [digest] } })).bound_by, 'attestation_key');
  const named = token({ ...claims({ submods: { platform: { status: 'affirming' } } }), ueid: 'AbCdEfGhIj' });
  t.is((await judged(named, { device: { ueid: 'AbCdEfGhIj' } })).bound_by, 'ueid');
  t.like(await judged(named), { bound_by: null, findings: [{ code: 'attestation.key_not_bound' }] });
});

test('a result about no key or an unlinked one is not bound', async (t) => {
  t.deepEqual(codes(await judged(unbound)), ['attestation.key_not_bound']);
  t.deepEqual(codes(await judged(aboutOther)), ['attestation.key_not_bound']);
  t.deepEqual(codes(await judged(token(), { device: { provedKey: null } })), ['attestation.key_not_bound']);
});

test('a result about a key of another device is a replay', async (t) => {
  const found = await judged(aboutOther, { device: { othersWith: () => ['meter-2'] } });
  t.like(found, { findings: [{ code: 'attestation.replayed', detail: { also: 'meter-2' } }] });
  t.false(isAuthentic(found));
});

test("a result that was one device's is a replay with any other, whatever binds it", async (t) => {
  const uses = createAttestationUses();
  const text = token();
  t.is((await judged(text, { about: { uses } })).status, 'verified');
  t.is((await judged(text, { about: { uses } })).status, 'verified', 'its own again');
  const twin = await judged(text, { about: { uses }, device: { key: 'default\0meter-2' } });
  t.deepEqual(codes(twin), ['attestation.replayed']);
});

test('another signature over the same statement is the same result', async (t) => {
  const uses = createAttestationUses();
  const [first, second] = [token(), token()];
  t.not(first, second);
  await judged(first, { about: { uses } });
  t.deepEqual(codes(await judged(second, { about: { uses }, device: { key: 'default\0meter-2' } })), [
    'attestation.replayed',
  ]);
});

test('whoever presents a result that is not bound to him takes it from nobody', async (t) => {
  const uses = createAttestationUses();
  const text = token();
  const thief = await judged(text, { about: { uses }, device: { key: 'default\0meter-2', provedKey: null } });
  t.deepEqual(codes(thief), ['attestation.key_not_bound']);
  t.is((await judged(text, { about: { uses } })).status, 'verified');
});

test('an older result than the newest of the device is a replay beyond the tolerance', async (t) => {
  const uses = createAttestationUses();
  const issued = (at: number) => token(claims({ issuedAt: at }));
  await judged(issued(now), { about: { uses } });
  t.deepEqual(codes(await judged(issued(now - 60_000), { about: { uses } })), []);
  t.deepEqual(codes(await judged(issued(now - 61_000), { about: { uses } })), ['attestation.replayed']);
});

test('what a verifier found against a device cannot be undone by its older opinion', async (t) => {
  const uses = createAttestationUses();
  const bad = token(claims({ issuedAt: now, submods: { platform: { status: 'contraindicated', key } } }));
  t.deepEqual(codes(await judged(bad, { about: { uses } })), ['attestation.contraindicated']);
  const good = token(claims({ issuedAt: now - 120_000 }));
  t.deepEqual(codes(await judged(good, { about: { uses } })), ['attestation.replayed']);
});

test('everything that is wrong with a signed result is told', async (t) => {
  const text = token(claims({ expiresAt: now - 1000, submods: { platform: { status: 'warning' } } }));
  t.deepEqual(codes(await judged(text, { rules: { challenge: true } })), [
    'attestation.expired',
    'attestation.warning',
    'attestation.nonce_mismatch',
    'attestation.key_not_bound',
  ]);
});

test('measured firmware is told of verified results alone', async (t) => {
  const firmware = { submod: undefined, pointer: '/measured/0/hash' };
  const measured = { measured: [{ hash: 'A1'.repeat(32) }] };
  t.is(
    (await judged(platform({ more: measured }), { verifier: { firmware } })).firmware_hash,
    'a1'.repeat(32),
  );
  t.is(
    (await judged(platform({ status: 'warning', more: measured }), { verifier: { firmware } })).firmware_hash,
    null,
  );
  t.is((await judged(platform({ more: measured }))).firmware_hash, null);
});

test('a memory of uses is bounded, and forgets the oldest', (t) => {
  const uses = createAttestationUses(2);
  for (const statement of ['a', 'b', 'c'])
    uses.note({ device: `d-${statement}`, verifier: 'lab', statement, issuedAt: now });
  t.is(uses.ownerOf('a'), undefined);
  t.is(uses.ownerOf('c'), 'd-c');
  t.is(uses.newestOf('d-a', 'lab'), undefined);
  uses.note({ device: 'd-c', verifier: 'lab', statement: 'd', issuedAt: now - 1 });
  t.is(uses.newestOf('d-c', 'lab'), now);
  const [results, devices] = uses.stats();
  t.deepEqual(results, {
    ...{ name: 'attestation_results', entries: 2, bound: 2 },
    ...{ hits: 1, misses: 1, evictions: 2 },
  });
  t.deepEqual(devices, {
    ...{ name: 'attestation_devices', entries: 2, bound: 2 },
    ...{ hits: 1, misses: 1, evictions: 1 },
  });
});

test('one key of two verifiers is told by the name of the one that signed', async (t) => {
  t.is((await judged(signToken(lab, claims(), { kid: 'lab-1' }))).verifier, 'lab');
});

test('a result about another UEID than the record has is about another device, whatever key it names', async (t) => {
  const named = token({ ...claims(), ueid: 'AbCdEfGhIj' });
  const found = await judged(named, { device: { ueid: 'ZZZZZZZZZZ' } });
  t.like(found, {
    findings: [
      { code: 'attestation.device_mismatch', detail: { ueid: 'AbCdEfGhIj', expected: 'ZZZZZZZZZZ' } },
    ],
  });
  t.is((await judged(named)).status, 'verified', 'a record without one contradicts none');
});

test('a key that is retired between its verification and the decision counts no more', async (t) => {
  const lab1 = await verifier({ keys: [] });
  const [published] = (await verifier()).keys;
  let goneAt: number | null = null;
  const ring = createKeyRing([lab1], { keys: () => (published ? [{ ...published, goneAt }] : []) });
  const examiner = createExaminer(ring);
  const text = token();
  const about = { ring, uses: createAttestationUses() };
  const at = async (time: number) => judgeAs(await examiner.examine(text, time), { ...about, now: time });
  t.is((await at(now)).usable_until, now + 600_000);
  goneAt = now - lab1.overlap + 5000;
  t.is((await at(now)).usable_until, now + 5000, 'an allow ends with the overlap');
  t.like(await at(now + 5000), { status: 'failed', verifier: null, submods: [] });
});
