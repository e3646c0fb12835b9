import type { Certificate } from '../identity/types.ts';
import { uriPointKey } from './distribution-point-name.ts';
import type { ExpectedPoints } from './look-up.ts';
import type { CrlInfo } from './types.ts';

/** The distribution points that the configuration expects of a CA: `revocation.coverage`. */
export interface CoverageSetting {
  /** Configured name of the CA. */
  readonly issuer: string;
  /** URIs, as the CRLs and certificates of that CA name them. */
  readonly points: readonly string[];
}

/** A CA that is configured. */
export interface NamedAuthority {
  readonly name: string;
  readonly certificate: Pick<Certificate, 'keyDigest'>;
}

/** One part of an issuer's list, by what its CRLs are restricted to. */
export interface CoveredPoint {
  /** Canonical form of the restriction; empty for the complete list. */
  readonly scope: string;
  /** The names of its distribution point, with their kind: `uri:http://…`. */
  readonly names: readonly string[];
  /** The complete CRL of the part, and the delta over it; null where there is none. */
  readonly complete: CrlInfo | null;
  readonly delta: CrlInfo | null;
}

/** Which parts of an issuer's list are in force, and which are expected and are not. */
export interface CrlCoverage {
  /** SHA-256 (hex) of the issuer's SubjectPublicKeyInfo. */
  readonly issuerKey: string;
  /** Comparison key of the name that its CRLs are of; empty where that is not known. */
  readonly issuer: string;
  /** Whether the configuration says which parts there are; else they are known from the CRLs that are in force. */
  readonly known: 'configured' | 'learned';
  readonly loaded: readonly CoveredPoint[];
  /** Names of expected points of which no complete CRL is in force, with their kind. */
  readonly missing: readonly string[];
  /** Whether all of the list is there: the complete CRL, or every expected point. */
  readonly complete: boolean;
}

/** The points that are expected of each issuer, by its key's digest. Names of no configured CA are passed over. */
export function expectedPoints(
  settings: readonly CoverageSetting[],
  authorities: readonly NamedAuthority[],
): ExpectedPoints {
  const expected = new Map<string, readonly string[]>();
  for (const { issuer, points } of settings) {
    for (const { certificate } of authorities.filter(({ name }) => name === issuer))
      expected.set(certificate.keyDigest, points.map(uriPointKey));
  }
  return expected;
}

/**
 * What is loaded of the list of every issuer that has CRLs in force or expected points: by the configuration where it
 * names the points of the issuer, else as far as the CRLs that were imported tell. Pure; issuers in the order of `crls`,
 * then those of which nothing is in force.
 */
export function crlCoverage(crls: readonly CrlInfo[], expected: ExpectedPoints): readonly CrlCoverage[] {
  const loaded = [...Map.groupBy(crls, ({ issuerKey, issuer }) => `${issuerKey} ${issuer}`).values()];
  const without = [...expected.keys()].filter((key) => !crls.some(({ issuerKey }) => issuerKey === key));
  return [
    ...loaded.map((lists) => coverageOf(lists[0] as CrlInfo, lists, expected)),
    ...without.map((issuerKey) => coverageOf({ issuerKey, issuer: '' }, [], expected)),
  ];
}

/** Whether a coverage is that of a CA: of its key, and of its name as far as that is known. */
export function isCoverageOf(
  { issuerKey, issuer }: Pick<CrlCoverage, 'issuerKey' | 'issuer'>,
  { keyDigest, subject }: Pick<Certificate, 'keyDigest' | 'subject'>,
): boolean {
  return issuerKey === keyDigest && (issuer === '' || issuer === subject.key);
}

function coverageOf(
  { issuerKey, issuer }: Pick<CrlInfo, 'issuerKey' | 'issuer'>,
  crls: readonly CrlInfo[],
  expected: ExpectedPoints,
): CrlCoverage {
  const points = expected.get(issuerKey);
  const loaded = [...Map.groupBy(crls, ({ scope }) => scope)].map(([scope, lists]) => ({
    scope,
    names: lists[0]?.points ?? [],
    complete: lists.find(({ delta }) => !delta) ?? null,
    delta: lists.find(({ delta }) => delta) ?? null,
  }));
  const whole = loaded.filter(({ complete }) => complete !== null);
  const isComplete = whole.some(({ scope }) => scope === '');
  const missing = (points ?? []).filter((name) => !whole.some(({ names }) => names.includes(name)));
  return {
    issuerKey,
    issuer,
    known: points ? 'configured' : 'learned',
    loaded,
    missing,
    complete: isComplete || (points !== undefined && points.length > 0 && missing.length === 0),
  };
}
