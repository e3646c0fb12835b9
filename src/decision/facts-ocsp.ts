import type { CertificationPath } from '../identity/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import { describeThrown } from '../lib/errors.ts';
import { judgeRevocation } from '../revocation/judge.ts';
import { judgeWithOcsp, ocspFreshness } from '../revocation/ocsp/judge.ts';
import { parseOcspResponse } from '../revocation/ocsp/parse-response.ts';
import type { SignerStatus } from '../revocation/ocsp/responder.ts';
import type { OcspFact } from '../revocation/ocsp/types.ts';
import { verifyOcspResponse } from '../revocation/ocsp/verify-response.ts';
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
  const { path, now } = subject;
  const { responders, reader, staplesCount } = deps.ocsp;
  const asked = responders.get(fact.issuer_key);
  // Another CA of the same key counts its serial numbers for itself (RFC 6960 section 4.1.1: issuerNameHash).
  const responder = asked?.issuer.subject.key === fact.issuer_dn ? asked : undefined;
  const maxAge = responder?.maxAge ?? null;
  const isFresh = (one: NonNullable<OcspFact['answer']>): boolean =>
    ocspFreshness(one, path.anchor.revocation, maxAge, now).freshness === 'fresh';
  const stapled = fact.certificate === 0 ? stapledOf(fact, subject, deps) : undefined;
  if (!responder && !stapled) return undefined;
  return {
    answer: responder ? reader.answer(fact.issuer_key, fact.serial, isFresh) : null,
    crl_source: fact.source,
    max_age: maxAge,
    responder: responder?.url ?? null,
    stapled: stapled?.answer ?? null,
    stapled_counts: staplesCount,
    stapled_problem: stapled?.problem ?? null,
  };
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
    return verifyOcspResponse(parseOcspResponse(stapled), {
      issuer,
      serial: fact.serial,
      now,
      signers: deps.ocsp.responders.get(issuer.keyDigest)?.signers ?? [],
      signerStatus: (signer) =>
        signerStatus({ certificates: [signer, issuer], anchor: path.anchor }, deps.revocation, now),
    });
  } catch (thrown) {
    return { problem: describeThrown(thrown) };
  }
}

/** What CRLs say of the certificate of a responder. */
export function signerStatus(
  path: Pick<CertificationPath, 'certificates'> & { readonly anchor: CertificationPath['anchor'] },
  reader: RevocationLookups,
  now: EpochMs,
): SignerStatus {
  const status = judgeRevocation(path, reader, now).facts[0]?.status;
  if (status === 'good') return 'good';
  return status === 'revoked' || status === 'on_hold' ? 'revoked' : 'unknown';
}
