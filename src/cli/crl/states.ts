import { nameText } from '../../identity/name-text.ts';
import type { Certificate, RevocationRules } from '../../identity/types.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { crlCoverage, isCoverageOf, type CoveredPoint, type CrlCoverage } from '../../revocation/coverage.ts';
import { hexValue } from '../../revocation/delta.ts';
import { judgeFreshness } from '../../revocation/freshness.ts';
import type { ExpectedPoints } from '../../revocation/look-up.ts';
import type { CrlInfo } from '../../revocation/types.ts';
import type { Authorities } from '../../server/loaded.ts';
import { listAuthorities, rulesOf } from '../authorities.ts';

/** The state of one CA's list, or of one part of it. */
export interface CrlState {
  /** Configured name of the CA; null for a CRL whose CA is not configured any more. */
  readonly authority: string | null;
  /** Whose CA it is; null where it is not configured any more. */
  readonly role: 'anchor' | 'intermediate' | 'pep_ca' | null;
  readonly issuer: string;
  readonly issuer_key: string;
  /** What the CRL is restricted to, in canonical form; empty for the whole list. */
  readonly scope: string;
  /** Names of its distribution point, with their kind: `uri:http://…`. */
  readonly points: readonly string[];
  /** Of the CRL with its delta, whichever is fresher. */
  readonly state: 'fresh' | 'within_grace' | 'stale' | 'missing';
  /** An anchor above this CA requires it, or this CA of PEPs does. */
  readonly required: boolean;
  readonly number: string | null;
  readonly this_update: string | null;
  readonly next_update: string | null;
  readonly age_s: number | null;
  readonly entries: number | null;
  readonly source: string | null;
  /** SHA-256 (hex) of its DER: what records call it in `versions.crls`, and what it is kept as. */
  readonly digest: string | null;
  /** The delta over it; null where there is none. */
  readonly delta: DeltaState | null;
}

export interface DeltaState {
  /** Whether it goes with the complete CRL; one that does not only revokes, and nothing once that one came after it. */
  readonly fits: boolean;
  readonly number: string | null;
  readonly base_number: string | null;
  readonly this_update: string;
  readonly next_update: string;
  readonly age_s: number;
  readonly entries: number;
  readonly source: string;
  readonly digest: string;
}

const noRules: RevocationRules = { required: false, graceMs: 0 };

/**
 * The state of each configured CA's list at `now`, part by part, then of CRLs whose CA is not configured. A CA of which
 * nothing is there has one row, and each point that is expected and missing has one.
 */
export function crlStates(
  authorities: Authorities,
  crls: readonly CrlInfo[],
  now: EpochMs,
  expected: ExpectedPoints,
): readonly CrlState[] {
  const coverages = crlCoverage(crls, expected);
  const known = new Set<CrlCoverage>();
  const configured = listConfigured(authorities).flatMap(({ name, role, certificate, rules }) => {
    const about = {
      authority: name,
      role,
      issuer: nameText(certificate.subject),
      issuer_key: certificate.keyDigest,
    };
    const own = coverages.filter((one) => isCoverageOf(one, certificate));
    for (const one of own) known.add(one);
    return partsOf(own).map((part) => ({
      ...about,
      ...describePart(part, rules, now),
    }));
  });
  const others = coverages.filter((one) => !known.has(one));
  return [
    ...configured,
    ...others.flatMap((coverage) =>
      coverage.loaded.map((part) => ({
        authority: null,
        role: null,
        issuer: (part.complete ?? part.delta)?.issuerName ?? '',
        issuer_key: coverage.issuerKey,
        ...describePart(part, noRules, now),
      })),
    ),
  ];
}

const nothing: CoveredPoint = { scope: '', names: [], complete: null, delta: null };

/** What is there, then what is expected and missing; the whole list stands for its parts. */
function partsOf(coverages: readonly CrlCoverage[]): readonly CoveredPoint[] {
  const parts = coverages.flatMap(({ complete, missing, loaded }) => {
    const gaps = complete ? [] : missing.map((name) => ({ ...nothing, names: [name] }));
    return [...loaded, ...gaps];
  });
  return parts.length > 0 ? parts : [nothing];
}

interface Configured {
  readonly name: string;
  readonly role: NonNullable<CrlState['role']>;
  readonly certificate: Certificate;
  readonly rules: RevocationRules;
}

/** CAs of devices, then those of PEPs, each with what is asked of its CRL. */
function listConfigured({ trust, pepCas }: Authorities): readonly Configured[] {
  return [
    ...listAuthorities(trust).map((one) => ({ ...one, rules: rulesOf(one.certificate, trust) })),
    ...pepCas.map(({ name, certificate, revocation: rules }) => ({
      name,
      role: 'pep_ca' as const,
      certificate,
      rules,
    })),
  ];
}

function describePart(
  { scope, names, complete, delta }: CoveredPoint,
  rules: RevocationRules,
  now: EpochMs,
): Omit<CrlState, 'authority' | 'role' | 'issuer' | 'issuer_key'> {
  return {
    scope,
    points: names,
    state: stateOf(complete, delta, rules, now),
    required: rules.required,
    number: complete?.number ?? null,
    this_update: complete && formatInstant(complete.thisUpdate),
    next_update: complete && formatInstant(complete.nextUpdate),
    age_s: complete && ageOf(complete, now),
    entries: complete?.entries ?? null,
    source: complete?.source ?? null,
    digest: complete?.digest ?? null,
    delta: delta && describeDelta(delta, complete, now),
  };
}

/** A delta tells nothing without a complete CRL from its base up to before itself. */
function stateOf(
  complete: CrlInfo | null,
  delta: CrlInfo | null,
  rules: RevocationRules,
  now: EpochMs,
): CrlState['state'] {
  const own = judgeFreshness(complete ?? undefined, rules, now).freshness;
  if (!complete || !delta || !reaches(complete, delta)) return own;
  const later = judgeFreshness(delta, rules, now).freshness;
  return order.indexOf(later) < order.indexOf(own) ? later : own;
}

const order: readonly CrlState['state'][] = ['fresh', 'within_grace', 'stale', 'missing'];

function reaches({ number }: CrlInfo, { baseNumber, number: own }: CrlInfo): boolean {
  if (number === undefined || baseNumber === undefined || own === undefined) return false;
  return hexValue(baseNumber) <= hexValue(number) && hexValue(number) < hexValue(own);
}

function describeDelta(delta: CrlInfo, complete: CrlInfo | null, now: EpochMs): DeltaState {
  return {
    fits: complete !== null && reaches(complete, delta),
    number: delta.number ?? null,
    base_number: delta.baseNumber ?? null,
    this_update: formatInstant(delta.thisUpdate),
    next_update: formatInstant(delta.nextUpdate),
    age_s: ageOf(delta, now),
    entries: delta.entries,
    source: delta.source,
    digest: delta.digest,
  };
}

function ageOf({ thisUpdate }: CrlInfo, now: EpochMs): number {
  return Math.floor((now - thisUpdate) / 1000);
}
