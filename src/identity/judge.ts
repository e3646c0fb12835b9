import type { EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import { identify } from './profiles/index.ts';
import type { CertificationPath, JudgedCredential, ResolvedCredential } from './types.ts';
import { checkValidity } from './validity.ts';

/**
 * Judges a resolved credential at one instant: the first path all of whose certificates are valid then, with the
 * identity that the path's anchor gives. Where none is, the findings of the path with the fewest, and the identity that
 * it would give: then `path` is absent, and the identity is good for telling which device it is about, nothing else.
 */
export function judgeCredential(resolved: ResolvedCredential, now: EpochMs): JudgedCredential {
  const { leaf, paths } = resolved;
  const [first, ...others] = paths;
  if (first === undefined) return { leaf, findings: resolved.findings, lint: resolved.lint };
  let [best, expired] = [first, checkValidity(first, now, 'excludes')];
  for (const path of others) {
    if (expired.length === 0) break;
    const findings = checkValidity(path, now, 'excludes');
    if (findings.length < expired.length) [best, expired] = [path, findings];
  }
  const named = identityUnder(resolved, best);
  const findings = [...expired, ...named.findings];
  const path = expired.length === 0 ? best : undefined;
  return { leaf, path, findings, identity: named.identity, lint: best === first ? resolved.lint : best.lint };
}

/** The cached identity is that of the first path; another anchor may name the device otherwise. */
function identityUnder(
  resolved: ResolvedCredential,
  path: CertificationPath,
): { readonly identity?: JudgedCredential['identity']; readonly findings: readonly Finding[] } {
  if (path.anchor !== resolved.paths[0]?.anchor) return identify(path);
  return { identity: resolved.identity, findings: resolved.identityFindings };
}
