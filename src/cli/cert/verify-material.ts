import type { Certificate } from '../../identity/types.ts';
import type { ParsedCrl } from '../../revocation/parse-crl.ts';
import { reasonOf, verifyCertificate, type Verdict, type VerdictRemark, type Verification } from './judge.ts';
import type { LeafMaterial, Material } from './material.ts';

/** Everything that was given to verify a certificate, as far as it could be read. */
export interface VerifyMaterial {
  readonly leaf: LeafMaterial;
  readonly anchors: Material<Certificate>;
  /** `unread` where more came than was read. */
  readonly intermediates: Material<Certificate> & { readonly unread?: boolean };
  readonly crls: Material<ParsedCrl>;
}

type Rules = Omit<Verification, 'leaf' | 'anchors' | 'intermediates' | 'unread' | 'crls' | 'crlProblems'>;

/** Verifies what was read; what could not be read and was not needed is lint. Never throws for what was given. */
export function verifyMaterial(given: VerifyMaterial, rules: Rules): Verdict {
  const { leaf, anchors, intermediates, crls } = given;
  const lint = unreadable(anchors.problems, intermediates.problems);
  if (leaf.leaf === undefined) return refusal(reasonOf(leaf.code, leaf.problem, 0), lint);
  if (anchors.read.length === 0) {
    const found = anchors.problems.join('; ') || 'no anchor is given';
    return refusal(reasonOf('chain.untrusted_anchor', found, null), lint);
  }
  const verdict = verifyCertificate({
    ...rules,
    leaf: leaf.leaf,
    anchors: anchors.read,
    intermediates: intermediates.read,
    unread: intermediates.unread ?? false,
    crls: crls.read,
    crlProblems: crls.problems,
  });
  return { ...verdict, lint: [...verdict.lint, ...lint] };
}

function refusal(reason: VerdictRemark, lint: readonly VerdictRemark[]): Verdict {
  return { valid: false, reasons: [reason], lint, path: [] };
}

/** Certificates that could not be read and were not needed. */
function unreadable(anchors: readonly string[], intermediates: readonly string[]): VerdictRemark[] {
  const remark = (code: string) => (message: string) => ({ code, message, certificate: null });
  return [
    ...anchors.map(remark('anchor_unreadable')),
    ...intermediates.map(remark('intermediate_unreadable')),
  ];
}
