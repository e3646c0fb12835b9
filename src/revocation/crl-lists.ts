import type { Certificate } from '../identity/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { CrlAuthorities } from './crl-authority.ts';
import { signatureOf } from './crl-authority.ts';
import type { CrlEntry } from './crl-entries.ts';
import { entryFor, indexCrl } from './crl-index.ts';
import { coverageOf, type Coverage } from './crl-scope.ts';
import { combineEntries, deltaMismatch, hexValue, sameScope } from './delta.ts';
import type { DistributionPoint } from './distribution-points.ts';
import type { ParsedCrl } from './parse-crl.ts';
import type { ReasonMask } from './reasons.ts';

/** A CRL, with its delta where one fits, that is authentic and about a certificate. */
export interface CrlList {
  readonly crl: ParsedCrl;
  readonly delta?: ParsedCrl;
  readonly signer: Certificate;
  /** The reasons for which it tells the certificate's status; none for a delta that has no complete CRL. */
  readonly reasons: ReasonMask;
  /** What revokes the certificate or puts it on hold, if anything. */
  readonly entry?: CrlEntry;
  readonly fresh: boolean;
}

/** A CRL of an issuer that matters, and why it was not used. */
export interface UnusedCrl {
  readonly crl: ParsedCrl;
  readonly problem: string;
  /** Its signer, where all that is missing is the right to sign CRLs. */
  readonly withoutRight?: Certificate;
}

export interface CrlLists {
  readonly lists: readonly CrlList[];
  readonly unused: readonly UnusedCrl[];
}

/** Whose revocation is asked about, and by which of its distribution points. */
export interface Subject {
  readonly certificate: Certificate;
  readonly points: readonly DistributionPoint[];
  readonly path: readonly Certificate[];
  /** Certificates whose revocation is being judged, this one included. */
  readonly opened: readonly Certificate[];
}

interface Authentic {
  readonly crl: ParsedCrl;
  readonly signer: Certificate;
  readonly reasons: ReasonMask;
  readonly entry?: CrlEntry;
}

/**
 * The CRLs that tell a certificate's status at `at`: RFC 5280 section 6.3.3 (b) to (k), without the order in which they
 * are asked. Of several complete CRLs of one signer and scope only the latest counts.
 */
export function listsFor(
  subject: Subject,
  crls: readonly ParsedCrl[],
  authorities: CrlAuthorities,
  at: EpochMs,
): CrlLists {
  const unused: UnusedCrl[] = [];
  const authentic: Authentic[] = [];
  for (const crl of crls) {
    const found = authenticate(crl, subject, authorities);
    if (found === undefined) continue;
    if ('problem' in found) unused.push(found);
    else authentic.push(found);
  }
  const deltas = authentic.filter(({ crl }) => crl.baseNumber !== undefined);
  const complete = authentic.filter(({ crl }) => crl.baseNumber === undefined);
  const latest = complete.filter((one) => !complete.some((other) => supersedes(other, one, at)));
  const lists = latest.map((one) => withDelta(one, deltas, at));
  return { lists: [...lists, ...orphans(deltas, latest)], unused };
}

/** Undefined for a CRL that has nothing to do with the certificate. */
function authenticate(
  crl: ParsedCrl,
  { certificate, points, path, opened }: Subject,
  authorities: CrlAuthorities,
): Authentic | UnusedCrl | undefined {
  const coverages = points.map((point) => coverageOf(crl, certificate, point));
  const covering = coverages.filter((one) => one.reasons !== undefined);
  if (covering.length === 0)
    return isExpected(crl, certificate, points) ? outOfScope(crl, coverages) : undefined;
  const delegated = covering.some(({ point }) => point.crlIssuers !== undefined);
  const authority = authorities.find(crl, path, opened, delegated ? certificate : undefined);
  if (authority.signer === undefined) return { crl, ...authority };
  const index = indexCrl(crl);
  if (index.entries === undefined) return { crl, problem: index.problem };
  const reasons = covering.reduce((mask, one) => mask | one.reasons, 0);
  return { crl, signer: authority.signer, reasons, entry: entryFor(index.entries, certificate) };
}

function isExpected(crl: ParsedCrl, certificate: Certificate, points: readonly DistributionPoint[]): boolean {
  const { key } = crl.issuer;
  return key === certificate.issuer.key || points.some(({ crlIssuers }) => crlIssuers?.includes(key));
}

