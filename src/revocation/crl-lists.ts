import type { Certificate } from '../identity/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Authority } from './crl-authority.ts';
import type { CrlEntry } from './crl-entries.ts';
import type { CrlHeader } from './crl-header.ts';
import type { Coverage } from './crl-scope.ts';
import { combineEntries, deltaMismatch, hexValue, sameScope } from './delta.ts';
import { reasonNumbers, type ReasonMask } from './reasons.ts';

/** How far a list is believed, and from which instant on no longer; null where it is not believed now. */
export interface Belief {
  readonly grade: 'fresh' | 'within_grace' | 'stale';
  readonly until: EpochMs | null;
}

/** A CRL, with its delta where one fits, that is authentic and about a certificate. */
export interface CrlList<Crl extends CrlHeader = CrlHeader> {
  readonly crl: Crl;
  readonly delta?: Crl;
  /** The reasons for which it tells the certificate's status; none for a delta that has no complete CRL. */
  readonly reasons: ReasonMask;
  /** The parts of the issuer's list that it holds, by number, where the certificate's part is not known; absent = all. */
  readonly parts?: readonly number[];
  /** What revokes the certificate or puts it on hold, if anything. */
  readonly entry?: CrlEntry;
  /** A hold of the complete CRL that the delta has lifted: it counts again once the delta is not believed any more. */
  readonly lifted?: CrlEntry;
  /** Of the two the one that carries further; the delta's where that has lifted a hold, which is its word alone. */
  readonly belief: Belief;
}

/** A CRL of an issuer that matters, and why it was not used. */
export interface UnusedCrl<Crl extends CrlHeader = CrlHeader> {
  readonly crl: Crl;
  readonly problem: string;
  /** Its signer, where all that is missing is the right to sign CRLs. */
  readonly withoutRight?: Certificate;
}

export interface CrlLists<Crl extends CrlHeader = CrlHeader> {
  readonly lists: readonly CrlList<Crl>[];
  readonly unused: readonly UnusedCrl<Crl>[];
}

/** Whether and how a CRL is about a certificate. */
export type About =
  | {
      readonly reasons: ReasonMask;
      readonly parts?: readonly number[];
      /** By a point that names another than the certificate's issuer as whoever issues the CRL. */
      readonly delegated: boolean;
    }
  /** Not about it, but of a list that it might have been on. */
  | { readonly reasons?: undefined; readonly problem: string };

/** What is known of CRLs, whether they are in hand or in the store. */
export interface CrlSource<Crl extends CrlHeader> {
  /** Undefined for a CRL that has nothing to do with the certificate. */
  about(crl: Crl): About | undefined;
  /** Who signed it with the right to. */
  authority(crl: Crl, delegated: boolean): Authority;
  /** What it lists of the certificate; or why the whole CRL is unusable. */
  entry(crl: Crl): { readonly entry?: CrlEntry; readonly problem?: undefined } | { readonly problem: string };
  believe(crl: Crl): Belief;
  /** Whether it is from the future: then it takes nothing back that another one says. */
  isAhead(crl: Crl): boolean;
  /** Whether an entry on a list of the issuer that is not about the certificate denies all the same. */
  readonly entriesOutOfScope: 'ignored' | 'deny';
}

interface Authentic<Crl extends CrlHeader> {
  readonly crl: Crl;
  /** SHA-256 of the signer's SubjectPublicKeyInfo. */
  readonly signer: string;
  readonly reasons: ReasonMask;
  readonly parts?: readonly number[];
  readonly entry?: CrlEntry;
}

/**
 * The CRLs that tell a certificate's status: RFC 5280 section 6.3.3 (b) to (k), without the order in which they are
 * asked. Of several complete CRLs of one signer and scope only the latest counts.
 */
export function listsFor<Crl extends CrlHeader>(crls: readonly Crl[], source: CrlSource<Crl>): CrlLists<Crl> {
  const unused: UnusedCrl<Crl>[] = [];
  const authentic: Authentic<Crl>[] = [];
  for (const crl of crls) {
    const about = source.about(crl);
    if (about === undefined) continue;
    if (about.reasons === undefined) unused.push({ crl, problem: about.problem });
    if (about.reasons === undefined && source.entriesOutOfScope === 'ignored') continue;
    const found = authenticate(crl, about, source);
    if (!('problem' in found)) authentic.push(found);
    else if (about.reasons !== undefined) unused.push(found);
  }
  const deltas = authentic.filter(({ crl }) => crl.baseNumber !== undefined);
  const complete = authentic.filter(({ crl }) => crl.baseNumber === undefined);
  const latest = complete.filter((one) => !complete.some((other) => supersedes(other, one, source)));
  const lists = latest.map((one) => withDelta(one, deltas, source));
  const telling = lists.filter(({ reasons, entry, lifted }) => reasons !== 0 || entry || lifted);
  return { lists: [...telling, ...orphans(deltas, latest)], unused };
}

function authenticate<Crl extends CrlHeader>(
  crl: Crl,
  about: About,
  source: CrlSource<Crl>,
): Authentic<Crl> | UnusedCrl<Crl> {
  const delegated = about.reasons !== undefined && about.delegated;
  const authority = source.authority(crl, delegated);
  if (authority.signer === undefined) return { crl, ...authority };
  const found = source.entry(crl);
  if (found.problem !== undefined) return { crl, problem: found.problem };
  const signer = authority.signer.keyDigest;
  if (about.reasons === undefined) return { crl, signer, reasons: 0, entry: found.entry };
  const { reasons, parts } = about;
  return { crl, signer, reasons, entry: found.entry, ...(parts && { parts }) };
}

