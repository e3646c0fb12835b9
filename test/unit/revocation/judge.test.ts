import test from 'ava';
import { issueLeaf } from '../../../src/ca/index.ts';
import type { CrlOptions } from '../../../src/ca/index.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import type { CertificationPath, RevocationRules } from '../../../src/identity/types.ts';
import { formatInstant } from '../../../src/lib/clock.ts';
import { judgeRevocation } from '../../../src/revocation/judge.ts';
import { createRevocationReader } from '../../../src/revocation/reader.ts';
import type { RevocationJudgement } from '../../../src/revocation/types.ts';
import type { ExecutionContext } from 'ava';
import {
  crlOf,
  day,
  fleet,
  hour,
  importInto,
  life,
  minute,
  now,
  temporaryStore,
} from '../../helpers/crl-fixtures.ts';

const { root, ca } = await fleet();
const leaf = await issueLeaf(ca, { subject: 'CN=Meter 1', serial: '00a1', ...life });
const certificates = [leaf, ca, root].map((one) => parseCertificate(one.der));
const strict: RevocationRules = { required: true, graceMs: 0 };
const lenient: RevocationRules = { required: false, graceMs: 0 };

function pathWith(revocation: RevocationRules): CertificationPath {
  const certificate = certificates[2] as (typeof certificates)[number];
  const anchor = {
    name: 'fleet',
    certificate,
    profile: { kind: 'cn' as const },
    revocation,
    allowSha1: false,
  };
  return { anchor, certificates };
}

/** What is judged at `at` with CRLs of the issuing CA and the root as given; null = none imported. */
async function judge(
  t: ExecutionContext,
  rules: RevocationRules,
  lists: { readonly ca: Partial<CrlOptions> | null; readonly root?: Partial<CrlOptions> | null },
  at = now,
): Promise<RevocationJudgement> {
  const store = temporaryStore(t);
  const long = { nextUpdate: now + 300 * day };
  if (lists.ca) await importInto(store, [root, ca], await crlOf(ca, lists.ca));
  if (lists.root !== null) await importInto(store, [root, ca], await crlOf(root, lists.root ?? long));
  const reader = createRevocationReader(store);
  return store.snapshot(() => judgeRevocation(pathWith(rules), reader, at));
}

function codes(judged: RevocationJudgement): string[] {
  return judged.findings.map((finding) => finding.code);
}

test('a leaf and its CA that no list names are good, with everything the auditor wants to know', async (t) => {
  const judged = await judge(t, strict, { ca: { number: 'a0', revoked: [{ serial: 'a2', at: now }] } });
  t.deepEqual(judged.findings, []);
  t.is(judged.facts.length, 2);
  t.deepEqual(judged.facts[0], {
    ca: false,
    certificate: 0,
    delta_number: null,
    distribution_points: [],
    issuer_dn: certificates[0]?.issuer.key as string,
    issuer_key: ca.keyDigest,
    serial: 'a1',
    status: 'good',
    freshness: 'fresh',
    crl_number: 'a0',
    source: 'test.crl',
    this_update: now - hour,
    next_update: now + hour,
    age_s: 3600,
    revoked_at: null,
    reason: null,
    usable_until: now + hour,
  });
  t.like(judged.facts[1], { certificate: 1, issuer_key: root.keyDigest, serial: ca.serial, status: 'good' });
});

test('a revoked leaf is revocation.revoked with reason, date, number and serial', async (t) => {
  const revoked = [{ serial: 'a1', at: now - day, reason: 'keyCompromise' }];
  const judged = await judge(t, strict, { ca: { number: 7, revoked } });
  t.deepEqual(codes(judged), ['revocation.revoked']);
  t.like(judged.findings[0]?.detail, {
    certificate: 0,
    serial: 'a1',
    reason: 'keyCompromise',
    revoked_at: '2026-05-31T12:00:00.000Z',
    crl_number: '07',
  });
  t.like(judged.facts[0], { status: 'revoked', reason: 'keyCompromise', revoked_at: now - day });
});

test('a revocation dated in the future counts already', async (t) => {
  const revoked = [{ serial: 'a1', at: now + day }];
  t.deepEqual(codes(await judge(t, strict, { ca: { revoked } })), ['revocation.revoked']);
});

test('a certificate on hold is revocation.on_hold', async (t) => {
  const revoked = [{ serial: 'a1', at: now, reason: 'certificateHold' }];
  const judged = await judge(t, strict, { ca: { revoked } });
  t.deepEqual(codes(judged), ['revocation.on_hold']);
  t.is(judged.facts[0]?.status, 'on_hold');
});

test('a revoked CA of the path is revocation.issuer_revoked', async (t) => {
  const revoked = [{ serial: ca.serial, at: now, reason: 'cACompromise' }];
  const judged = await judge(t, strict, { ca: {}, root: { revoked } });
  t.deepEqual(codes(judged), ['revocation.issuer_revoked']);
  t.like(judged.findings[0]?.detail, { certificate: 1, reason: 'cACompromise' });
});

