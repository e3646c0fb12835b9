import type { Certificate, CertificationPath } from '../identity/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import { describeThrown } from '../lib/errors.ts';
import { judgeRevocation } from '../revocation/judge.ts';
import { judgeWithOcsp, ocspFreshness } from '../revocation/ocsp/judge.ts';
import { parseOcspResponse } from '../revocation/ocsp/parse-response.ts';
import type { OcspResponder } from '../revocation/ocsp/knowledge.ts';
import { goesUnchecked, type SignerStatus } from '../revocation/ocsp/responder.ts';
import type { OcspAnswer, OcspFact } from '../revocation/ocsp/types.ts';
import { verifyOcspResponse, type VerifiedAnswer } from '../revocation/ocsp/verify-response.ts';
import type { RevocationFact, RevocationJudgement, RevocationLookups } from '../revocation/types.ts';
import type { DecisionDeps } from './deps.ts';

export interface OcspSubject {
  readonly path: CertificationPath;
  /** The answer that the enforcement point passed on with the leaf. */
  readonly stapled: Uint8Array | undefined;
  readonly now: EpochMs;
}

/**
 * What CRLs say of a path, together with what OCSP told: cached answers of configured responders, and the stapled one.
 * Nobody is asked here, and nothing is kept. Call within one `store.snapshot`.
 */
export function withOcspFacts(
  judged: RevocationJudgement,
  subject: OcspSubject,
  deps: Pick<DecisionDeps, 'ocsp' | 'revocation'>,
): RevocationJudgement {
  const { path, stapled, now } = subject;
  if (stapled === undefined && deps.ocsp.responders.size === 0) return judged;
  const known = new Map<number, OcspFact>();
  for (const fact of judged.facts) {
    const one = knownOf(fact, subject, deps);
    if (one) known.set(fact.certificate, one);
  }
  return judgeWithOcsp(judged, known, path.anchor.revocation, now);
}

/** What recorded facts say that OCSP told, judged again. */
export function withRecordedOcsp(
  judged: RevocationJudgement,
  recorded: readonly RevocationFact[],
  rules: CertificationPath['anchor']['revocation'],
  now: EpochMs,
): RevocationJudgement {
  const known = new Map(
    recorded.flatMap(({ certificate, ocsp }) => (ocsp ? [[certificate, ocsp] as const] : [])),
  );
  return judgeWithOcsp(judged, known, rules, now);
}

type Deps = Pick<DecisionDeps, 'ocsp' | 'revocation'>;

function knownOf(fact: RevocationFact, subject: OcspSubject, deps: Deps): OcspFact | undefined {
  const { responders, staplesCount } = deps.ocsp;
  const asked = responders.get(fact.issuer_key);
  // Another CA of the same key counts its serial numbers for itself (RFC 6960 section 4.1.1: issuerNameHash).
  const responder = asked?.issuer.subject.key === fact.issuer_dn ? asked : undefined;
  const maxAge = responder?.maxAge ?? null;
  const stapled = fact.certificate === 0 ? stapledOf(fact, subject, deps) : undefined;
  if (!responder && !stapled) return undefined;
  return {
    answer: responder ? keptOf(fact, responder, subject, deps) : null,
    crl_source: fact.source,
    max_age: maxAge,
    responder: responder?.url ?? null,
    stapled: stapled?.answer ?? null,
    stapled_counts: staplesCount,
    stapled_problem: stapled?.problem ?? null,
  };
}

/** The kept answer, where its signer counts now as much as when it came, or where it revokes. */
function keptOf(
  fact: RevocationFact,
  responder: OcspResponder,
  subject: OcspSubject,
  deps: Deps,
): OcspAnswer | null {
  const { path, now } = subject;
  const { reader } = deps.ocsp;
  let known: { readonly one: OcspAnswer; readonly signed: OcspAnswer | null } | undefined;
  const signed = (one: OcspAnswer): OcspAnswer | null => {
    if (known?.one === one) return known.signed;
    known = { one, signed: signedNow(one, { fact, responder }, subject, deps) };
    return known.signed;
  };
  const suffices = (one: OcspAnswer): boolean => {
    const counting = signed(one);
    if (counting === null) return false;
    return ocspFreshness(counting, path.anchor.revocation, responder.maxAge, now).freshness === 'fresh';
  };
  const one = reader.answer(fact.issuer_key, fact.serial, suffices);
  return one && signed(one);
}

interface Asked {
  readonly fact: RevocationFact;
  readonly responder: OcspResponder;
}

