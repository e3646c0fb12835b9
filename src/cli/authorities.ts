import type { Certificate, RevocationRules, TrustAnchor, TrustSet } from '../identity/types.ts';

/** A configured CA by the name that classes use, and whether devices are anchored in it. */
export interface NamedAuthority {
  readonly name: string;
  readonly role: 'anchor' | 'intermediate';
  readonly certificate: Certificate;
}

/** Anchors, then intermediates. Pinned certificates are no CAs. */
export function listAuthorities(trust: TrustSet): readonly NamedAuthority[] {
  const anchors = trust.anchors.filter(({ pinned }) => !pinned);
  return [
    ...anchors.map(({ name, certificate }) => ({ name, role: 'anchor' as const, certificate })),
    ...trust.intermediates.map(({ name, certificate }) => ({
      name,
      role: 'intermediate' as const,
      certificate,
    })),
  ];
}

/**
 * What is asked of a CA's CRL: the strictest rules of the anchors that it stands below, found by the names of issuers.
 * A CA that stands below none is asked nothing: no path runs through it.
 */
export function rulesOf(certificate: Certificate, trust: TrustSet): RevocationRules {
  const rules = anchorsAbove(certificate, trust).map(({ revocation }) => revocation);
  const asking = rules.filter(({ required }) => required);
  const ages = asking.flatMap(({ maxAgeMs }) => maxAgeMs ?? []);
  return {
    required: asking.length > 0,
    graceMs: asking.length > 0 ? Math.min(...asking.map(({ graceMs }) => graceMs)) : 0,
    ...(ages.length > 0 && { maxAgeMs: Math.min(...ages) }),
  };
}

function anchorsAbove(certificate: Certificate, trust: TrustSet): readonly TrustAnchor[] {
  const names = new Set([certificate.subject.key]);
  // Sets grow while they are walked: each issuer's name brings in the issuers of its certificates, each once.
  for (const name of names) {
    for (const { certificate: one } of trust.intermediates)
      if (one.subject.key === name) names.add(one.issuer.key);
  }
  return trust.anchors.filter((anchor) => names.has(anchor.certificate.subject.key));
}
