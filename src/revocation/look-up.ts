import type { Certificate } from '../identity/types.ts';
import type { CrlEntry } from './crl-entries.ts';
import { aboutByPoints, type About } from './crl-lists.ts';
import { coverageOf, type RevocableCertificate } from './crl-scope.ts';
import { distributionPointsOf, impliedPoint, type DistributionPoint } from './distribution-points.ts';
import { allReasons, reasonMask, reasonMaskNames } from './reasons.ts';
import type { StoredCrl } from './stored-crl.ts';
import type { Candidate, DistributionPointFact, RevocationLookup } from './types.ts';

/** Which distribution points the configuration expects of an issuer, by its key's digest (hex). */
export type ExpectedPoints = ReadonlyMap<string, readonly string[]>;

/** A certificate whose status is asked; where only a record of it is left, with the points that it named. */
export type AskedCertificate = Certificate | RecordedCertificate;

export interface RecordedCertificate extends RevocableCertificate {
  readonly fingerprint: string;
  readonly keyDigest: string;
  /** Those that it lists itself. */
  readonly points: readonly DistributionPoint[];
}

/** The CRLs in force, by the key that signed them and by their issuer's name. */
export interface CrlDirectory<Crl extends StoredCrl> {
  readonly byKey: ReadonlyMap<string, readonly Crl[]>;
  readonly byName: ReadonlyMap<string, readonly Crl[]>;
}

/** What the given CRLs list of a certificate, in their order. */
export type FindEntries<Crl extends StoredCrl> = (
  crls: readonly Crl[],
  certificate: RevocableCertificate,
) => readonly (CrlEntry | undefined)[];

/** Sorts CRLs into a directory, each list in the order given. */
export function crlDirectory<Crl extends StoredCrl>(crls: readonly Crl[]): CrlDirectory<Crl> {
  return {
    byKey: Map.groupBy(crls, ({ signerKey }) => signerKey),
    byName: Map.groupBy(crls, ({ issuer }) => issuer.key),
  };
}

/**
 * What may tell the status of a certificate under its issuer's key: every CRL in force that is about it, by the points
 * that it lists or that the configuration names for it, whoever signed it; and every one signed with its issuer's own key
 * that lists it, whatever that one is restricted to. Where none is about it, one of its issuer's shows that there are
 * some. Does not depend on time, so that it may be remembered for as long as the state stays.
 */
export function lookUp<Crl extends StoredCrl>(
  certificate: AskedCertificate,
  issuerKey: string,
  directory: CrlDirectory<Crl>,
  expected: readonly string[],
  findEntries: FindEntries<Crl>,
): RevocationLookup {
  const listed = 'points' in certificate ? certificate.points : listedPoints(certificate);
  const points = [...listed, impliedPoint(certificate.issuer)];
  // A certificate that names no point of its own may be on any of those that the configuration names.
  const parts = listed.length === 0 ? expected : [];
  const found = candidatesOf(certificate, issuerKey, points, directory);
  const [only] = found;
  if (
    only &&
    found.length === 1 &&
    points.length === 1 &&
    parts.length === 0 &&
    isWhole(only, certificate, issuerKey)
  )
    return wholeList(only, findEntries([only], certificate)[0]);
  const entries = findEntries(found, certificate);
  const all = found.flatMap((crl, place): Candidate[] => {
    const isDirect = crl.signerKey === issuerKey && crl.issuer.key === certificate.issuer.key;
    const about = isDirect && parts.length > 0 ? aboutByParts(crl, certificate, parts) : undefined;
    const coverages = points.map((point) => coverageOf(crl, certificate, point));
    const judged = about ?? aboutByPoints(coverages, isDirect);
    const entry = entries[place];
    return judged ? [{ crl: entry ? { ...crl, entry } : crl, about: judged, isDirect }] : [];
  });
  const candidates = relevant(all);
  return {
    candidates,
    parts: Math.max(1, parts.length),
    isPartitioned:
      expected.length > 0 || all.some(({ crl, isDirect }) => isDirect && crl.scope !== undefined),
    points: [
      ...listed.map((point) => pointFact(point, covers(point, candidates, certificate))),
      ...parts.map((name, part) => partFact(name, holds(part, candidates))),
    ],
  };
}

