import { sha256Hex } from '../lib/bytes.ts';
import { canonicalForm, canonicalJson } from '../lib/canonical-json.ts';
import { reasonCodes } from '../lib/reason-code.ts';
import type { Finding, ReasonCode } from '../lib/reason-code.ts';
import { certificateReasons } from './reasons/certificate.ts';
import { circumstanceReasons } from './reasons/circumstance.ts';
import type { ReasonEntry } from './reasons/entry.ts';
import { holdReasons } from './reasons/hold.ts';
import { stateReasons } from './reasons/state.ts';
import type { Reason, Severity } from './types.ts';

export type { CoarseClass, ReasonEntry } from './reasons/entry.ts';

/** The closed catalogue: one entry for every code, checked by the compiler. */
export const catalogue: Readonly<Record<ReasonCode, ReasonEntry>> = {
  ...certificateReasons,
  ...stateReasons,
  ...holdReasons,
  ...circumstanceReasons,
};

/** SHA-256 (hex) of the catalogue's RFC 8785 text, `catalogueText`: `versions.catalogue`. */
export const catalogueText: string = canonicalJson(catalogue);
export const catalogueDigest: string = sha256Hex(catalogueText);

const severityRank: Readonly<Record<Severity, number>> = { deny: 0, warn: 1, info: 2 };
const codeRank: ReadonlyMap<ReasonCode, number> = new Map(reasonCodes.map((code, index) => [code, index]));

/** A finding as it is told, with the catalogue's severity and words. */
export function makeReason(finding: Finding): Reason {
  const { code } = finding;
  if (!hasDetail(finding)) return bareReasons.get(code) as Reason;
  const { severity, text } = catalogue[code];
  return { code, detail: finding.detail, message: text, severity };
}

/** Each reason as it is told without a detail. */
const bareReasons: ReadonlyMap<ReasonCode, Reason> = new Map(
  reasonCodes.map((code) => {
    const { severity, text } = catalogue[code];
    return [code, canonicalForm({ code, message: text, severity })];
  }),
);

/** Whether a finding keeps a connection out. */
export function denies(finding: Finding): boolean {
  return catalogue[finding.code].severity === 'deny';
}

/**
 * Reasons in the order in which they are told: deny, warn, info; within a severity the order of the closed list;
 * within a code as they came. The same code with the same detail is told once, and a bare code gives way to the
 * same code with a detail: several rooms may have noticed the same thing.
 */
export function sortReasons(reasons: readonly Reason[]): readonly Reason[] {
  if (reasons.length < 2) return reasons;
  const detailed = new Set(reasons.filter(hasDetail).map((reason) => reason.code));
  const told = new Map<string, Reason>();
  for (const reason of reasons) {
    if (!hasDetail(reason) && detailed.has(reason.code)) continue;
    const key = reason.code + (hasDetail(reason) ? canonicalJson(reason.detail) : '');
    if (!told.has(key)) told.set(key, reason);
  }
  return [...told.values()].sort(
    (a, b) => severityRank[a.severity] - severityRank[b.severity] || rankOf(a.code) - rankOf(b.code),
  );
}

function rankOf(code: ReasonCode): number {
  return codeRank.get(code) as number;
}

function hasDetail(
  finding: Pick<Finding, 'detail'>,
): finding is { readonly detail: NonNullable<Finding['detail']> } {
  return finding.detail !== undefined && Object.keys(finding.detail).length > 0;
}
