import { Budget } from '../lib/budget.ts';
import { equalBytes } from '../lib/bytes.ts';
import type { Finding } from '../lib/reason-code.ts';
import { isSelfIssued } from './name.ts';
import { checkLeaf } from './leaf-checks.ts';
import { checkPath } from './path-checks.ts';
import { deadEnd, type Failure, moreSpecific } from './path-failure.ts';
import { pathLimits } from './path-limits.ts';
import { SignatureMemo } from './signature-memo.ts';
import type { Issuer, TrustIndex } from './trust-index.ts';
import type { Certificate, CertificationPath, TrustAnchor } from './types.ts';
import type { SignatureVerdict } from './verify-signature.ts';

/** Every path that passed, or why there is none. */
export interface BuiltPaths {
  readonly paths: readonly CertificationPath[];
  readonly findings: readonly Finding[];
}

/** A branch of the search: certificates from the leaf up, and the verdict on each one's signature but the last's. */
interface Branch {
  readonly chain: readonly Certificate[];
  readonly verdicts: readonly SignatureVerdict[];
}

/**
 * Finds the paths from a leaf over sent and configured certificates to configured anchors (RFC 5280 section 6.1,
 * RFC 4158), everything checked that does not depend on time. Sent certificates are candidates, whatever their order,
 * and those that lead nowhere do no harm. Work is bounded by `pathLimits`.
 */
export function buildPaths(leaf: Certificate, sent: readonly Certificate[], index: TrustIndex): BuiltPaths {
  const search = new PathSearch(sent, index);
  search.extend({ chain: [leaf], verdicts: [] });
  if (search.paths.length > 0) return { paths: search.paths, findings: [] };
  return { paths: [], findings: explain(search, leaf) };
}

/** What the most telling branch broke, and what is wrong with the leaf on any path. */
function explain(search: PathSearch, leaf: Certificate): Finding[] {
  const { failure } = search;
  if (failure?.complete) return [...failure.findings];
  const chain: readonly Finding[] = search.exhausted
    ? [
        {
          code: 'chain.budget_exceeded',
          detail: { signatures: pathLimits.signatures, steps: pathLimits.steps },
        },
      ]
    : (failure?.findings ?? []);
  return [...chain, ...checkLeaf(leaf)];
}

class PathSearch {
  readonly paths: CertificationPath[] = [];
  failure: Failure | undefined;
  exhausted = false;
  readonly #index: TrustIndex;
  readonly #sent: ReadonlyMap<string, readonly Issuer[]>;
  readonly #signatures: SignatureMemo;
  readonly #steps = new Budget(pathLimits.steps);

  constructor(sent: readonly Certificate[], index: TrustIndex) {
    this.#index = index;
    this.#sent = sentIssuers(sent, index);
    this.#signatures = new SignatureMemo(index);
  }

  /** Tries every issuer of the branch's last certificate, those that its authority key identifier names first. */
  extend(branch: Branch): void {
    const { chain } = branch;
    const last = chain[chain.length - 1] as Certificate;
    if (!this.#steps.spend()) this.exhausted = true;
    if (this.exhausted || this.paths.length >= pathLimits.kept) return;
    const issuers = this.#issuersOf(last).filter(({ certificate }) => !isVisited(chain, certificate));
    if (issuers.length === 0) return this.#stop(branch, 'chain.incomplete');
    if (chain.length >= pathLimits.length) return this.#fail(deadEnd('chain.too_long', chain));
    const named = issuers.filter(({ certificate }) => namesKey(last, certificate));
    if (this.#tryEach(branch, last, named)) return;
    const others = issuers.filter((issuer) => !named.includes(issuer));
    if (!this.#tryEach(branch, last, others)) this.#stop(branch, 'chain.signature_invalid');
  }

  /** Whether at least one of the issuers had signed `last`, and was followed. */
  #tryEach(branch: Branch, last: Certificate, issuers: readonly Issuer[]): boolean {
    let followed = false;
    for (const issuer of issuers) {
      const verdict = this.#signatures.verdict(last, issuer.certificate);
      if (verdict === undefined) this.exhausted = true;
      if (verdict === undefined || verdict === 'invalid') continue;
      followed = true;
      const longer = {
        chain: [...branch.chain, issuer.certificate],
        verdicts: [...branch.verdicts, verdict],
      };
      if (issuer.anchor !== undefined) this.#complete(longer, issuer.anchor);
      else this.extend(longer);
    }
    return followed;
  }

  #complete(branch: Branch, anchor: TrustAnchor): void {
    const path = { anchor, certificates: branch.chain };
    const findings = checkPath(path, branch.verdicts);
    if (findings.length === 0) this.paths.push(path);
    else this.#fail({ depth: branch.chain.length, complete: true, findings });
  }

  /** The branch ends here: at a root that nobody configured, or for `otherwise`. */
  #stop(branch: Branch, otherwise: 'chain.incomplete' | 'chain.signature_invalid'): void {
    const last = branch.chain[branch.chain.length - 1] as Certificate;
    const selfSigned = isSelfIssued(last) && this.#signatures.verdict(last, last) === 'valid';
    this.#fail(deadEnd(selfSigned ? 'chain.untrusted_anchor' : otherwise, branch.chain));
  }

  #fail(failure: Failure): void {
    this.failure = moreSpecific(this.failure, failure);
  }

  #issuersOf(certificate: Certificate): readonly Issuer[] {
    const configured = this.#index.bySubject.get(certificate.issuer.key) ?? [];
    const sent = this.#sent.get(certificate.issuer.key);
    return sent === undefined ? configured : [...configured, ...sent];
  }
}

/** The sent certificates by subject, without doubles and without those that are configured anyway. */
function sentIssuers(sent: readonly Certificate[], index: TrustIndex): Map<string, Issuer[]> {
  const unknown = new Map<string, Issuer>();
  for (const certificate of sent) {
    if (!index.fingerprints.has(certificate.fingerprint))
      unknown.set(certificate.fingerprint, { certificate });
  }
  return Map.groupBy(unknown.values(), ({ certificate }) => certificate.subject.key);
}

/** A name with a key stands once in a path (RFC 4158 section 2.4.2), which also ends every loop of cross-certificates. */
function isVisited(chain: readonly Certificate[], next: Certificate): boolean {
  return chain.some((one) => one.keyDigest === next.keyDigest && one.subject.key === next.subject.key);
}

/** Whether nothing in the key identifiers speaks against `issuer` (RFC 5280 sections 4.2.1.1 and 4.2.1.2). */
function namesKey(certificate: Certificate, issuer: Certificate): boolean {
  const { authorityKeyId } = certificate;
  const { subjectKeyId } = issuer;
  return (
    authorityKeyId === undefined || subjectKeyId === undefined || equalBytes(authorityKeyId, subjectKeyId)
  );
}
