import { Budget } from '../lib/budget.ts';
import { equalBytes } from '../lib/bytes.ts';
import type { Finding } from '../lib/reason-code.ts';
import { isSelfIssued } from './name.ts';
import { deadEnd, type Failure, moreSpecific } from './path-failure.ts';
import { budgetExceeded, pathLimits } from './path-limits.ts';
import type { SignatureMemo } from './signature-memo.ts';
import { type Issuer, type IssuerIndex, promising } from './trust-index.ts';
import type { Certificate } from './types.ts';

/** What is asked of the paths that are searched for. */
export interface SearchRules<Anchor> {
  /** What is wrong with a complete path; empty = it is kept. */
  readonly judge: (chain: readonly Certificate[], anchor: Anchor) => readonly Finding[];
  /** The search is over when so many paths are kept. */
  readonly kept: number;
  /** Most certificates between leaf and anchor; absent = as many as `pathLimits.length` leaves. */
  readonly maxIntermediates?: number;
  /** Whether a leaf that signed itself and is this anchor, byte for byte, is a path in itself. */
  readonly isPinned: (anchor: Anchor) => boolean;
  /** CAs that are tried before others, such as those that are valid at the time in question. */
  readonly isPreferred?: (ca: Certificate) => boolean;
}

/** A complete path that was kept. */
export interface FoundPath<Anchor> {
  readonly anchor: Anchor;
  readonly certificates: readonly Certificate[];
}

/**
 * A depth-first search for paths from a leaf over sent and known certificates to anchors (RFC 4158). Sent certificates
 * are candidates, whatever their order, and those that lead nowhere do no harm. Work is bounded by `pathLimits`.
 */
export class PathSearch<Anchor> {
  readonly paths: FoundPath<Anchor>[] = [];
  /** Of the branches that failed, the one that tells most. */
  failure: Failure | undefined;
  /** A bound was reached, so that more paths may exist. */
  exhausted = false;
  readonly #index: IssuerIndex<Anchor>;
  readonly #rules: SearchRules<Anchor>;
  readonly #sent: ReadonlyMap<string, readonly Issuer<Anchor>[]>;
  readonly #signatures: SignatureMemo;
  readonly #steps = new Budget(pathLimits.steps);

  constructor(
    sent: readonly Certificate[],
    index: IssuerIndex<Anchor>,
    signatures: SignatureMemo,
    rules: SearchRules<Anchor>,
  ) {
    this.#index = index;
    this.#rules = rules;
    this.#sent = sentIssuers(sent, index);
    this.#signatures = signatures;
  }

  /** Searches for paths from a leaf. */
  search(leaf: Certificate): void {
    const anchor = this.#anchorOf(leaf);
    const pinned = anchor !== undefined && this.#rules.isPinned(anchor) && this.#signedItself(leaf);
    if (pinned) this.#complete([leaf], anchor);
    else this.#extend([leaf]);
  }

