import { LRUCache } from 'lru-cache';
import type { PresentedCredential } from '../context/types.ts';
import { unreadable } from './certificate-error.ts';
import { parseCertificate } from './parse.ts';
import { buildPaths } from './path-build.ts';
import { presentedCertificates } from './present.ts';
import { identify } from './profiles/index.ts';
import { indexTrust, type TrustIndex } from './trust-index.ts';
import type { Certificate, IdentityResolver, ResolvedCredential, TrustSet } from './types.ts';

/**
 * Resolves presented certificates under one trust set, behind an LRU of at most `maxEntries` credentials, refused ones
 * included, keyed by the digest of what came in. Nothing that depends on time or state is held. A new trust set needs a
 * new resolver.
 */
export function createIdentityResolver(
  trust: TrustSet,
  options: { readonly maxEntries: number },
): IdentityResolver {
  const index = indexTrust(trust);
  // Configured intermediates are verified now rather than at the first connection.
  for (const { certificate } of trust.intermediates) buildPaths(certificate, [], index);
  const cache = new LRUCache<string, ResolvedCredential>({ max: options.maxEntries });
  let [hits, misses] = [0, 0];
  return {
    resolve(presented) {
      const known = cache.get(presented.key);
      if (known !== undefined) {
        hits++;
        return known;
      }
      misses++;
      const resolved = resolveCredential(presented, index);
      cache.set(presented.key, resolved);
      return resolved;
    },
    stats: () => ({ hits, misses, size: cache.size }),
  };
}

/** Decodes, parses, builds paths and identifies. What cannot be read is a finding. */
export function resolveCredential(presented: PresentedCredential, index: TrustIndex): ResolvedCredential {
  let leaf: Certificate | undefined;
  const sent: Certificate[] = [];
  let place = 0;
  try {
    const [first, ...others] = presentedCertificates(presented);
    leaf = parseCertificate(owned(first as Uint8Array));
    for (const der of others) {
      place++;
      sent.push(parseCertificate(owned(der)));
    }
  } catch (thrown) {
    return { leaf, paths: [], findings: [unreadable(thrown, { certificate: place })], identityFindings: [] };
  }
  const { paths, findings } = buildPaths(leaf, sent, index);
  const [best] = paths;
  if (best === undefined) return { leaf, paths, findings, identityFindings: [] };
  const { identity, findings: identityFindings } = identify(best);
  return { leaf, paths, findings, identity, identityFindings };
}

/** A copy: certificates are views, and would keep the whole message that they came in for as long as they are cached. */
function owned(der: Uint8Array): Uint8Array {
  return new Uint8Array(der);
}
