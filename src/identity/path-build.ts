import { Budget } from '../lib/budget.ts';
import type { Finding } from '../lib/reason-code.ts';
import { checkExtensions, checkKey } from './certificate-checks.ts';
import { checkDeviceLeaf, checkStatedPurpose } from './device-checks.ts';
import { lintPath } from './lint.ts';
import { purposeOids } from './oids.ts';
import { openInputs, type PathInputs } from './path-inputs.ts';
import { pathLimits } from './path-limits.ts';
import { PathSearch } from './path-search.ts';
import { profiles } from './profiles/index.ts';
import { checkPurposes } from './purpose-checks.ts';
import { SignatureMemo } from './signature-memo.ts';
import type { TrustIndex } from './trust-index.ts';
import type { Certificate, CertificationPath, TrustAnchor } from './types.ts';
import { validatePath } from './validate-path.ts';

/** Every path that passed, or why there is none. */
export interface BuiltPaths {
  readonly paths: readonly CertificationPath[];
  readonly findings: readonly Finding[];
}

/**
 * Finds the paths from a device's leaf over sent and configured certificates to configured anchors, everything checked
 * that does not depend on time: RFC 5280 section 6.1, and what makes a leaf a device's. Work is bounded by `pathLimits`.
 */
export function buildPaths(leaf: Certificate, sent: readonly Certificate[], index: TrustIndex): BuiltPaths {
  const signatures = new SignatureMemo(index);
  const work = new Budget(pathLimits.work);
  const search = new PathSearch<TrustAnchor>(sent, index, signatures, {
    judge: (chain, anchor) => judgePath(chain, anchor, signatures, work),
    kept: pathLimits.kept,
    isPinned: ({ pinned }) => pinned === true,
  });
  search.search(leaf);
  const paths = search.paths.map((path) => ({ ...path, lint: lintPath(path.certificates) }));
  return { paths, findings: paths.length > 0 ? [] : explain(search, leaf) };
}

function judgePath(
  chain: readonly Certificate[],
  anchor: TrustAnchor,
  signatures: SignatureMemo,
  work: Budget,
): readonly Finding[] {
  const leaf = chain[0] as Certificate;
  const inputs: PathInputs = {
    ...openInputs,
    purposes: [purposeOids.clientAuth],
    strict: anchor.strict ?? false,
    allowSha1: anchor.allowSha1,
    allowSmallKeys: anchor.allowSmallKeys ?? false,
    verdict: (certificate, issuer) => signatures.verdict(certificate, issuer),
    work,
  };
  const stated = profiles[anchor.profile.kind].statedPurpose === 'required' ? checkStatedPurpose(leaf) : [];
  return unique([...checkDeviceLeaf(leaf), ...stated, ...validatePath(chain, inputs)]);
}

/** What the most telling branch broke, and what is wrong with the leaf on any path. */
function explain(search: PathSearch<TrustAnchor>, leaf: Certificate): Finding[] {
  if (search.failure?.complete) return search.explain();
  return unique([
    ...search.explain(),
    ...checkExtensions(leaf, 0),
    ...checkKey(leaf, 0, openInputs),
    ...checkDeviceLeaf(leaf),
    ...checkPurposes([leaf], [purposeOids.clientAuth]),
  ]);
}

/** A leaf whose key usage lacks what a device needs may lack what its purpose needs as well; that is told once. */
function unique(findings: readonly Finding[]): Finding[] {
  const usage = findings.find(({ code }) => code === 'credential.key_usage_invalid');
  return findings.filter((one) => one.code !== 'credential.key_usage_invalid' || one === usage);
}
