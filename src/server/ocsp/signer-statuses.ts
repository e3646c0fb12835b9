import { signerStatus } from '../../decision/facts-ocsp.ts';
import type { Certificate, TrustAnchor } from '../../identity/types.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { expectedPoints } from '../../revocation/coverage.ts';
import type { SignerStatus } from '../../revocation/ocsp/responder.ts';
import { createRevocationReader } from '../../revocation/reader.ts';
import type { Store } from '../../store/types.ts';
import { crlIssuers, namedAuthorities } from '../loaded.ts';
import type { OcspInForce } from './start-ocsp.ts';

/** Answers what CRLs say of the certificates of responders, under whatever configuration is in force. */
export function signerStatuses(
  store: Store,
  inForce: () => OcspInForce,
): (signer: Certificate, issuer: Certificate, now: EpochMs) => SignerStatus {
  return (signer, issuer, now) => {
    const { authorities, config } = inForce();
    const anchor = anchorOf(issuer, authorities.trust.anchors);
    if (!anchor) return 'unknown';
    const reader = createRevocationReader(store, {
      issuers: crlIssuers(authorities),
      expected: expectedPoints(config.revocation.coverage, namedAuthorities(authorities)),
    });
    return store.snapshot(() => signerStatus({ certificates: [signer, issuer], anchor }, reader, now));
  };
}

/** The anchor by whose rules its lists are judged: the CA itself, else one that stands above it. */
function anchorOf(issuer: Certificate, anchors: readonly TrustAnchor[]): TrustAnchor | undefined {
  return (
    anchors.find(({ certificate }) => certificate.fingerprint === issuer.fingerprint) ??
    anchors.find(({ certificate }) => certificate.subject.key === issuer.issuer.key) ??
    anchors[0]
  );
}