/**
 * A kept answer with the end of its signer; null where that one would not be believed now (RFC 6960 section 3.2): its
 * certificate has expired or been revoked since, or the configuration names it no more. What revokes stays.
 */
function signedNow(
  answer: OcspAnswer,
  { fact, responder }: Asked,
  { path, now }: OcspSubject,
  { ocsp, revocation }: Deps,
): OcspAnswer | null {
  const { signer_key: key, status } = answer;
  // Of the CA itself: its certificate is in the path, and bounds the decision by itself.
  if (key === fact.issuer_key || status === 'revoked' || status === 'on_hold') return answer;
  const configured = responder.signers.find((one) => one.keyDigest === key && isValid(one, now));
  if (configured) return endingAt(answer, configured.notAfter);
  const delegate = ocsp.reader.signer(fact.issuer_key, key);
  const issuer = path.certificates[fact.certificate + 1];
  if (!delegate || !issuer) return null;
  const until = delegateEnd(
    delegate,
    { certificates: [delegate, issuer], anchor: path.anchor },
    revocation,
    now,
  );
  return until === undefined ? null : endingAt(answer, until);
}

function isValid({ notBefore, notAfter }: Certificate, now: EpochMs): boolean {
  return notBefore <= now && now < notAfter;
}

/** The answer as it stands in facts. */
function endingAt(answer: OcspAnswer, until: EpochMs | undefined): OcspAnswer {
  const { digest, next_update, produced_at, reason, revoked_at, signer_key, status, this_update } = answer;
  const said = { digest, next_update, produced_at, reason, revoked_at, signer_key };
  return until === undefined
    ? { ...said, status, this_update }
    : { ...said, signer_until: until, status, this_update };
}

/** Until when a delegate of the CA counts, by its certificate and by CRLs; undefined where it does not now. */
function delegateEnd(
  delegate: Certificate,
  path: SignerPath,
  reader: RevocationLookups,
  now: EpochMs,
): EpochMs | undefined {
  if (!isValid(delegate, now)) return undefined;
  const { status, until } = judgeSigner(path, reader, now);
  if (status === 'revoked') return undefined;
  if (status === 'unknown') return goesUnchecked(delegate) ? delegate.notAfter : undefined;
  return Math.min(delegate.notAfter, until);
}

interface Stapled {
  readonly answer?: OcspFact['stapled'];
  readonly problem?: string;
}

function stapledOf(
  fact: RevocationFact,
  { path, stapled, now }: OcspSubject,
  deps: Deps,
): Stapled | undefined {
  const issuer = path.certificates[1];
  if (stapled === undefined || issuer === undefined) return undefined;
  try {
    const { answer, problem } = verifyOcspResponse(parseOcspResponse(stapled), {
      issuer,
      serial: fact.serial,
      now,
      signers: deps.ocsp.responders.get(issuer.keyDigest)?.signers ?? [],
      signerStatus: (signer) =>
        signerStatus({ certificates: [signer, issuer], anchor: path.anchor }, deps.revocation, now),
    });
    return answer ? { answer: stapledFact(answer, issuer, path.anchor, deps, now) } : { problem };
  } catch (thrown) {
    return { problem: describeThrown(thrown) };
  }
}

function stapledFact(
  answer: VerifiedAnswer,
  issuer: Certificate,
  anchor: SignerPath['anchor'],
  { revocation }: Deps,
  now: EpochMs,
): OcspAnswer {
  const { role, certificate } = answer.signer;
  if (role === 'issuer' || answer.status === 'revoked' || answer.status === 'on_hold')
    return endingAt(answer, undefined);
  const path = { certificates: [certificate, issuer], anchor };
  const until = role === 'delegate' ? delegateEnd(certificate, path, revocation, now) : undefined;
  return endingAt(answer, until ?? certificate.notAfter);
}

type SignerPath = Pick<CertificationPath, 'certificates'> & {
  readonly anchor: CertificationPath['anchor'];
};

/** What CRLs say of the certificate of a responder. */
export function signerStatus(path: SignerPath, reader: RevocationLookups, now: EpochMs): SignerStatus {
  return judgeSigner(path, reader, now).status;
}

/** And until when they do, where they say that it is good. */
function judgeSigner(
  path: SignerPath,
  reader: RevocationLookups,
  now: EpochMs,
): { readonly status: SignerStatus; readonly until: EpochMs } {
  const [fact] = judgeRevocation(path, reader, now).facts;
  const until = fact?.usable_until ?? Infinity;
  if (fact?.status === 'good') return { status: 'good', until };
  const revoked = fact?.status === 'revoked' || fact?.status === 'on_hold';
  return { status: revoked ? 'revoked' : 'unknown', until };
}
