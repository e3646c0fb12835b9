import { readingLimit } from '../../identity/reading-cost.ts';
import {
  validateCertificate,
  type Refusal,
  type ValidationRequest,
  type ValidationResult,
} from '../../identity/validate.ts';
import type { Certificate } from '../../identity/types.ts';
import { catalogue } from '../../decision/reasons.ts';
import type { Finding, ReasonCode } from '../../lib/reason-code.ts';
import { denyingLint, unreadableCrl, type CrlLint } from '../../revocation/crl-lint.ts';
import { evaluateRevocation } from '../../revocation/evaluate-crls.ts';
import type { ParsedCrl } from '../../revocation/parse-crl.ts';
import { sectionOf, textOf } from './sections.ts';

/** One remark about one certificate of the path; `certificate` counts from the leaf, 0, null = none of them. */
export interface VerdictRemark {
  readonly code: string;
  readonly message: string;
  readonly certificate: number | null;
}

export interface Verdict {
  readonly valid: boolean;
  readonly reasons: readonly VerdictRemark[];
  readonly lint: readonly VerdictRemark[];
  /** The path that holds, or the best that was tried, leaf first; empty if none. */
  readonly path: readonly Certificate[];
}

/** A certificate to verify, everything parsed. */
export interface Verification extends Omit<ValidationRequest, 'accept'> {
  readonly crls: readonly ParsedCrl[];
  /** What could not be read of the CRLs that were given. */
  readonly crlProblems: readonly string[];
  /** Whether a missing or stale CRL denies. */
  readonly requireRevocation: boolean;
  /** More intermediates came than were read. */
  readonly unread?: boolean;
}

/** Validates a certificate with its revocation, and words the result. Never throws for what was given. */
export function verifyCertificate(o: Verification): Verdict {
  const remarks = new Map<string, readonly CrlLint[]>();
  const asksCrls = o.crls.length > 0 || o.crlProblems.length > 0 || o.requireRevocation;
  const unreadable = o.crlProblems.map(unreadableCrl);
  const accept = (path: readonly Certificate[]): readonly Finding[] => {
    const { findings, lint } = evaluateRevocation({
      path,
      crls: o.crls,
      at: o.at,
      required: o.requireRevocation,
      certificates: [...o.intermediates, ...o.anchors],
    });
    remarks.set(pathKey(path), lint);
    return o.strict ? [...findings, ...denyingLint([...unreadable, ...lint]).map(strictFinding)] : findings;
  };
  const result = validateCertificate({ ...o, ...(asksCrls && { accept }) });
  return {
    valid: result.valid,
    reasons: (o.unread ? withUnread(result) : result.reasons).map(({ code, message, certificate }) =>
      reasonOf(code, message, certificate),
    ),
    lint: [...result.lint, ...unreadable, ...(remarks.get(pathKey(result.path)) ?? [])],
    path: result.path,
  };
}

/** Where no path was complete among what was read, why it ended where it did says nothing. */
function withUnread({ valid, path, reasons }: ValidationResult): readonly Refusal[] {
  const code = 'chain.budget_exceeded';
  if (valid || reasons.some((reason) => reason.code === code)) return reasons;
  const message = `more intermediates than are read for one leaf: ${readingLimit} of usual size`;
  return [{ code, message, certificate: null }, ...(path.length > 0 ? reasons : [])];
}

/** A reason in words: what the code means, what was found, and the section of the standard. */
export function reasonOf(code: ReasonCode, found: string, certificate: number | null): VerdictRemark {
  const section = sectionOf(code);
  const words = [
    textOf(code) ?? catalogue[code].text,
    ...(found === '' ? [] : [found]),
    ...(section ? [`[${section}]`] : []),
  ];
  return { code, message: words.join(' '), certificate };
}

function strictFinding({ code, message, certificate }: CrlLint): Finding {
  const detail = { lint: code, problem: message };
  return {
    code: 'credential.lint_strict',
    detail: certificate === null ? detail : { certificate, ...detail },
  };
}

function pathKey(path: readonly Certificate[]): string {
  return path.map(({ fingerprint }) => fingerprint).join(' ');
}
