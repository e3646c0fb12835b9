import type { EpochMs } from '../lib/clock.ts';
import type { CrlList } from './crl-lists.ts';
import { isHold } from './crl-lists.ts';
import type { AskedCertificate } from './look-up.ts';
import { reasonName } from './reasons.ts';
import type { Standing } from './standing.ts';
import type { CandidateCrl } from './stored-crl.ts';
import type { CrlInfo, RevocationFact, RevocationLookup } from './types.ts';

/** What was found about one certificate of a path. */
export interface FoundStanding {
  readonly place: number;
  readonly certificate: AskedCertificate;
  readonly issuerKey: string;
  readonly found: RevocationLookup;
  readonly standing: Standing<CandidateCrl>;
}

/** The fact of one certificate: what its lists say, how old the one that counts is, and how long it may be believed. */
export function revocationFact(o: FoundStanding, now: EpochMs): RevocationFact {
  const { certificate, standing, found } = o;
  const { list, belief } = standing;
  const crl = list && countingList(list);
  const complete = list?.crl.info.delta === false ? list.crl.info : undefined;
  const delta = list?.delta?.info ?? (complete ? undefined : list?.crl.info);
  const entry = list?.entry;
  const believed = belief !== undefined && belief.grade !== 'stale';
  return {
    age_s: crl ? Math.floor((now - crl.thisUpdate) / 1000) : null,
    ca: certificate.basicConstraints?.ca ?? false,
    certificate: o.place,
    crl_number: complete?.number ?? null,
    delta_number: delta?.number ?? null,
    distribution_points: found.points,
    freshness: belief?.grade ?? 'missing',
    issuer_dn: certificate.issuer.key,
    issuer_key: o.issuerKey,
    next_update: crl?.nextUpdate ?? null,
    reason: entry ? (reasonName(entry.reason) ?? 'unspecified') : null,
    revoked_at: entry?.revokedAt ?? null,
    serial: certificate.serial,
    source: crl?.source ?? null,
    status: entry ? (isHold(entry) ? 'on_hold' : 'revoked') : believed ? 'good' : 'unknown',
    this_update: crl?.thisUpdate ?? null,
    usable_until: belief?.until ?? null,
  };
}

/** The delta where it carries further than the complete CRL, or has lifted what that one lists; else that one. */
function countingList({ crl: { info }, delta, lifted, belief }: CrlList<CandidateCrl>): CrlInfo {
  if (delta === undefined || belief.until === null) return info;
  if (lifted) return delta.info;
  const isNewer = delta.info.thisUpdate >= info.thisUpdate && delta.info.nextUpdate >= info.nextUpdate;
  return isNewer ? delta.info : info;
}
