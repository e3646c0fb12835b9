import test from 'ava';
import type { RevocationRules } from '../../../../src/identity/types.ts';
import type { Finding } from '../../../../src/lib/reason-code.ts';
import { judgeWithOcsp } from '../../../../src/revocation/ocsp/judge.ts';
import type { OcspAnswer, OcspFact } from '../../../../src/revocation/ocsp/types.ts';
import type { RevocationFact } from '../../../../src/revocation/types.ts';
import { day, hour, minute, now } from '../../../helpers/crl-fixtures.ts';

const strict: RevocationRules = { required: true, graceMs: 0 };
const lenient: RevocationRules = { required: false, graceMs: 0 };

function answer(o: Partial<OcspAnswer> = {}): OcspAnswer {
  return {
    ...{
      digest: '',
      produced_at: now,
      reason: null,
      revoked_at: null,
      signer_key: '',
      status: 'good' as const,
    },
    ...{ this_update: now - hour, next_update: now + hour },
    ...o,
  };
}

function told(o: Partial<OcspFact> = {}): OcspFact {
  return {
    ...{ answer: null, crl_source: null, max_age: null, responder: 'http://ocsp.example/', stapled: null },
    ...{ stapled_counts: true, stapled_problem: null },
    ...o,
  };
}

/** What CRLs alone said. */
function byCrls(o: Partial<RevocationFact> = {}): RevocationFact {
  return {
    ...{
      age_s: null,
      ca: false,
      certificate: 0,
      crl_number: null,
      delta_number: null,
      distribution_points: [],
    },
    ...{ freshness: 'missing' as const, issuer_dn: '', issuer_key: '', next_update: null, reason: null },
    ...{ revoked_at: null, serial: 'a1', source: null, status: 'unknown' as const, this_update: null },
    usable_until: null,
    ...o,
  };
}

function judge(
  fact: RevocationFact,
  code: Finding['code'] | undefined,
  ocsp: OcspFact,
  rules: RevocationRules = strict,
) {
  const findings: Finding[] = code ? [{ code, detail: { certificate: fact.certificate } }] : [];
  const judged = judgeWithOcsp({ facts: [fact], findings }, new Map([[fact.certificate, ocsp]]), rules, now);
  return { fact: judged.facts[0], codes: judged.findings.map((finding) => finding.code) };
}

test('where the status is not required, unknown and unavailable warn, and revoked denies', (t) => {
  const codes = (ocsp: OcspFact) => judge(byCrls(), 'revocation.status_unknown', ocsp, lenient).codes;
  t.deepEqual(codes(told()), ['revocation.status_unknown']);
  t.deepEqual(codes(told({ answer: answer({ status: 'unknown' }) })), ['revocation.status_unknown']);
  t.deepEqual(codes(told({ answer: answer({ status: 'revoked' }) })), ['revocation.revoked']);
  t.deepEqual(codes(told({ answer: answer() })), []);
});

test('a CA that its own issuer’s responder calls revoked denies what is below it', (t) => {
  const { codes } = judge(
    byCrls({ certificate: 1, ca: true }),
    'revocation.crl_missing',
    told({ answer: answer({ status: 'revoked', reason: 'cACompromise' }) }),
  );
  t.deepEqual(codes, ['revocation.issuer_revoked']);
});

test('an answer that counts tells age, freshness and until when', (t) => {
  const { fact, codes } = judge(byCrls(), 'revocation.crl_missing', told({ answer: answer() }));
  t.deepEqual(codes, []);
  t.like(fact, {
    status: 'good',
    freshness: 'fresh',
    age_s: 3600,
    source: 'ocsp:http://ocsp.example/',
    usable_until: now + hour,
  });
  const bounded = judge(byCrls(), undefined, told({ answer: answer(), max_age: 90 * minute }));
  t.is(bounded.fact?.usable_until, now + hour / 2);
  const endless = judge(
    byCrls(),
    undefined,
    told({ answer: answer({ next_update: null, this_update: now }) }),
  );
  t.is(endless.fact?.usable_until, now + hour);
});