/** The problem with the point that comes last is the plainest; points of other CRL issuers say nothing. */
function outOfScope(crl: ParsedCrl, coverages: readonly Coverage[]): UnusedCrl {
  const problems = coverages.flatMap((one) => (one.reasons === undefined ? [one.problem] : []));
  const telling = problems.filter((problem) => !problem.endsWith('issuer'));
  return { crl, problem: telling.at(-1) ?? problems.at(-1) ?? 'it is not about the certificate' };
}

/** A list from the future, or one that is never fresh, takes nothing back that another one says. */
function supersedes(newer: Authentic, older: Authentic, at: EpochMs): boolean {
  const [a, b] = [newer.crl, older.crl];
  if (newer === older || a.thisUpdate > at || !establishes(a)) return false;
  if (newer.signer.keyDigest !== older.signer.keyDigest) return false;
  if (a.issuer.key !== b.issuer.key || !sameScope(a.scope, b.scope)) return false;
  if (a.number !== undefined && b.number !== undefined && hexValue(a.number) !== hexValue(b.number)) {
    return hexValue(a.number) > hexValue(b.number);
  }
  return a.thisUpdate > b.thisUpdate;
}

/** RFC 5280 section 6.3.3 (c), (h) to (k): the latest delta that fits and is signed with the same key. */
function withDelta(complete: Authentic, deltas: readonly Authentic[], at: EpochMs): CrlList {
  const { crl, signer, reasons } = complete;
  const fitting = deltas
    .filter((one) => fits(one, complete))
    .sort((a, b) => (number(a) < number(b) ? 1 : -1));
  const tells = (one: Authentic): boolean => one.crl.thisUpdate <= at && establishes(one.crl);
  const delta = fitting.find(tells);
  const current = delta !== undefined && isFresh(delta.crl, at);
  const entry = combineEntries(complete.entry, delta?.entry, current);
  // One from the future, or never fresh, stands for no other, but what it revokes is revoked.
  const more = fitting.find((one) => !tells(one) && combineEntries(undefined, one.entry, false));
  const used = entry === undefined ? (more ?? delta) : delta;
  return {
    crl,
    ...(used && { delta: used.crl }),
    signer,
    reasons,
    entry: entry ?? more?.entry,
    fresh: isFresh(crl, at) || (current && establishes(crl)),
  };
}

function fits(delta: Authentic, complete: Authentic): boolean {
  return (
    deltaMismatch(delta.crl, complete.crl) === undefined &&
    signatureOf(delta.crl, complete.signer) === 'valid'
  );
}

/** Deltas that fit no complete CRL tell nobody's status, but what they revoke is revoked; unless a later list took over. */
function orphans(deltas: readonly Authentic[], complete: readonly Authentic[]): CrlList[] {
  const alone = deltas.filter((delta) => !complete.some((one) => fits(delta, one) || isOver(delta, one)));
  return alone.flatMap(({ crl, signer, entry }) => {
    const revoking = combineEntries(undefined, entry, false);
    return revoking === undefined ? [] : [{ crl, signer, reasons: 0, entry: revoking, fresh: false }];
  });
}

/** Whether a complete CRL of the same signer and scope came after a delta. */
function isOver(delta: Authentic, { crl, signer }: Authentic): boolean {
  return (
    crl.number !== undefined &&
    establishes(crl) &&
    hexValue(crl.number) >= number(delta) &&
    crl.issuer.key === delta.crl.issuer.key &&
    sameScope(crl.scope, delta.crl.scope) &&
    signatureOf(delta.crl, signer) === 'valid'
  );
}

function number({ crl }: Authentic): bigint {
  return hexValue(crl.number ?? '00');
}

/** Whether a list can tell that what it does not list is good; one of version 1 or without nextUpdate only revokes. */
function establishes(crl: ParsedCrl): crl is ParsedCrl & { readonly nextUpdate: EpochMs } {
  return crl.version === 2 && crl.nextUpdate !== undefined;
}

/** RFC 5280 section 6.3.3 (a): both ends count as fresh. */
function isFresh(crl: ParsedCrl, at: EpochMs): boolean {
  return establishes(crl) && crl.thisUpdate <= at && at <= crl.nextUpdate;
}