  /** Searches on from the last certificate of a branch, whose others are each signed by the next. */
  #extend(chain: readonly Certificate[]): void {
    if (!this.#steps.spend()) this.exhausted = true;
    if (this.#isOver()) return;
    const last = chain[chain.length - 1] as Certificate;
    const issuers = this.#issuersOf(last).filter(({ certificate }) => !isVisited(chain, certificate));
    if (issuers.length === 0) return this.#stop(chain, 'chain.incomplete');
    if (chain.length >= pathLimits.length) return this.#fail(deadEnd('chain.too_long', chain));
    if (!this.#tryEach(chain, issuers)) this.#stop(chain, 'chain.signature_invalid');
  }

  /** Whether at least one of the issuers had signed the branch's last certificate. */
  #tryEach(chain: readonly Certificate[], issuers: readonly Issuer<Anchor>[]): boolean {
    const last = chain[chain.length - 1] as Certificate;
    let followed = false;
    for (const issuer of this.#inOrder(last, issuers)) {
      if (this.#isOver()) return true;
      const verdict = this.#signatures.verdict(last, issuer.certificate);
      if (verdict === undefined) this.exhausted = true;
      if (verdict === undefined || verdict === 'invalid') continue;
      followed = true;
      // `concat` makes room for just these, a spread for many more: paths are remembered by the thousand.
      this.#follow(chain.concat(issuer.certificate), issuer.anchor);
    }
    return followed;
  }

  #follow(chain: readonly Certificate[], anchor: Anchor | undefined): void {
    if (anchor !== undefined) return this.#complete(chain, anchor);
    const { maxIntermediates = pathLimits.length } = this.#rules;
    if (chain.length - 1 > maxIntermediates) return this.#fail(deadEnd('chain.too_long', chain));
    this.#extend(chain);
  }

  #complete(certificates: readonly Certificate[], anchor: Anchor): void {
    // Judging a path is a step too: many anchors above one branch are many paths.
    if (!this.#steps.spend()) this.exhausted = true;
    if (this.#isOver()) return;
    const findings = this.#rules.judge(certificates, anchor);
    if (findings.length === 0) this.paths.push({ anchor, certificates });
    else if (findings.some(({ code }) => code === 'chain.budget_exceeded')) this.exhausted = true;
    else this.#fail({ chain: certificates, complete: true, findings });
  }

  /** Why nothing was kept: the bound that was reached, and what the most telling branch broke. */
  explain(): Finding[] {
    const { failure } = this;
    if (!this.exhausted) return [...(failure?.findings ?? [])];
    // Where a branch that the bound cut off ended says nothing.
    return [budgetExceeded(), ...(failure?.complete ? failure.findings : [])];
  }

  #isOver(): boolean {
    return this.exhausted || this.paths.length >= this.#rules.kept;
  }

  /** The branch ends here: at a root that nobody configured, or for `otherwise`. */
  #stop(chain: readonly Certificate[], otherwise: 'chain.incomplete' | 'chain.signature_invalid'): void {
    const last = chain[chain.length - 1] as Certificate;
    // A branch never ends with an anchor, except where that is the leaf.
    const problem = this.#anchorOf(last) && 'the certificate itself is an anchor, but not one that is pinned';
    this.#fail(deadEnd(this.#signedItself(last) ? 'chain.untrusted_anchor' : otherwise, chain, problem));
  }

  #signedItself(certificate: Certificate): boolean {
    return isSelfIssued(certificate) && this.#signatures.verdict(certificate, certificate) === 'valid';
  }

  /** The anchor that a certificate is itself, if any. */
  #anchorOf({ subject, fingerprint }: Certificate): Anchor | undefined {
    const namesakes = this.#index.bySubject.get(subject.key) ?? [];
    return namesakes.find(({ certificate }) => certificate.fingerprint === fingerprint)?.anchor;
  }

  #fail(failure: Failure): void {
    this.failure = moreSpecific(this.failure, failure);
  }

  #issuersOf(certificate: Certificate): readonly Issuer<Anchor>[] {
    const known = this.#index.bySubject.get(certificate.issuer.key) ?? [];
    const sent = this.#sent.get(certificate.issuer.key);
    return sent === undefined ? known : [...known, ...sent];
  }

  /** Those first that the key identifiers name, and of those the ones that are preferred. */
  #inOrder(last: Certificate, issuers: readonly Issuer<Anchor>[]): readonly Issuer<Anchor>[] {
    if (issuers.length === 1) return issuers;
    const { isPreferred = () => true } = this.#rules;
    const rank = ({ certificate }: Issuer<Anchor>): number =>
      (namesKey(last, certificate) ? 0 : 2) + (isPreferred(certificate) ? 0 : 1);
    return issuers
      .map((issuer) => ({ issuer, rank: rank(issuer) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ issuer }) => issuer);
  }
}

/** The sent certificates by subject, newest first, without doubles and without those that are known anyway. */
function sentIssuers<Anchor>(
  sent: readonly Certificate[],
  index: IssuerIndex<Anchor>,
): Map<string, Issuer<Anchor>[]> {
  const unknown = new Map<string, Issuer<Anchor>>();
  for (const certificate of sent) {
    if (!index.fingerprints.has(certificate.fingerprint))
      unknown.set(certificate.fingerprint, { certificate });
  }
  return Map.groupBy([...unknown.values()].sort(promising), ({ certificate }) => certificate.subject.key);
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
