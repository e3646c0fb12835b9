import type { ConnectionContext } from '../context/types.ts';
import type { TrustAnchor } from '../identity/types.ts';
import type { Finding } from '../lib/reason-code.ts';
import type { RevocationJudgement } from '../revocation/types.ts';
import type { DecisionDeps } from './deps.ts';
import type { ExaminedCredential } from './facts-credential.ts';
import { offlineGrace } from './facts-offline.ts';
import type { OfflineGrace } from './types.ts';

/**
 * What lets the holder of a certificate go on with CRLs and OCSP answers that its anchor's own grace does not cover: the
 * grace of the holder's class, whether device or gateway. Null where none is too old, or nothing lets the holder. Call
 * within one `store.snapshot`.
 */
export function crlGrace(
  context: Pick<ConnectionContext, 'tenant' | 'pep'>,
  credential: ExaminedCredential | undefined,
  { findings }: RevocationJudgement,
  deps: Pick<DecisionDeps, 'config' | 'observed' | 'inventory'>,
): OfflineGrace | null {
  if (!findings.some(isTooOld)) return null;
  const holder = credential?.judged.identity?.id;
  if (!credential?.facts.valid || holder === undefined) return null;
  const { tenant, pep } = context;
  const record = deps.inventory.device(tenant, holder);
  const grace = offlineGrace({ tenant, pep, record, fingerprint: credential.facts.fingerprint }, deps);
  return grace === null || grace.known_since === null ? null : grace;
}

/** Something is known, and was believed once; what was never known has no grace. */
function isTooOld({ code, detail }: Finding): boolean {
  if (code === 'revocation.ocsp_unavailable') return detail?.['freshness'] === 'stale';
  return code === 'revocation.crl_stale';
}

/** A credential that is judged with its holder's grace. */
export function graciousCredential(credential: ExaminedCredential, grace: OfflineGrace): ExaminedCredential {
  const { judged } = credential;
  if (!judged.path) return credential;
  const path = { ...judged.path, anchor: graciousAnchor(judged.path.anchor, grace) };
  return { ...credential, judged: { ...judged, path } };
}

/** An anchor whose rules of revocation grant a holder's grace beside its own. */
export function graciousAnchor<Anchor extends Pick<TrustAnchor, 'revocation'>>(
  anchor: Anchor,
  grace: OfflineGrace | null,
): Anchor {
  if (grace === null || grace.known_since === null) return anchor;
  const offline = { graceMs: grace.grace_s * 1000, knownSince: grace.known_since };
  return { ...anchor, revocation: { ...anchor.revocation, offline } };
}