test('the anchor’s maximum age counts for answers too, and its grace follows', (t) => {
  const rules = { ...strict, maxAgeMs: hour / 2 };
  t.deepEqual(judge(byCrls(), 'revocation.crl_missing', told({ answer: answer() }), rules).codes, [
    'revocation.ocsp_unavailable',
  ]);
  const graceful = judge(byCrls(), undefined, told({ answer: answer() }), { ...rules, graceMs: hour });
  t.deepEqual(graceful.codes, ['revocation.stale_within_grace']);
  t.is(graceful.fact?.usable_until, now + hour / 2);
});

test('an answer is believed no longer than its signer, in grace neither', (t) => {
  const until = (signer: number, graceMs = 0, next = now + hour) => {
    const given = answer({ next_update: next, signer_until: signer });
    return judge(byCrls(), 'revocation.crl_missing', told({ answer: given }), { ...strict, graceMs });
  };
  t.is(until(now + minute).fact?.usable_until, now + minute);
  t.is(until(now + day).fact?.usable_until, now + hour);
  const graceful = until(now + minute, hour, now - minute);
  t.like(graceful.fact, { freshness: 'within_grace', usable_until: now + minute });
  t.deepEqual(until(now, hour).codes, ['revocation.ocsp_unavailable']);
});

test('of a cached and a stapled answer the newest counts, and of two as new the one that lets nobody in', (t) => {
  const status = (cached: Partial<OcspAnswer>, stapled: Partial<OcspAnswer>) =>
    judge(byCrls(), 'revocation.crl_missing', told({ answer: answer(cached), stapled: answer(stapled) })).fact
      ?.status;
  t.is(status({ status: 'unknown' }, { this_update: now - minute }), 'good');
  t.is(status({ this_update: now - minute }, { status: 'unknown' }), 'good');
  t.is(status({}, { status: 'unknown' }), 'unknown');
  t.is(status({ status: 'unknown' }, {}), 'unknown');
  t.is(status({ status: 'on_hold', this_update: now - day }, {}), 'on_hold');
  t.is(status({}, { status: 'revoked', this_update: now - day }), 'revoked');
});

test('what an answer says is heavier than a hold of a CRL, and lighter than its revocation', (t) => {
  const held = byCrls({ status: 'on_hold', freshness: 'fresh', source: 'a.crl' });
  const revoked = told({ answer: answer({ status: 'revoked' }) });
  t.deepEqual(judge(held, 'revocation.on_hold', revoked).codes, ['revocation.revoked']);
  t.deepEqual(judge(held, 'revocation.on_hold', told({ answer: answer() })).codes, ['revocation.on_hold']);
  const listed = byCrls({ status: 'revoked', freshness: 'fresh', source: 'a.crl' });
  const kept = judge(listed, 'revocation.revoked', revoked);
  t.deepEqual([kept.codes, kept.fact?.source], [['revocation.revoked'], 'a.crl']);
});

test('a CRL that is stale stays told beside an answer that is not there', (t) => {
  const stale = byCrls({ freshness: 'stale' });
  t.deepEqual(judge(stale, 'revocation.crl_stale', told()).codes, [
    'revocation.crl_stale',
    'revocation.ocsp_unavailable',
  ]);
  t.deepEqual(judge(stale, 'revocation.crl_stale', told({ answer: answer() })).codes, []);
});

test('by a clock that is wrong nothing is good, and no answer from the future is', (t) => {
  const wrong = judge(byCrls(), 'system.clock_untrusted', told({ answer: answer() }));
  t.deepEqual([wrong.codes, wrong.fact?.status], [['system.clock_untrusted'], 'unknown']);
  const ahead = answer({ this_update: now + hour, next_update: now + day });
  t.deepEqual(judge(byCrls(), 'revocation.crl_missing', told({ answer: ahead })).codes, [
    'revocation.ocsp_unavailable',
  ]);
});

test('what revokes counts also where our clock has gone back behind it, and nothing else does', (t) => {
  const ahead = { this_update: now + day, next_update: now + 2 * day };
  const revoked = answer({ ...ahead, status: 'revoked', revoked_at: now + hour, reason: 'keyCompromise' });
  const out = judge(byCrls(), undefined, told({ answer: revoked }), lenient);
  t.like(out.fact, { status: 'revoked', age_s: 0, usable_until: null });
  t.deepEqual(out.codes, ['revocation.revoked']);
  t.is(judge(byCrls(), undefined, told({ answer: answer(ahead) }), lenient).fact?.status, 'unknown');
});
