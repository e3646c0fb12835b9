import type { PresentedCredential } from '../context/types.ts';
import { Budget } from '../lib/budget.ts';
import { sha256Hex } from '../lib/bytes.ts';
import type { Finding } from '../lib/reason-code.ts';
import { unreadable } from './certificate-error.ts';
import { createCredentialCache, type CredentialCacheLimits } from './credential-cache.ts';
import { lint } from './lint.ts';
import { parseIssued } from './parse.ts';
import { buildPaths } from './path-build.ts';
import { budgetExceeded } from './path-limits.ts';
import { presentedCertificates } from './present.ts';
import { identify } from './profiles/index.ts';
import { readingCost, readingLimit, unreadableCost } from './reading-cost.ts';
import { indexTrust, type TrustIndex } from './trust-index.ts';
import type { Certificate, IdentityResolver, Lint, ResolvedCredential, TrustSet } from './types.ts';

/**
 * Resolves presented certificates under one trust set, behind a cache that is bounded by entries and bytes, refused
 * ones apart, keyed by the digest of what came in. Nothing that depends on time or state is held. A new trust set
 * needs a new resolver.
 */
export function createIdentityResolver(trust: TrustSet, options: CredentialCacheLimits): IdentityResolver {
  const index = indexTrust(trust);
  // Configured intermediates are verified now rather than at the first connection.
  for (const { certificate } of trust.intermediates) buildPaths(certificate, [], index);
  const cache = createCredentialCache(options, index.fingerprints);
  return {
    resolve(presented) {
      // How it came decides what it may hold (a chain only by XFCC), so the same text by another way is another one.
      const key = `${presented.source} ${presented.key}`;
      const known = cache.get(key);
      if (known !== undefined) return known;
      const resolved = resolveCredential(presented, index);
      cache.set(key, resolved);
      return resolved;
    },
    stats: () => cache.stats(),
  };
}

/** Decodes, parses, builds paths and identifies. What cannot be read is a finding; of what was sent along only if it was missed. */
export function resolveCredential(presented: PresentedCredential, index: TrustIndex): ResolvedCredential {
  let leaf: Certificate;
  let others: readonly Uint8Array[];
  try {
    const [first, ...rest] = presentedCertificates(presented);
    leaf = parseIssued(owned(first as Uint8Array), index.names);
    others = rest;
  } catch (thrown) {
    return { paths: [], findings: [unreadable(thrown, { certificate: 0 })], identityFindings: [] };
  }
  const { sent, problems, unread } = readSent(others, index);
  const { paths, findings } = buildPaths(leaf, sent, index);
  const [best] = paths;
  if (best === undefined) {
    const exceeded = unread && findings.every(({ code }) => code !== 'chain.budget_exceeded');
    const all = [...(exceeded ? [budgetExceeded()] : []), ...problems, ...findings];
    return { leaf, paths, findings: all, identityFindings: [] };
  }
  const remarks = [...(best.lint ?? []), ...problems.map(unreadableLint)];
  const { identity, findings: identityFindings } = identify(best);
  return { leaf, paths, findings, identity, identityFindings, lint: remarks };
}

/**
 * Certificates that are configured anyway need no second reading: they are known by their digest. `unread` where more
 * was sent than is read.
 */
function readSent(
  others: readonly Uint8Array[],
  trusted: TrustIndex,
): { sent: Certificate[]; problems: Finding[]; unread: boolean } {
  const sent: Certificate[] = [];
  const problems: Finding[] = [];
  const budget = new Budget(readingLimit);
  for (const [index, der] of others.entries()) {
    if (trusted.fingerprints.has(sha256Hex(der))) continue;
    if (budget.exhausted) return { sent, problems, unread: true };
    try {
      const certificate = parseIssued(owned(der), trusted.names);
      budget.spend(readingCost(certificate));
      sent.push(certificate);
    } catch (thrown) {
      budget.spend(unreadableCost(der.byteLength));
      problems.push(unreadable(thrown, { certificate: index + 1 }));
    }
  }
  return { sent, problems, unread: false };
}

function unreadableLint({ detail }: Finding): Lint {
  return lint('intermediate_unreadable', null, `${detail?.certificate}: ${detail?.problem}`);
}

/** A copy: certificates are views, and would keep the whole message that they came in for as long as they are cached. */
function owned(der: Uint8Array): Uint8Array {
  return new Uint8Array(der);
}
