import { nameText } from '../../identity/name-text.ts';
import type { RevocationRules, TrustSet } from '../../identity/types.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { judgeFreshness } from '../../revocation/freshness.ts';
import type { CrlInfo } from '../../revocation/types.ts';
import { listAuthorities, rulesOf } from '../authorities.ts';

/** The state of one CA's CRL. */
export interface CrlState {
  /** Configured name of the CA; null for a CRL whose CA is not configured any more. */
  readonly authority: string | null;
  readonly issuer: string;
  readonly issuer_key: string;
  readonly state: 'fresh' | 'within_grace' | 'stale' | 'missing';
  /** An anchor above this CA requires it. */
  readonly required: boolean;
  readonly number: string | null;
  readonly this_update: string | null;
  readonly next_update: string | null;
  readonly age_s: number | null;
  readonly entries: number | null;
  readonly source: string | null;
}

const noRules: RevocationRules = { required: false, graceMs: 0 };

/** The state of each configured CA's CRL at `now`, then of CRLs whose CA is not configured. */
export function crlStates(trust: TrustSet, crls: readonly CrlInfo[], now: EpochMs): readonly CrlState[] {
  const byKey = new Map(crls.map((crl) => [crl.issuerKey, crl]));
  const configured = listAuthorities(trust).map(({ name, certificate }) => {
    const crl = byKey.get(certificate.keyDigest);
    const named = {
      authority: name,
      issuer: nameText(certificate.subject),
      issuer_key: certificate.keyDigest,
    };
    return { ...named, ...describeCrl(crl, rulesOf(certificate, trust), now) };
  });
  const known = new Set(configured.map(({ issuer_key }) => issuer_key));
  const others = crls
    .filter(({ issuerKey }) => !known.has(issuerKey))
    .map((crl) => ({
      authority: null,
      issuer: crl.issuerName,
      issuer_key: crl.issuerKey,
      ...describeCrl(crl, noRules, now),
    }));
  return [...configured, ...others];
}

function describeCrl(
  crl: CrlInfo | undefined,
  rules: RevocationRules,
  now: EpochMs,
): Omit<CrlState, 'authority' | 'issuer' | 'issuer_key'> {
  return {
    state: judgeFreshness(crl, rules, now).freshness,
    required: rules.required,
    number: crl?.number ?? null,
    this_update: crl ? formatInstant(crl.thisUpdate) : null,
    next_update: crl ? formatInstant(crl.nextUpdate) : null,
    age_s: crl ? Math.floor((now - crl.thisUpdate) / 1000) : null,
    entries: crl?.entries ?? null,
    source: crl?.source ?? null,
  };
}
