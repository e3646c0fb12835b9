import type { RevocationRules } from '../../identity/types.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import type { Finding, ReasonCode } from '../../lib/reason-code.ts';
import { isAhead, judgeFreshness, type Freshness } from '../freshness.ts';
import type { RevocationFact, RevocationJudgement } from '../types.ts';
import { withoutNextUpdateMs } from './limits.ts';
import type { OcspAnswer, OcspFact } from './types.ts';

/** An answer, how far it is believed, and where it came from. */
interface Statement extends Freshness {
  readonly answer: OcspAnswer;
  readonly source: string;
}

/** Codes that say that nothing is known, which an answer may change. */
const wanting: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'revocation.crl_missing',
  'revocation.crl_stale',
  'revocation.shard_not_loaded',
  'revocation.stale_within_grace',
  'revocation.status_unknown',
]);

/**
 * Judges a path's revocation by what OCSP told beside its CRLs; `known` holds that by the certificate's place. What
 * revokes wins, wherever it comes from and however old it is. Else a CRL that is fresh suffices; where there is none, the
 * newest answer that is believed counts: by the rules of the anchor, and never longer than the responder's own maximum age.
 * Pure, so that recorded facts are judged again.
 */
export function judgeWithOcsp(
  judged: RevocationJudgement,
  known: ReadonlyMap<number, OcspFact>,
  rules: RevocationRules,
  now: EpochMs,
): RevocationJudgement {
  if (known.size === 0) return judged;
  const facts: RevocationFact[] = [];
  const findings: Finding[] = [];
  for (const fact of judged.facts) {
    const own = judged.findings.filter(({ detail }) => detail?.['certificate'] === fact.certificate);
    const ocsp = known.get(fact.certificate);
    const one = ocsp ? judgeOne({ fact, findings: own, ocsp, rules, now }) : { fact, findings: own };
    facts.push(one.fact);
    findings.push(...one.findings);
  }
  return { facts, findings };
}

/** How far an answer is believed: no further than its signer. */
export function ocspFreshness(
  { this_update: thisUpdate, next_update: nextUpdate, signer_until: signed = Infinity }: OcspAnswer,
  rules: RevocationRules,
  maxAge: number | null,
  now: EpochMs,
): Freshness {
  const end = nextUpdate ?? thisUpdate + withoutNextUpdateMs;
  const oldest = maxAge === null ? end : Math.min(end, thisUpdate + maxAge);
  const judged = judgeFreshness({ thisUpdate, nextUpdate: oldest }, rules, now);
  if (judged.usableUntil === null || judged.usableUntil <= signed) return judged;
  return now < signed ? { ...judged, usableUntil: signed } : { freshness: 'stale', usableUntil: null };
}

interface Judged {
  /** By CRLs alone. */
  readonly fact: RevocationFact;
  readonly findings: readonly Finding[];
}

interface Question extends Judged {
  readonly ocsp: OcspFact;
  readonly rules: RevocationRules;
  readonly now: EpochMs;
}

function judgeOne(question: Question): Judged {
  const { fact, findings, ocsp, rules } = question;
  const statements = statementsOf(question);
  const revoking = revokingOf(statements);
  const own = { fact: { ...fact, ocsp }, findings };
  if (revoking && weightOf(revoking.answer.status) > weightOf(fact.status)) {
    const code = revokedCode(revoking.answer.status, fact.certificate);
    return told(question, revoking, code);
  }
  if (weightOf(fact.status) > 0 || findings.some(({ code }) => code === 'system.clock_untrusted')) return own;
  if (fact.status === 'good' && fact.freshness === 'fresh') return own;
  const [newest] = statements
    .filter(({ usableUntil }) => usableUntil !== null)
    .sort((a, b) => b.answer.this_update - a.answer.this_update || rank(a) - rank(b));
  if (newest === undefined) return fact.status === 'good' ? own : unavailable(question, statements);
  if (newest.answer.status === 'unknown') {
    if (fact.status === 'good') return own;
    return told(question, newest, rules.required ? 'revocation.ocsp_unknown' : 'revocation.status_unknown');
  }
  if (newest.freshness === 'fresh') return told(question, newest);
  return fact.status === 'good' ? own : told(question, newest, 'revocation.stale_within_grace');
}

/**
 * Those that count: a stapled answer that says no more than good only where the configuration lets it, and none from the
 * future but one that revokes: it was verified when it came, so that our clock has gone back since.
 */
