import { signerStatus } from '../../decision/facts-ocsp.ts';
import type { Certificate, TrustAnchor } from '../../identity/types.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { expectedPoints } from '../../revocation/coverage.ts';
import type { SignerStatus } from '../../revocation/ocsp/responder.ts';
import { createRevocationReader } from '../../revocation/reader.ts';
import type { RevocationReader } from '../../revocation/types.ts';
import type { Store } from '../../store/types.ts';
import { crlIssuers, namedAuthorities } from '../loaded.ts';
import type { OcspInForce } from './start-ocsp.ts';

type Known = Pick<OcspInForce, 'authorities' | 'config'>;

/** Answers what CRLs say of the certificates of responders, under whatever configuration is in force. */
export function signerStatuses(
  store: Store,
  inForce: () => Known,
): (signer: Certificate, issuer: Certificate, now: EpochMs) => SignerStatus {
  let madeFor: Known | undefined;
  let reader: RevocationReader | undefined;
  // One for each configuration, not for each answer: a reader remembers what it reads, and lives as long as its store.
  const readerFor = ({ authorities, config }: Known): RevocationReader => {
    if (reader && madeFor?.authorities === authorities && madeFor.config === config) return reader;
    madeFor = { authorities, config };
    reader = createRevocationReader(store, {
      issuers: crlIssuers(authorities),
      expected: expectedPoints(config.revocation.coverage, namedAuthorities(authorities)),
    });
    return reader;
  };
  return (signer, issuer, now) => {
    const known = inForce();
    const anchor = anchorOf(issuer, known.authorities.trust.anchors);
    if (!anchor) return 'unknown';
    const lists = readerFor(known);
    return store.snapshot(() => signerStatus({ certificates: [signer, issuer], anchor }, lists, now));
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
