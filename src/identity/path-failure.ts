import type { Finding, ReasonCode } from '../lib/reason-code.ts';
import { nameText } from './name-text.ts';
import type { Certificate } from './types.ts';

/** Why one branch of the search ended without a path. */
export interface Failure {
  /** Certificates of the branch, by whose number a failure further on counts as more specific. */
  readonly chain: readonly Certificate[];
  readonly findings: readonly Finding[];
  /** The branch reached an anchor, and then broke a rule. */
  readonly complete: boolean;
}

/** Where branches of one length fail, the later of these tells more. */
const specificity: readonly ReasonCode[] = [
  'chain.incomplete',
  'chain.signature_invalid',
  'chain.untrusted_anchor',
  'chain.too_long',
];

/** A failure of the last certificate of a branch: no issuer, a wrong signature, an end that is no anchor. */
export function deadEnd(
  code: (typeof specificity)[number],
  chain: readonly Certificate[],
  problem?: string,
): Failure {
  const last = chain[chain.length - 1] as Certificate;
  const detail = {
    certificate: chain.length - 1,
    subject: nameText(last.subject),
    issuer: nameText(last.issuer),
    ...(problem === undefined ? {} : { problem }),
  };
  return { chain, complete: false, findings: [{ code, detail }] };
}

/** The failure that tells more: one that reached an anchor, with fewer broken rules; else the longer branch's. */
export function moreSpecific(known: Failure | undefined, other: Failure): Failure {
  if (known === undefined) return other;
  if (known.complete !== other.complete) return known.complete ? known : other;
  if (known.complete) return other.findings.length < known.findings.length ? other : known;
  const longer = other.chain.length - known.chain.length;
  if (longer !== 0) return longer > 0 ? other : known;
  return rank(other) > rank(known) ? other : known;
}

function rank(failure: Failure): number {
  const [finding] = failure.findings;
  return finding === undefined ? -1 : specificity.indexOf(finding.code);
}
