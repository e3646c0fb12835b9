import type { Certificate, TrustAnchor, TrustSet } from './types.ts';
import type { SignatureVerdict } from './verify-signature.ts';

/** A certificate that may have issued another. */
export interface Issuer {
  readonly certificate: Certificate;
  /** Where the certificate is a configured anchor: a path ends here. */
  readonly anchor?: TrustAnchor;
}

/** The configured CAs, ready for building paths. */
export interface TrustIndex {
  readonly trust: TrustSet;
  /** Configured CAs by the comparison form of their subject, anchors first. */
  readonly bySubject: ReadonlyMap<string, readonly Issuer[]>;
  /** SHA-256 of every configured certificate. */
  readonly fingerprints: ReadonlySet<string>;
  /**
   * Signatures over configured certificates: fingerprint → issuer's key digest → verdict. They are verified once;
   * their number is bounded by the configuration, since keys that are sent do not enter.
   */
  readonly verdicts: ReadonlyMap<string, Map<string, SignatureVerdict>>;
  /** Digests of the keys of configured CAs. */
  readonly keyDigests: ReadonlySet<string>;
}

/** Indexes a trust set. Intermediates that are configured as anchors too count as anchors only. */
export function indexTrust(trust: TrustSet): TrustIndex {
  const issuers = new Map<string, Issuer>();
  for (const anchor of trust.anchors) {
    issuers.set(anchor.certificate.fingerprint, { certificate: anchor.certificate, anchor });
  }
  for (const { certificate } of trust.intermediates) {
    if (!issuers.has(certificate.fingerprint)) issuers.set(certificate.fingerprint, { certificate });
  }
  const all = [...issuers.values()];
  return {
    trust,
    bySubject: Map.groupBy(all, ({ certificate }) => certificate.subject.key),
    fingerprints: new Set(issuers.keys()),
    verdicts: new Map(all.map(({ certificate }) => [certificate.fingerprint, new Map()])),
    keyDigests: new Set(all.map(({ certificate }) => certificate.keyDigest)),
  };
}