/** Whether it is all of the list of the certificate's issuer. */
function isWhole(crl: StoredCrl, { issuer }: RevocableCertificate, issuerKey: string): boolean {
  return (
    crl.signerKey === issuerKey && crl.issuer.key === issuer.key && crl.scope === undefined && !crl.info.delta
  );
}

/** What nearly all certificates are judged by: the one list of their issuer. */
function wholeList(crl: StoredCrl, entry: CrlEntry | undefined): RevocationLookup {
  const about = { reasons: allReasons, delegated: false };
  const candidates = [{ crl: entry ? { ...crl, entry } : crl, about, isDirect: true }];
  return { candidates, parts: 1, isPartitioned: false, points: [] };
}

function listedPoints(certificate: Certificate): readonly DistributionPoint[] {
  return distributionPointsOf(certificate).points.slice(0, -1);
}

function candidatesOf<Crl extends StoredCrl>(
  { issuer }: RevocableCertificate,
  issuerKey: string,
  points: readonly DistributionPoint[],
  { byKey, byName }: CrlDirectory<Crl>,
): Crl[] {
  const names = new Set([issuer.key, ...points.flatMap(({ crlIssuers }) => crlIssuers ?? [])]);
  // A row of an older store lacks the name: it is its signer's, whose certificate issued this one.
  const own = (byKey.get(issuerKey) ?? []).map((crl) => (crl.issuer.key === '' ? { ...crl, issuer } : crl));
  const others = [...names].flatMap((name) => byName.get(name) ?? []);
  return [...own, ...others.filter(({ signerKey }) => signerKey !== issuerKey)];
}

/** By the points that the configuration names for the issuer: each is a part of the list, and all of them are the list. */
function aboutByParts(
  crl: StoredCrl,
  certificate: RevocableCertificate,
  names: readonly string[],
): About | undefined {
  if (crl.scope?.names === undefined) return undefined;
  const coverages = names.map((name) => coverageOf(crl, certificate, { names: [name], reasons: allReasons }));
  const about = aboutByPoints(coverages, true);
  if (about?.reasons === undefined) return about;
  const parts = coverages.flatMap(({ reasons }, part) => (reasons === undefined ? [] : [part]));
  return { ...about, parts };
}

/** A delta belongs to its complete CRL, and both count where either says something. */
function relevant(all: readonly Candidate[]): readonly Candidate[] {
  const group = ({ crl }: Candidate): string => `${crl.signerKey} ${crl.info.scope}`;
  const isAbout = ({ about }: Candidate): boolean => about.reasons !== undefined;
  const telling = new Set(all.filter((one) => isAbout(one) || one.crl.entry).map(group));
  const kept = all.filter((one) => telling.has(group(one)));
  const [first] = all;
  return first === undefined || kept.some(isAbout) || kept.includes(first) ? kept : [first, ...kept];
}

function covers(
  point: DistributionPoint,
  candidates: readonly Candidate[],
  certificate: RevocableCertificate,
): boolean {
  return candidates.some(
    ({ crl }) => !crl.info.delta && coverageOf(crl, certificate, point).reasons !== undefined,
  );
}

function holds(part: number, candidates: readonly Candidate[]): boolean {
  return candidates.some(
    ({ crl, about }) =>
      !crl.info.delta && about.reasons !== undefined && (about.parts?.includes(part) ?? true),
  );
}

function pointFact(
  { names, crlIssuers, reasons }: DistributionPoint,
  loaded: boolean,
): DistributionPointFact {
  return {
    crl_issuers: crlIssuers ?? null,
    loaded,
    named_by: 'certificate',
    names,
    reasons: reasons === allReasons ? null : reasonMaskNames(reasons),
  };
}

function partFact(name: string, loaded: boolean): DistributionPointFact {
  return { crl_issuers: null, loaded, named_by: 'configuration', names: [name], reasons: null };
}

/** The points of a certificate as its facts have them. */
export function recordedPoints(points: readonly DistributionPointFact[]): DistributionPoint[] {
  return points
    .filter(({ named_by: by }) => by === 'certificate')
    .map(({ names, crl_issuers: crlIssuers, reasons }) => ({
      names,
      ...(crlIssuers && { crlIssuers }),
      reasons: reasons === null ? allReasons : reasonMask(reasons),
    }));
}
