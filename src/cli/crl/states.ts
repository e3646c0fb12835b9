import { nameText } from '../../identity/name-text.ts';
import type { Certificate, RevocationRules } from '../../identity/types.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { judgeFreshness } from '../../revocation/freshness.ts';
import type { CrlInfo } from '../../revocation/types.ts';
import type { Authorities } from '../../server/loaded.ts';
import { listAuthorities, rulesOf } from '../authorities.ts';

/** The state of one CA's CRL. */
export interface CrlState {
  /** Configured name of the CA; null for a CRL whose CA is not configured any more. */
  readonly authority: string | null;
  /** Whose CA it is; null where it is not configured any more. */
  readonly role: 'anchor' | 'intermediate' | 'pep_ca' | null;
  readonly issuer: string;
  readonly issuer_key: string;
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
}

const noRules: RevocationRules = { required: false, graceMs: 0 };

/** The state of each configured CA's CRL at `now`, then of CRLs whose CA is not configured. */
export function crlStates(
  authorities: Authorities,
  crls: readonly CrlInfo[],
  now: EpochMs,
): readonly CrlState[] {
  const byKey = new Map(crls.map((crl) => [crl.issuerKey, crl]));
  const configured = listConfigured(authorities).map(({ name, role, certificate, rules }) => ({
    authority: name,
    role,
    issuer: nameText(certificate.subject),
    issuer_key: certificate.keyDigest,
    ...describeCrl(byKey.get(certificate.keyDigest), rules, now),
  }));
  const known = new Set(configured.map(({ issuer_key }) => issuer_key));
  const others = crls
    .filter(({ issuerKey }) => !known.has(issuerKey))
    .map((crl) => ({
      authority: null,
      role: null,
      issuer: crl.issuerName,
      issuer_key: crl.issuerKey,
      ...describeCrl(crl, noRules, now),
    }));
  return [...configured, ...others];
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

function describeCrl(
  crl: CrlInfo | undefined,
  rules: RevocationRules,
  now: EpochMs,
): Omit<CrlState, 'authority' | 'role' | 'issuer' | 'issuer_key'> {
  return {
    state: judgeFreshness(crl, rules, now).freshness,
    required: rules.required,
    number: crl?.number ?? null,
    this_update: crl ? formatInstant(crl.thisUpdate) : null,
    next_update: crl ? formatInstant(crl.nextUpdate) : null,
    age_s: crl ? Math.floor((now - crl.thisUpdate) / 1000) : null,
    entries: crl?.entries ?? null,
    source: crl?.source ?? null,
    digest: crl?.digest ?? null,
  };
}
