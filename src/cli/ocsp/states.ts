import type { Config } from '../../config/types.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { countAnswers } from '../../revocation/ocsp/table.ts';
import type { OcspResponder } from '../../revocation/ocsp/knowledge.ts';
import type { Authorities } from '../../server/loaded.ts';
import { readFiles } from '../../server/material.ts';
import { ocspResponders } from '../../server/ocsp/responders.ts';
import { inUseMs } from '../../server/ocsp/start-ocsp.ts';
import { readSourceState } from '../../store/source-states.ts';
import type { Store } from '../../store/types.ts';

/** The state of one responder; times RFC 3339. */
export interface OcspState {
  /** Configured name of the CA. */
  readonly issuer: string;
  readonly issuer_key: string;
  readonly responder: string;
  readonly state: 'good' | 'failing' | 'unused';
  /** Certificates about which answers are kept, by what they say; and used ones without any. */
  readonly good: number;
  readonly revoked: number;
  readonly unknown: number;
  readonly unanswered: number;
  /** Age of the oldest answer about a certificate in use, whole seconds. */
  readonly oldest_age_s: number | null;
  readonly last_success: string | null;
  readonly next_fetch: string | null;
  /** Failed attempts since the last success. */
  readonly failures: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** Every configured responder, by the digest of its CA's key. Throws PDP_CONFIG_INVALID. */
export function configuredResponders(
  config: Config,
  authorities: Authorities,
): ReadonlyMap<string, OcspResponder> {
  return ocspResponders(config, authorities, readFiles(config).certificates);
}

/** The state of each responder by the store. Throws PDP_STORE_UNAVAILABLE. */
export function ocspStates(
  responders: ReadonlyMap<string, OcspResponder>,
  store: Store,
  now: EpochMs,
): readonly OcspState[] {
  return [...responders].map(([issuerKey, { name, url }]) => {
    const known = readSourceState(store, 'ocsp', name);
    const source = known?.location === url ? known : undefined;
    const { oldest, nextFetch, ...counts } = countAnswers(store, issuerKey, now - inUseMs);
    return {
      issuer: name,
      issuer_key: issuerKey,
      responder: url,
      state: source?.error ? 'failing' : source?.lastSuccess ? 'good' : 'unused',
      ...counts,
      oldest_age_s: oldest === null ? null : Math.floor((now - oldest) / 1000),
      last_success: instant(source?.lastSuccess),
      next_fetch: instant(nextFetch),
      failures: source?.failures ?? 0,
      error: source?.error ?? null,
    };
  });
}

function instant(at: EpochMs | null | undefined): string | null {
  return at === null || at === undefined ? null : formatInstant(at);
}