test('the serial number counts under its issuer’s key only', async (t) => {
  const revoked = [{ serial: 'a1', at: now }];
  t.deepEqual(codes(await judge(t, strict, { ca: {}, root: { revoked } })), []);
});

test('no CRL is revocation.crl_missing where revocation is required, else revocation.status_unknown', async (t) => {
  const required = await judge(t, strict, { ca: null });
  t.deepEqual(codes(required), ['revocation.crl_missing']);
  t.like(required.facts[0], { status: 'unknown', freshness: 'missing', usable_until: null, age_s: null });
  t.deepEqual(codes(await judge(t, lenient, { ca: null })), ['revocation.status_unknown']);
  t.deepEqual(codes(await judge(t, strict, { ca: {}, root: null })), ['revocation.crl_missing']);
});

test('a CRL is stale from its nextUpdate on, not before', async (t) => {
  const list = { ca: { nextUpdate: now + hour } };
  t.deepEqual(codes(await judge(t, strict, list, now + hour - 1)), []);
  const judged = await judge(t, strict, list, now + hour);
  t.deepEqual(codes(judged), ['revocation.crl_stale']);
  t.like(judged.facts[0], { status: 'unknown', freshness: 'stale', usable_until: null, age_s: 7200 });
  t.like(judged.findings[0]?.detail, { next_update: '2026-06-01T13:00:00.000Z', age_s: 7200 });
});

test('a stale CRL that is not required is revocation.status_unknown, never good', async (t) => {
  const judged = await judge(t, lenient, { ca: {} }, now + 2 * hour);
  t.deepEqual(codes(judged), ['revocation.status_unknown']);
  t.is(judged.facts[0]?.status, 'unknown');
});

test('within grace a CRL serves until the end of the grace and the decision says so', async (t) => {
  const rules = { required: true, graceMs: 30 * minute };
  const judged = await judge(t, rules, { ca: {} }, now + hour + minute);
  t.deepEqual(codes(judged), ['revocation.stale_within_grace']);
  t.like(judged.facts[0], { status: 'good', freshness: 'within_grace', usable_until: now + 90 * minute });
  const after = await judge(t, rules, { ca: {} }, now + 90 * minute);
  t.deepEqual(codes(after), ['revocation.crl_stale']);
});

test('a maximum age makes a CRL stale before its nextUpdate, and grace counts from there', async (t) => {
  const rules = { required: true, maxAgeMs: 90 * minute, graceMs: 10 * minute };
  const fresh = await judge(t, rules, { ca: {}, root: {} }, now + 29 * minute);
  t.deepEqual(codes(fresh), []);
  t.is(fresh.facts[0]?.usable_until, now + 30 * minute);
  const grace = await judge(t, rules, { ca: {}, root: {} }, now + 35 * minute);
  t.is(grace.facts[0]?.usable_until, now + 40 * minute);
  const stale = await judge(t, rules, { ca: {}, root: {} }, now + 40 * minute);
  t.deepEqual(codes(stale), ['revocation.crl_stale', 'revocation.crl_stale']);
});

test('an entry on a stale CRL still denies as revoked, required or not', async (t) => {
  const revoked = [{ serial: 'a1', at: now }];
  for (const rules of [strict, lenient]) {
    const judged = await judge(t, rules, { ca: { revoked } }, now + 5 * hour);
    t.deepEqual(codes(judged), ['revocation.revoked']);
    t.like(judged.facts[0], { status: 'revoked', freshness: 'stale' });
  }
});

test('a CRL from after `now` is not believed beyond the difference of clocks', async (t) => {
  const ahead = await judge(t, strict, { ca: {} }, now - hour - 4 * minute);
  t.deepEqual(codes(ahead), []);
  t.is(ahead.facts[0]?.age_s, -4 * 60);
  for (const rules of [strict, lenient]) {
    const untrusted = await judge(t, rules, { ca: {} }, now - hour - 6 * minute);
    t.deepEqual(codes(untrusted), ['system.clock_untrusted', 'system.clock_untrusted'], 'required or not');
    t.like(untrusted.facts[0], { status: 'unknown', freshness: 'stale', age_s: -6 * 60, usable_until: null });
    t.like(untrusted.findings[0]?.detail, { certificate: 0, this_update: formatInstant(now - hour) });
    t.is(untrusted.findings[0]?.detail?.['now'], formatInstant(now - hour - 6 * minute));
  }
});

test('an entry on a CRL from the future denies as well', async (t) => {
  const revoked = [{ serial: 'a1', at: now }];
  const judged = await judge(t, lenient, { ca: { revoked }, root: null }, now - 2 * hour);
  t.deepEqual(codes(judged), ['revocation.revoked', 'system.clock_untrusted', 'revocation.status_unknown']);
});

test('the anchor itself is not looked up: a path of the anchor alone has no facts', async (t) => {
  const store = temporaryStore(t);
  const path = { ...pathWith(strict), certificates: certificates.slice(2) };
  t.deepEqual(judgeRevocation(path, createRevocationReader(store), now), { facts: [], findings: [] });
});