/** What several distribution points make of a CRL together: the points that it covers count, else the plainest problem. */
export function aboutByPoints(coverages: readonly Coverage[], isExpected: boolean): About | undefined {
  const covering = coverages.filter((one) => one.reasons !== undefined);
  if (covering.length === 0) return isExpected ? { problem: plainestProblem(coverages) } : undefined;
  return {
    reasons: covering.reduce((mask, one) => mask | one.reasons, 0),
    delegated: covering.some(({ point }) => point.crlIssuers !== undefined),
  };
}

/** The problem with the point that comes last is the plainest; points of other CRL issuers say nothing. */
function plainestProblem(coverages: readonly Coverage[]): string {
  const problems = coverages.flatMap((one) => (one.reasons === undefined ? [one.problem] : []));
  const telling = problems.filter((problem) => !problem.endsWith('issuer'));
  return telling.at(-1) ?? problems.at(-1) ?? 'it is not about the certificate';
}

/** A list from the future, or one that is never fresh, takes nothing back that another one says. */
function supersedes<Crl extends CrlHeader>(
  newer: Authentic<Crl>,
  older: Authentic<Crl>,
  source: CrlSource<Crl>,
): boolean {
  const [a, b] = [newer.crl, older.crl];
  if (newer === older || source.isAhead(a) || !establishes(a)) return false;
  if (newer.signer !== older.signer) return false;
  if (a.issuer.key !== b.issuer.key || !sameScope(a.scope, b.scope)) return false;
  if (a.number !== undefined && b.number !== undefined && hexValue(a.number) !== hexValue(b.number)) {
    return hexValue(a.number) > hexValue(b.number);
  }
  return a.thisUpdate > b.thisUpdate;
}

/** RFC 5280 section 6.3.3 (c), (h) to (k): the latest delta that fits and is signed with the same key. */
function withDelta<Crl extends CrlHeader>(
  complete: Authentic<Crl>,
  deltas: readonly Authentic<Crl>[],
  source: CrlSource<Crl>,
): CrlList<Crl> {
  const { crl, reasons, parts } = complete;
  const fitting = deltas
    .filter((one) => fits(one, complete))
    .sort((a, b) => (number(a) < number(b) ? 1 : -1));
  const tells = (one: Authentic<Crl>): boolean => !source.isAhead(one.crl) && establishes(one.crl);
  const delta = fitting.find(tells);
  const later = delta && source.believe(delta.crl);
  const believed = later !== undefined && later.grade !== 'stale';
  const entry = combineEntries(complete.entry, delta?.entry, believed);
  // One from the future, or never fresh, stands for no other, but what it revokes is revoked.
  const more = fitting.find((one) => !tells(one) && combineEntries(undefined, one.entry, false));
  const used = entry === undefined ? (more ?? delta) : delta;
  const lifted = complete.entry !== undefined && entry === undefined && more === undefined;
  const own = source.believe(crl);
  return {
    crl,
    ...(used && { delta: used.crl }),
    reasons,
    ...(parts && { parts }),
    entry: entry ?? more?.entry,
    ...(lifted && { lifted: complete.entry }),
    belief: believed && establishes(crl) ? (lifted ? later : better(later, own)) : own,
  };
}

const grades: Readonly<Record<Belief['grade'], number>> = { fresh: 2, within_grace: 1, stale: 0 };

/** The belief that carries further. */
export function better(a: Belief, b: Belief): Belief {
  if (a.grade !== b.grade) return grades[a.grade] > grades[b.grade] ? a : b;
  return (a.until ?? 0) >= (b.until ?? 0) ? a : b;
}

function fits(delta: Authentic<CrlHeader>, complete: Authentic<CrlHeader>): boolean {
  return deltaMismatch(delta.crl, complete.crl) === undefined && delta.signer === complete.signer;
}

/** Deltas that fit no complete CRL tell nobody's status, but what they revoke is revoked; unless a later list took over. */
function orphans<Crl extends CrlHeader>(
  deltas: readonly Authentic<Crl>[],
  complete: readonly Authentic<Crl>[],
): CrlList<Crl>[] {
  const alone = deltas.filter((delta) => !complete.some((one) => fits(delta, one) || isOver(delta, one)));
  return alone.flatMap(({ crl, entry }) => {
    const revoking = combineEntries(undefined, entry, false);
    if (revoking === undefined) return [];
    return [{ crl, reasons: 0, entry: revoking, belief: { grade: 'stale', until: null } }];
  });
}

/** Whether a complete CRL of the same signer and scope came after a delta. */
function isOver(delta: Authentic<CrlHeader>, { crl, signer }: Authentic<CrlHeader>): boolean {
  return (
    crl.number !== undefined &&
    establishes(crl) &&
    hexValue(crl.number) >= number(delta) &&
    crl.issuer.key === delta.crl.issuer.key &&
    sameScope(crl.scope, delta.crl.scope) &&
    signer === delta.signer
  );
}

function number({ crl }: Authentic<CrlHeader>): bigint {
  return hexValue(crl.number ?? '00');
}

/** Whether a list can tell that what it does not list is good; one of version 1 or without nextUpdate only revokes. */
export function establishes(crl: CrlHeader): crl is CrlHeader & { readonly nextUpdate: EpochMs } {
  return crl.version === 2 && crl.nextUpdate !== undefined;
}

/** The lists that revoke a certificate, what revokes for good before what holds. */
export function revokingLists<Crl extends CrlHeader>(lists: readonly CrlList<Crl>[]): CrlList<Crl>[] {
  return lists
    .filter(({ entry }) => entry !== undefined)
    .sort((a, b) => Number(isHold(a.entry)) - Number(isHold(b.entry)));
}

export function isHold(entry: CrlEntry | undefined): boolean {
  return entry?.reason === reasonNumbers.certificateHold;
}
