import { nameText } from '../identity/name-text.ts';
import type { Certificate } from '../identity/types.ts';
import { formatInstant, type EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import { CrlAuthorities } from './crl-authority.ts';
import type { CrlEntry } from './crl-entries.ts';
import { entryFor, indexCrl } from './crl-index.ts';
import { lintCrls, type CrlLint } from './crl-lint.ts';
import {
  aboutByPoints,
  establishes,
  isHold,
  listsFor,
  revokingLists,
  type CrlList,
  type CrlLists,
  type CrlSource,
} from './crl-lists.ts';
import { coverageOf } from './crl-scope.ts';
import { distributionPointsOf, type DistributionPoint } from './distribution-points.ts';
import type { ParsedCrl } from './parse-crl.ts';
import { allReasons, reasonMaskNames, reasonName, type ReasonMask } from './reasons.ts';

/** A path, and the CRLs by which its revocation is to be judged. */
export interface RevocationQuestion {
  /** Leaf first, anchor last; everything but revocation holds. */
  readonly path: readonly Certificate[];
  readonly crls: readonly ParsedCrl[];
  readonly at: EpochMs;
  /** Whether a certificate whose status is not established is denied. */
  readonly required: boolean;
  /** Certificates among which CRL issuers may be found: intermediates and anchors. */
  readonly certificates: readonly Certificate[];
}

/** Status of one certificate of a path. */
export interface CertificateStatus {
  /** Place in the path, 0 = leaf. */
  readonly certificate: number;
  readonly status: 'good' | 'revoked' | 'on_hold' | 'unknown';
  /** Reasons for which fresh CRLs cover the certificate (reasons_mask of RFC 5280 section 6.3.2). */
  readonly covered: ReasonMask;
  /** Reasons for which stale ones do. */
  readonly stale: ReasonMask;
  readonly entry?: CrlEntry;
  /** The CRL that the entry is on; else the first that was used. */
  readonly list?: CrlList<ParsedCrl>;
  /** Why CRLs of the certificate's issuer were not used. */
  readonly problems: readonly string[];
}

export interface RevocationEvaluation {
  readonly statuses: readonly CertificateStatus[];
  readonly findings: readonly Finding[];
  readonly lint: readonly CrlLint[];
}

/**
 * Judges every certificate of a path but its anchor, and a leaf that is its own anchor, by CRLs: RFC 5280 section 6.3, with complete, delta, partial and
 * indirect CRLs. A certificate is good where fresh, authentic CRLs that are about it cover all reasons and none lists
 * it; an entry on any authentic one revokes, however old it is. CRL issuers need a path to the same anchor, judged
 * likewise. Pure; never throws for what the CRLs say.
 */
export function evaluateRevocation(o: RevocationQuestion): RevocationEvaluation {
  if (o.crls.length === 0 && !o.required) return { statuses: [], findings: [], lint: [] };
  const question = { at: o.at, anchor: o.path.at(-1) as Certificate, certificates: o.certificates };
  const judgePath = (path: readonly Certificate[], opened: readonly Certificate[]): readonly Finding[] =>
    evaluatePath(path, opened).findings;
  const authorities = new CrlAuthorities(question, judgePath);

  function evaluatePath(path: readonly Certificate[], opened: readonly Certificate[]): RevocationEvaluation {
    const lint: CrlLint[] = [];
    const asked = path.length === 1 && opened.length === 0 ? path : path.slice(0, -1);
    const statuses = asked.map((certificate, place) => {
      const { points, problem } = distributionPointsOf(certificate);
      const others = opened.filter((one) => one !== certificate);
      const subject = { certificate, points, path, opened: [...others, certificate] };
      const lists = listsFor(o.crls, sourceFor(subject, authorities, o.at));
      lint.push(...lintCrls(lists, place));
      return statusOf(place, lists, problem);
    });
    const findings = statuses.flatMap((status) => findingOf(status, path, o.required));
    return { statuses, findings, lint };
  }

  return evaluatePath(o.path, []);
}

/** What denies a path by its revocation; empty where nothing does. */
export function revocationFindings(o: RevocationQuestion): readonly Finding[] {
  return evaluateRevocation(o).findings;
}

/** Whose revocation is asked about, and by which of its distribution points. */
interface Subject {
  readonly certificate: Certificate;
  readonly points: readonly DistributionPoint[];
  readonly path: readonly Certificate[];
  /** Certificates whose revocation is being judged, this one included. */
  readonly opened: readonly Certificate[];
}

/** CRLs from their bytes, by the letter of the standard: lists that are not about a certificate say nothing of it. */
function sourceFor(
  { certificate, points, path, opened }: Subject,
  authorities: CrlAuthorities,
  at: EpochMs,
): CrlSource<ParsedCrl> {
  return {
    about(crl) {
      const { key } = crl.issuer;
      const coverages = points.map((point) => coverageOf(crl, certificate, point));
      const named = points.some(({ crlIssuers }) => crlIssuers?.includes(key));
      return aboutByPoints(coverages, named || key === certificate.issuer.key);
    },
    authority: (crl, delegated) => authorities.find(crl, path, opened, delegated ? certificate : undefined),
    entry(crl) {
      const index = indexCrl(crl);
      if (index.entries === undefined) return { problem: index.problem };
      return { entry: entryFor(index.entries, certificate) };
    },
    // RFC 5280 section 6.3.3 (a): both ends count as fresh.
    believe: (crl) =>
      establishes(crl) && crl.thisUpdate <= at && at <= crl.nextUpdate
        ? { grade: 'fresh', until: crl.nextUpdate }
        : { grade: 'stale', until: null },
    isAhead: (crl) => crl.thisUpdate > at,
    entriesOutOfScope: 'ignored',
  };
}

function statusOf(
  certificate: number,
  { lists, unused }: CrlLists<ParsedCrl>,
  unreadable: string | undefined,
): CertificateStatus {
  const revoking = revokingLists(lists);
  const mask = (some: readonly CrlList<ParsedCrl>[]): ReasonMask =>
    some.reduce((all, { reasons }) => all | reasons, 0);
  const covered = mask(lists.filter(({ belief }) => belief.grade === 'fresh'));
  const stale = mask(lists.filter(({ belief }) => belief.grade !== 'fresh'));
  const problems = unused.map(({ crl, problem }) => `CRL ${crl.number ?? 'without number'}: ${problem}`);
  const [first] = revoking;
  const entry = first?.entry;
  const good = covered === allReasons ? 'good' : 'unknown';
  return {
    certificate,
    status: entry === undefined ? good : isHold(entry) ? 'on_hold' : 'revoked',
    covered,
    stale,
    ...(entry && { entry }),
    ...((first ?? lists[0]) && { list: first ?? lists[0] }),
    problems: unreadable === undefined ? problems : [unreadable, ...problems],
  };
}

function findingOf(status: CertificateStatus, path: readonly Certificate[], required: boolean): Finding[] {
  const { certificate: place } = status;
  const certificate = path[place] as Certificate;
  const detail = {
    certificate: place,
    serial: certificate.serial,
    issuer: nameText(certificate.issuer),
    ...listDetail(status.list),
  };
  switch (status.status) {
    case 'good':
      return [];
    case 'on_hold':
      return [{ code: 'revocation.on_hold', detail: { ...detail, ...entryDetail(status.entry) } }];
    case 'revoked': {
      const code = place === 0 ? 'revocation.revoked' : 'revocation.issuer_revoked';
      return [{ code, detail: { ...detail, ...entryDetail(status.entry) } }];
    }
    case 'unknown': {
      if (!required) return [];
      const isStale = (status.covered | status.stale) === allReasons;
      const code = isStale ? 'revocation.crl_stale' : 'revocation.crl_missing';
      return [{ code, detail: { ...detail, ...gapDetail(status, isStale) } }];
    }
  }
}

function listDetail(list: CrlList<ParsedCrl> | undefined): NonNullable<Finding['detail']> {
  if (list === undefined) return {};
  const crl = list.delta ?? list.crl;
  return {
    ...(crl.number !== undefined && { crl_number: crl.number }),
    this_update: formatInstant(crl.thisUpdate),
    ...(crl.nextUpdate !== undefined && { next_update: formatInstant(crl.nextUpdate) }),
  };
}

function entryDetail(entry: CrlEntry | undefined): NonNullable<Finding['detail']> {
  if (entry === undefined) return {};
  return {
    reason: reasonName(entry.reason) ?? String(entry.reason),
    revoked_at: formatInstant(entry.revokedAt),
  };
}

/** Most problems that are told about one certificate. */
const mostProblems = 4;

function gapDetail(
  { covered, stale, problems }: CertificateStatus,
  isStale: boolean,
): NonNullable<Finding['detail']> {
  const missing = allReasons & ~(covered | stale);
  return {
    ...(!isStale && missing !== allReasons && { reasons_not_covered: reasonMaskNames(missing).join(' ') }),
    ...(problems.length > 0 && { problem: problems.slice(0, mostProblems).join('; ') }),
  };
}
