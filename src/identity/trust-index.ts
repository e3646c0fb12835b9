import { nameBytes } from './name.ts';
import type { KnownNames } from './name.ts';
import type { Certificate, TrustAnchor, TrustSet } from './types.ts';
import type { SignatureVerdict } from './verify-signature.ts';

/** A certificate that may have issued another. */
export interface Issuer<Anchor> {
  readonly certificate: Certificate;
  /** Where the certificate is an anchor: a path ends here. */
  readonly anchor?: Anchor;
}

/** CAs that are known beforehand, ready for building paths. */
export interface IssuerIndex<Anchor> {
  /** Known CAs by the comparison form of their subject, anchors first, then the newest. */
  readonly bySubject: ReadonlyMap<string, readonly Issuer<Anchor>[]>;
  /** SHA-256 of every known certificate. */
  readonly fingerprints: ReadonlySet<string>;
  /**
   * Signatures over known certificates: fingerprint → issuer's key digest → verdict. They are verified once; their
   * number is bounded by what is known, since keys that are sent do not enter.
   */
  readonly verdicts: ReadonlyMap<string, Map<string, SignatureVerdict>>;
  /** Names of known CAs, as they were read. */
  readonly names: KnownNames;
  /** Digests of the keys of known CAs. */
  readonly keyDigests: ReadonlySet<string>;
}

/** The configured CAs. */
export type TrustIndex = IssuerIndex<TrustAnchor>;

/** Indexes a trust set. Intermediates that are configured as anchors too count as anchors only. */
export function indexTrust(trust: Pick<TrustSet, 'anchors' | 'intermediates'>): TrustIndex {
  return indexIssuers([
    ...trust.anchors.map((anchor) => ({ certificate: anchor.certificate, anchor })),
    ...trust.intermediates.map(({ certificate }) => ({ certificate })),
  ]);
}

/** Indexes CAs; of several entries for one certificate the first counts. */
export function indexIssuers<Anchor>(entries: readonly Issuer<Anchor>[]): IssuerIndex<Anchor> {
  const issuers = new Map<string, Issuer<Anchor>>();
  for (const entry of entries) {
    if (!issuers.has(entry.certificate.fingerprint)) issuers.set(entry.certificate.fingerprint, entry);
  }
  const all = [...issuers.values()].sort(promising);
  return {
    bySubject: Map.groupBy(all, ({ certificate }) => certificate.subject.key),
    fingerprints: new Set(issuers.keys()),
    verdicts: new Map(all.map(({ certificate }) => [certificate.fingerprint, new Map()])),
    names: new Map(all.map(({ certificate }) => [nameBytes(certificate.subject.der), certificate.subject])),
    keyDigests: new Set(all.map(({ certificate }) => certificate.keyDigest)),
  };
}

/** Anchors before others, the newest of renewed CAs before those that it replaced. */
export function promising(a: Issuer<unknown>, b: Issuer<unknown>): number {
  const anchors = Number(b.anchor !== undefined) - Number(a.anchor !== undefined);
  return anchors || b.certificate.notBefore - a.certificate.notBefore;
}