function statementsOf({ ocsp, rules, now }: Question): readonly Statement[] {
  const { answer, stapled, stapled_counts: counts, responder, max_age: maxAge } = ocsp;
  const statement = (one: OcspAnswer, source: string): Statement => ({
    answer: one,
    source,
    ...ocspFreshness(one, rules, maxAge, now),
  });
  return [
    ...(answer ? [statement(answer, `ocsp:${responder ?? ''}`)] : []),
    ...(stapled && (counts || weightOf(stapled.status) > 0) ? [statement(stapled, 'ocsp:stapled')] : []),
  ].filter(({ answer }) => weightOf(answer.status) > 0 || !isAhead(answer.this_update, now));
}

function revokingOf(statements: readonly Statement[]): Statement | undefined {
  return statements
    .filter(({ answer }) => weightOf(answer.status) > 0)
    .sort((a, b) => weightOf(b.answer.status) - weightOf(a.answer.status))[0];
}

function weightOf(status: RevocationFact['status']): 0 | 1 | 2 {
  if (status === 'revoked') return 2;
  return status === 'on_hold' ? 1 : 0;
}

/** Of two as new as each other the one counts that lets nobody in. */
function rank({ answer }: Statement): number {
  return answer.status === 'unknown' ? 0 : 1;
}

function revokedCode(status: OcspAnswer['status'], place: number): ReasonCode {
  if (status === 'on_hold') return 'revocation.on_hold';
  return place === 0 ? 'revocation.revoked' : 'revocation.issuer_revoked';
}

/** The certificate's state as an answer tells it, in place of what CRLs lack. */
function told(question: Question, statement: Statement, code?: ReasonCode): Judged {
  const { fact: before, findings, ocsp, now } = question;
  const { answer, source, freshness, usableUntil } = statement;
  const fact: RevocationFact = {
    ...before,
    age_s: Math.max(0, Math.floor((now - answer.this_update) / 1000)),
    crl_number: null,
    delta_number: null,
    freshness,
    next_update: answer.next_update,
    ocsp,
    reason: answer.reason,
    revoked_at: answer.revoked_at,
    source,
    status: answer.status,
    this_update: answer.this_update,
    usable_until: usableUntil,
  };
  const others = findings.filter((one) => !wanting.has(one.code) && one.code !== 'revocation.on_hold');
  return { fact, findings: [...others, ...(code ? [{ code, detail: detailOf(fact) }] : [])] };
}

/** Nothing is known by a CRL, nor by an answer that is believed. */
function unavailable(question: Question, statements: readonly Statement[]): Judged {
  const { fact: before, findings, ocsp, rules } = question;
  const fact = { ...before, ocsp };
  if (ocsp.responder === null || !rules.required) return { fact, findings };
  const [stale] = statements;
  const detail = {
    certificate: fact.certificate,
    serial: fact.serial,
    issuer_key: fact.issuer_key,
    responder: ocsp.responder,
    freshness: stale ? 'stale' : 'missing',
    ...(stale && { this_update: formatInstant(stale.answer.this_update) }),
    ...(stale?.answer.next_update && { next_update: formatInstant(stale.answer.next_update) }),
    ...(ocsp.stapled_problem !== null && { stapled: ocsp.stapled_problem }),
  };
  const stays = findings.filter(
    ({ code }) => code !== 'revocation.crl_missing' && code !== 'revocation.shard_not_loaded',
  );
  return { fact, findings: [...stays, { code: 'revocation.ocsp_unavailable', detail }] };
}

function detailOf(fact: RevocationFact): NonNullable<Finding['detail']> {
  return {
    certificate: fact.certificate,
    serial: fact.serial,
    issuer_key: fact.issuer_key,
    freshness: fact.freshness,
    source: fact.source as string,
    this_update: formatInstant(fact.this_update as EpochMs),
    age_s: fact.age_s as number,
    ...(fact.next_update !== null && { next_update: formatInstant(fact.next_update) }),
    ...(fact.usable_until !== null && { usable_until: formatInstant(fact.usable_until) }),
    ...(fact.status === 'unknown' && { answer: 'unknown' }),
    ...(fact.reason !== null && { reason: fact.reason }),
    ...(fact.revoked_at !== null && { revoked_at: formatInstant(fact.revoked_at) }),
  };
}
