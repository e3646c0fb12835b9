import { createIdentityResolver } from '../identity/resolver.ts';
import { buildTrustSet } from '../identity/trust.ts';
import type { IdentityResolver, RevocationRules, TrustAnchor, TrustSet } from '../identity/types.ts';

/** A CA of PEPs' certificates as configured; `certificate` holds the bytes of its file, PEM or DER. */
export interface PepCaSource {
  readonly name: string;
  readonly certificate: Uint8Array;
  readonly revocation: RevocationRules;
}

/** Certificates of PEPs whose paths are remembered, for each CA. */
const rememberedPaths = 1024;

/** A PEP's CA as a trust anchor. Throws PDP_CONFIG_INVALID, naming the entry, for what is no CA certificate. */
export function pepAnchor(ca: PepCaSource): TrustAnchor {
  return trustUnder(ca, []).anchors[0] as TrustAnchor;
}

/** Paths to one CA alone: an entry's name counts under the very CA that it names. */
export function resolverUnder(
  ca: PepCaSource,
  intermediates: readonly { readonly name: string; readonly certificate: Uint8Array }[],
): IdentityResolver {
  const others = intermediates.filter((intermediate) => intermediate.name !== ca.name);
  return createIdentityResolver(trustUnder(ca, others), { maxEntries: rememberedPaths });
}

function trustUnder(
  { name, certificate, revocation }: PepCaSource,
  intermediates: readonly { readonly name: string; readonly certificate: Uint8Array }[],
): TrustSet {
  return buildTrustSet({
    anchors: [{ name, certificate, revocation, profile: { kind: 'cn' }, allowSha1: false }],
    intermediates: intermediates.map((one) => ({ name: one.name, certificate: one.certificate })),
  });
}
