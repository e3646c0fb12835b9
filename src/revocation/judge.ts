import type { Certificate, RevocationRules, TrustAnchor } from '../identity/types.ts';
import { formatInstant, type EpochMs } from '../lib/clock.ts';
import type { Finding, ReasonCode } from '../lib/reason-code.ts';
import { isAhead, judgeFreshness } from './freshness.ts';
import type { RevocationFact, RevocationJudgement, RevocationLookup, RevocationReader } from './types.ts';

/** What of a path its revocation is judged by: leaf first, anchor last. */
export interface JudgedPath {
  readonly certificates: readonly Pick<Certificate, 'serial' | 'keyDigest'>[];
  readonly anchor: Pick<TrustAnchor, 'revocation'>;
}

/**
 * Judges every certificate of a path but its anchor against the CRL of its issuer's key at `now`, by the rules of the
 * path's anchor: one fact for each, and a finding for each that is not plainly good. Call within one snapshot of the
 * store. Missing and stale are never good: with `required` they deny, else they say `status_unknown`; an entry denies
 * on a stale list too, whatever its date. A list from the future denies whether one is required or not: by a wrong clock
 * nothing else can be judged either.
 */
export function judgeRevocation(
  path: JudgedPath,
  reader: Pick<RevocationReader, 'lookup'>,
  now: EpochMs,
): RevocationJudgement {
  const facts: RevocationFact[] = [];
  const findings: Finding[] = [];
  const { certificates, anchor } = path;
  for (const [index, certificate] of certificates.slice(0, -1).entries()) {
    const issuerKey = (certificates[index + 1] as (typeof certificates)[number]).keyDigest;
    const found = reader.lookup(issuerKey, certificate.serial);
    const fact = judgeOne(index, issuerKey, certificate.serial, found, anchor.revocation, now);
    facts.push(fact);
    findings.push(...findingsOf(fact, found, anchor.revocation, now));
  }
  return { facts, findings };
}

function judgeOne(
  index: number,
  issuerKey: string,
  serial: string,
  { crl, entry }: RevocationLookup,
  rules: RevocationRules,
  now: EpochMs,
): RevocationFact {
  const { freshness, usableUntil } = judgeFreshness(crl, rules, now);
  const believed = freshness === 'fresh' || freshness === 'within_grace';
  const listed = entry?.reason === 'certificateHold' ? 'on_hold' : 'revoked';
  return {
    age_s: crl ? Math.floor((now - crl.thisUpdate) / 1000) : null,
    certificate: index,
    crl_number: crl?.number ?? null,
    freshness,
    issuer_key: issuerKey,
    next_update: crl?.nextUpdate ?? null,
    reason: entry?.reason ?? null,
    revoked_at: entry?.revokedAt ?? null,
    serial,
    source: crl?.source ?? null,
    status: entry ? listed : believed ? 'good' : 'unknown',
    this_update: crl?.thisUpdate ?? null,
    usable_until: usableUntil,
  };
}

/** A list from the future says nothing of its certificate but its entries, and that a clock is wrong. */
function findingsOf(
  fact: RevocationFact,
  found: RevocationLookup,
  rules: RevocationRules,
  now: EpochMs,
): readonly Finding[] {
  const ahead = fact.this_update !== null && isAhead(fact.this_update, now);
  const code = ahead && fact.status === 'unknown' ? undefined : codeOf(fact, rules);
  if (!code && !ahead) return noFindings;
  const detail = detailOf(fact, found);
  return [
    ...(code ? [{ code, detail }] : []),
    ...(ahead
      ? [{ code: 'system.clock_untrusted', detail: { ...detail, now: formatInstant(now) } } as const]
      : []),
  ];
}

const noFindings: readonly Finding[] = [];

function codeOf(fact: RevocationFact, rules: RevocationRules): ReasonCode | undefined {
  switch (fact.status) {
    case 'on_hold':
      return 'revocation.on_hold';
    case 'revoked':
      return fact.certificate === 0 ? 'revocation.revoked' : 'revocation.issuer_revoked';
    case 'good':
      return fact.freshness === 'within_grace' ? 'revocation.stale_within_grace' : undefined;
    case 'unknown':
      if (!rules.required) return 'revocation.status_unknown';
      return fact.freshness === 'missing' ? 'revocation.crl_missing' : 'revocation.crl_stale';
  }
}

/** What the auditor compares; the device is never told any of it. */
function detailOf(fact: RevocationFact, { crl, entry }: RevocationLookup): NonNullable<Finding['detail']> {
  return {
    certificate: fact.certificate,
    serial: fact.serial,
    issuer_key: fact.issuer_key,
    freshness: fact.freshness,
    ...(crl && {
      issuer: crl.issuerName,
      this_update: formatInstant(crl.thisUpdate),
      next_update: formatInstant(crl.nextUpdate),
      source: crl.source,
    }),
    ...(fact.crl_number !== null && { crl_number: fact.crl_number }),
    ...(fact.age_s !== null && { age_s: fact.age_s }),
    ...(fact.usable_until !== null && { usable_until: formatInstant(fact.usable_until) }),
    ...(entry && { reason: entry.reason, revoked_at: formatInstant(entry.revokedAt) }),
  };
}
