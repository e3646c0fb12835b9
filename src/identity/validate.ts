import { Budget } from '../lib/budget.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Finding, ReasonCode } from '../lib/reason-code.ts';
import { lintPath } from './lint.ts';
import { openInputs, type PathInputs } from './path-inputs.ts';
import { pathLimits } from './path-limits.ts';
import { PathSearch } from './path-search.ts';
import { SignatureMemo, type Verdicts } from './signature-memo.ts';
import { indexIssuers, type IssuerIndex } from './trust-index.ts';
import type { Certificate, Lint } from './types.ts';
import { validatePath } from './validate-path.ts';
import type { SignatureVerdict } from './verify-signature.ts';

/** What is asked of a certificate: RFC 5280 section 6.1.1 with a bundle of intermediates instead of one path. */
export interface ValidationRequest {
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
  /** The same array for many requests is prepared once. */
  readonly anchors: readonly Certificate[];
  readonly at: EpochMs;
  /** OIDs of purposes, each of which the leaf and every CA above must permit; absent or empty = none required. */
  readonly eku?: readonly string[];
  /** Most intermediates between leaf and anchor. */
  readonly maxDepth?: number;
  /** Whether what only a CA should have done better denies. */
  readonly strict?: boolean;
  /** SHA-1 signatures and RSA keys from 1024 bits are accepted. */
  readonly allowWeak?: boolean;
  readonly initialPolicySet?: readonly string[];
  readonly initialExplicitPolicy?: boolean;
  readonly initialPolicyMappingInhibit?: boolean;
  readonly initialInhibitAnyPolicy?: boolean;
  /** A further check of a complete path that holds so far; findings refuse it, and the search goes on. */
  readonly accept?: (path: readonly Certificate[]) => readonly Finding[];
}

/** Why a certificate is refused; `certificate` counts in the path from the leaf, 0, null = none of them. */
export interface Refusal {
  readonly code: ReasonCode;
  readonly message: string;
  readonly certificate: number | null;
}

export interface ValidationResult {
  readonly valid: boolean;
  /** The path that holds, leaf first and anchor last; else the best that was tried, empty where none was complete. */
  readonly path: readonly Certificate[];
  /** Empty where valid. */
  readonly reasons: readonly Refusal[];
  /** Of that path. */
  readonly lint: readonly Lint[];
}

/**
 * Validates one certificate at one time: finds a path to an anchor that RFC 5280 section 6.1 accepts, over
 * cross-certificates and renewed CAs, in bounded work. Never throws for what certificates say.
 */
export function validateCertificate(o: ValidationRequest): ValidationResult {
  const index = indexOf(o.anchors);
  const signatures = new SignatureMemo(index, (one) => (one === o.leaf ? undefined : keptOf(one)));
  const inputs = inputsOf(o, signatures);
  const search = new PathSearch<Certificate>(o.intermediates, index, signatures, {
    judge(chain) {
      const findings = validatePath(chain, inputs);
      return findings.length > 0 ? findings : (o.accept?.(chain) ?? []);
    },
    kept: 1,
    // RFC 5280 section 6.1: name and key of the anchor vouch for it like for whatever else that key signed.
    isPinned: () => true,
    isPreferred: ({ notBefore, notAfter }) => notBefore <= o.at && o.at <= notAfter,
    ...(o.maxDepth === undefined ? {} : { maxIntermediates: o.maxDepth }),
  });
  search.search(o.leaf);
  const [found] = search.paths;
  if (found !== undefined) {
    return { valid: true, path: found.certificates, reasons: [], lint: lintPath(found.certificates) };
  }
  return refused(search);
}

function refused(search: PathSearch<Certificate>): ValidationResult {
  const path = search.failure?.complete ? search.failure.chain : [];
  return { valid: false, path, reasons: search.explain().map(refusal), lint: lintPath(path) };
}

function inputsOf(o: ValidationRequest, signatures: SignatureMemo): PathInputs {
  return {
    ...openInputs,
    at: o.at,
    purposes: o.eku ?? [],
    strict: o.strict ?? false,
    allowSha1: o.allowWeak ?? false,
    allowSmallKeys: o.allowWeak ?? false,
    policySet: new Set(o.initialPolicySet),
    explicitPolicy: o.initialExplicitPolicy ?? false,
    policyMappingInhibit: o.initialPolicyMappingInhibit ?? false,
    inhibitAnyPolicy: o.initialInhibitAnyPolicy ?? false,
    ...(o.maxDepth === undefined ? {} : { maxIntermediates: o.maxDepth }),
    verdict: (certificate, issuer) => signatures.verdict(certificate, issuer),
    work: new Budget(pathLimits.work),
  };
}

/** Verdicts on the signatures of intermediates, for as long as the caller keeps them: many leaves share a bundle. */
const verdicts = new WeakMap<Certificate, Verdicts>();

function keptOf(certificate: Certificate): Verdicts {
  let known = verdicts.get(certificate);
  if (known === undefined) verdicts.set(certificate, (known = new Map<string, SignatureVerdict>()));
  return known;
}

/** Prepared anchors, for as long as the caller keeps its array of them. */
const indexes = new WeakMap<readonly Certificate[], IssuerIndex<Certificate>>();

function indexOf(anchors: readonly Certificate[]): IssuerIndex<Certificate> {
  const known = indexes.get(anchors);
  if (known !== undefined) return known;
  const index = indexIssuers(anchors.map((certificate) => ({ certificate, anchor: certificate })));
  indexes.set(anchors, index);
  return index;
}

/** A finding with its detail as one line, `name: value`, the certificate's place apart. */
export function refusal({ code, detail }: Finding): Refusal {
  const { certificate, ...values } = detail ?? {};
  const message = Object.entries(values)
    .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${value}`)
    .join(', ');
  const leafItself = code.startsWith('credential.') && certificate === undefined ? 0 : null;
  return { code, message, certificate: typeof certificate === 'number' ? certificate : leafItself };
}
