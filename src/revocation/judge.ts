import type { Certificate, RevocationRules, TrustAnchor } from '../identity/types.ts';
import { formatInstant, type EpochMs } from '../lib/clock.ts';
import type { Finding, ReasonCode } from '../lib/reason-code.ts';
import { CrlAuthorities, type Authority } from './crl-authority.ts';
import { listsFor, type CrlList, type CrlLists, type CrlSource } from './crl-lists.ts';
import { judgeFreshness, isAhead } from './freshness.ts';
import type { AskedCertificate } from './look-up.ts';
import { allReasons, reasonMaskNames, reasonName } from './reasons.ts';
import { revocationFact } from './revocation-fact.ts';
import { standingOf, type Standing } from './standing.ts';
import type { CandidateCrl } from './stored-crl.ts';
import type {
  Candidate,
  RevocationFact,
  RevocationJudgement,
  RevocationLookup,
  RevocationLookups,
} from './types.ts';

/** What of a path its revocation is judged by: leaf first, anchor last. */
export interface JudgedPath {
  readonly certificates: readonly AskedCertificate[];
  readonly anchor: Pick<TrustAnchor, 'revocation' | 'certificate'>;
}

/**
 * Judges every certificate of a path but its anchor by the CRLs in force at `now`, by the rules of the path's anchor: one
 * fact for each, and a finding for each that is not plainly good. Call within one snapshot of the store.
 *
 * CRLs are judged as RFC 5280 section 6.3.3 says: complete or restricted to a distribution point, to a kind of
 * certificates or to reasons, with the delta that fits, direct or indirect with a signer that has its own unrevoked path
 * to the same anchor. A certificate is good where believed lists that are about it cover all reasons and none lists it.
 * Missing, stale and partial are never good: with `required` they deny, else they say `status_unknown`.
 *
 * What revokes goes further than the standard: an entry denies however old its list is, and on any list that is signed
 * with the key of the certificate's issuer, whatever that list is restricted to; a delta without its base revokes too.
 * Only a later list of the same scope, or a believed delta that lifts a hold, takes an entry back. A list from the
 * future denies whether one is required or not: by a wrong clock nothing else can be judged either.
 */
export function judgeRevocation(
  path: JudgedPath,
  reader: RevocationLookups,
  now: EpochMs,
): RevocationJudgement {
  return new StoredJudge(path.anchor, reader, now).judge(path.certificates, []);
}

/** Findings that say something of a CRL signer's status, and do not speak against it. */
const harmless: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'revocation.removed_from_hold',
  'revocation.stale_within_grace',
  'revocation.status_unknown',
]);

/** A CRL's signer that was found to have the right, and when that holds. */
interface Trusted {
  readonly authority: Authority;
  readonly rules: RevocationRules;
  readonly from: EpochMs;
  readonly until: EpochMs;
}

const trusted = new WeakMap<RevocationLookup, Map<string, Trusted>>();

class StoredJudge {
  readonly #rules: RevocationRules;
  readonly #anchor: Certificate;
  readonly #reader: RevocationLookups;
  readonly #now: EpochMs;
  #authorities: CrlAuthorities | undefined;
  /** Until when all that was said here of CRL signers' paths will hold. */
  #until: EpochMs = Infinity;

  constructor(anchor: JudgedPath['anchor'], reader: RevocationLookups, now: EpochMs) {
    this.#rules = anchor.revocation;
    this.#anchor = anchor.certificate;
    this.#reader = reader;
    this.#now = now;
  }

  /** `opened` are CRL signers whose own paths are being judged. */
  judge(path: readonly AskedCertificate[], opened: readonly Certificate[]): RevocationJudgement {
    const facts: RevocationFact[] = [];
    const findings: Finding[] = [];
    for (let place = 0; place < path.length - 1; place++) {
      const certificate = path[place] as AskedCertificate;
      const issuerKey = (path[place + 1] as AskedCertificate).keyDigest;
      const found = this.#reader.lookup(certificate, issuerKey);
      const { lists, unused } = this.#listsFor(found, certificate, path, opened);
      const standing = standingOf(lists, found.parts);
      const fact = revocationFact({ place, certificate, issuerKey, found, standing }, this.#now);
      facts.push(fact);
      findings.push(...this.#findingsOf({ fact, found, standing, lists, unused }));
    }
    return { facts, findings };
  }

  #listsFor(
    found: RevocationLookup,
    certificate: AskedCertificate,
    path: readonly AskedCertificate[],
    opened: readonly Certificate[],
  ): CrlLists<CandidateCrl> {
    const { candidates } = found;
    const [only] = candidates;
    if (only && candidates.length === 1 && isPlain(only)) {
      const { crl } = only;
      const list = { crl, reasons: allReasons, belief: this.#believe(crl) };
      return { lists: [crl.entry ? { ...list, entry: crl.entry } : list], unused: [] };
    }
    const byCrl = new Map(candidates.map((one) => [one.crl, one]));
    const source: CrlSource<CandidateCrl> = {
      about: (crl) => byCrl.get(crl)?.about,
      authority: (crl, delegated) => {
        if (byCrl.get(crl)?.isDirect) return { signer: { keyDigest: crl.signerKey } };
        const find = (): Authority => this.#authority(crl, certificate, path, opened, delegated);
        return opened.length > 0 ? find() : this.#remembered(found, keyOf(crl, path), find);
      },
      entry: ({ entry }) => (entry ? { entry } : {}),
      believe: (crl) => this.#believe(crl),
      isAhead: (crl) => isAhead(crl.thisUpdate, this.#now),
      entriesOutOfScope: 'deny',
    };
    return listsFor(
      candidates.map(({ crl }) => crl),
      source,
    );
  }

  #believe(crl: CandidateCrl) {
    const { freshness, usableUntil } = judgeFreshness(crl.info, this.#rules, this.#now);
    return { grade: freshness === 'missing' ? 'stale' : freshness, until: usableUntil } as const;
  }

  /**
   * A signer that is trusted stays so for as long as its path's certificates are valid and their status is believed, and
   * the look-up is forgotten with anything that changes. One that is not is asked about each time.
   */
  #remembered(found: RevocationLookup, key: string, find: () => Authority): Authority {
    const now = this.#now;
    const known = trusted.get(found)?.get(key);
    if (known?.rules === this.#rules && known.from <= now && now < known.until) return known.authority;
    const authority = find();
    if (authority.signer === undefined) return authority;
    const others = trusted.get(found) ?? new Map<string, Trusted>();
    trusted.set(found, others.set(key, { authority, rules: this.#rules, from: now, until: this.#until }));
    return authority;
  }

  /** Judges the path of a CRL's signer, and notes how long what it says will hold. */
  #judgeSigner(path: readonly Certificate[], opened: readonly Certificate[]): readonly Finding[] {
    const { facts, findings } = this.judge(path, opened);
    const ends = [
      ...path.map(({ notAfter }) => notAfter),
      ...facts.flatMap((fact) => fact.usable_until ?? []),
    ];
    this.#until = Math.min(this.#until, ...ends);
    return findings.filter(({ code }) => !harmless.has(code));
  }

  /** Of a CRL that another key than that of the certificate's issuer signed. */
  #authority(
    crl: CandidateCrl,
    certificate: AskedCertificate,
    path: readonly AskedCertificate[],
    opened: readonly Certificate[],
    delegated: boolean,
  ): Authority {
    this.#authorities ??= new CrlAuthorities(
      { at: this.#now, anchor: this.#anchor, certificates: this.#reader.issuers },
      (signers, more) => this.#judgeSigner(signers, more),
    );
    const whole = path.map((one) => ('points' in one ? this.#anchor : one));
    const self = 'points' in certificate ? [] : [certificate];
    const others = opened.filter((one) => one.fingerprint !== certificate.fingerprint);
    return this.#authorities.find(crl, whole, [...others, ...self], delegated ? self[0] : undefined);
  }

  /** A list from the future says nothing of its certificate but its entries, and that a clock is wrong. */
  #findingsOf(judged: Judged): readonly Finding[] {
    const { fact, found, lists } = judged;
    const ahead = found.candidates.some(({ crl }) => isAhead(crl.thisUpdate, this.#now));
    const code = ahead && fact.status === 'unknown' ? undefined : this.#codeOf(judged);
    const lifted = fact.status === 'good' ? lists.find((list) => list.lifted) : undefined;
    if (!code && !lifted && !ahead) return noFindings;
    const detail = detailOf(judged);
    return [
      ...(code ? [{ code, detail }] : []),
      ...(lifted ? [liftedFinding(lifted, detail)] : []),
      ...(ahead
        ? [{ code: 'system.clock_untrusted', detail: { ...detail, now: formatInstant(this.#now) } } as const]
        : []),
    ];
  }

  #codeOf({ fact, found }: Judged): ReasonCode | undefined {
    switch (fact.status) {
      case 'on_hold':
        return 'revocation.on_hold';
      case 'revoked':
        return fact.certificate === 0 ? 'revocation.revoked' : 'revocation.issuer_revoked';
      case 'good':
        return fact.freshness === 'within_grace' ? 'revocation.stale_within_grace' : undefined;
      case 'unknown':
        if (!this.#rules.required) return 'revocation.status_unknown';
        if (fact.freshness === 'stale') return 'revocation.crl_stale';
        return found.isPartitioned ? 'revocation.shard_not_loaded' : 'revocation.crl_missing';
    }
  }
}

/** A CRL, and the path that it is used for: what is in it counts as validated. */
function keyOf(crl: CandidateCrl, path: readonly AskedCertificate[]): string {
  return [crl.digest, ...path.map(({ fingerprint }) => fingerprint)].join(' ');
}

const noFindings: readonly Finding[] = [];

interface Judged {
  readonly fact: RevocationFact;
  readonly found: RevocationLookup;
  readonly standing: Standing<CandidateCrl>;
  readonly lists: readonly CrlList<CandidateCrl>[];
  readonly unused: CrlLists<CandidateCrl>['unused'];
}

/** The one complete list of the certificate's issuer: what nearly all are judged by. */
function isPlain({ crl, about, isDirect }: Candidate): boolean {
  return isDirect && crl.scope === undefined && !crl.info.delta && about.reasons === allReasons;
}

function liftedFinding(
  { lifted, delta }: CrlList<CandidateCrl>,
  detail: NonNullable<Finding['detail']>,
): Finding {
  return {
    code: 'revocation.removed_from_hold',
    detail: {
      ...detail,
      ...(lifted && { held_at: formatInstant(lifted.revokedAt) }),
      ...(delta?.number !== undefined && { delta_number: delta.number }),
    },
  };
}

/** Most problems that are told about one certificate. */
const mostProblems = 4;

/** What the auditor compares; the device is never told any of it. */
function detailOf({ fact, standing, unused }: Judged): NonNullable<Finding['detail']> {
  const { list, missing } = standing;
  const isMissing = fact.status === 'unknown' && fact.freshness === 'missing';
  const problems = isMissing ? unused.slice(0, mostProblems).map(problemText) : [];
  const notLoaded = isMissing ? fact.distribution_points.filter(({ loaded }) => !loaded) : [];
  return {
    certificate: fact.certificate,
    serial: fact.serial,
    issuer_key: fact.issuer_key,
    freshness: fact.freshness,
    ...(list && {
      issuer: list.crl.issuerName,
      this_update: formatInstant(fact.this_update as EpochMs),
      next_update: formatInstant(fact.next_update as EpochMs),
      source: fact.source as string,
    }),
    ...(fact.crl_number !== null && { crl_number: fact.crl_number }),
    ...(fact.delta_number !== null && { delta_number: fact.delta_number }),
    ...(fact.age_s !== null && { age_s: fact.age_s }),
    ...(fact.usable_until !== null && { usable_until: formatInstant(fact.usable_until) }),
    ...(list?.entry && {
      reason: reasonName(list.entry.reason) ?? 'unspecified',
      revoked_at: formatInstant(list.entry.revokedAt),
    }),
    ...(isMissing && missing !== allReasons && { reasons_not_covered: reasonMaskNames(missing).join(' ') }),
    ...(notLoaded.length > 0 && { not_loaded: notLoaded.slice(0, mostProblems).map(pointText).join(' ') }),
    ...(problems.length > 0 && { problem: problems.join('; ') }),
  };
}

function problemText({ crl, problem }: Judged['unused'][number]): string {
  return `${crl.info.delta ? 'delta CRL' : 'CRL'} ${crl.number ?? 'without number'}: ${problem}`;
}

function pointText({ names, crl_issuers: issuers }: RevocationFact['distribution_points'][number]): string {
  return names[0] ?? issuers?.[0] ?? '(without a name)';
}
