import { sha256Hex } from '../lib/bytes.ts';
import { canonicalForm, canonicalJson } from '../lib/canonical-json.ts';
import { isReasonCode, reasonCodes } from '../lib/reason-code.ts';
import type { CoarseClass, Finding, ReasonCode, Severity, ToldCode } from '../lib/reason-code.ts';
import type { CustomFinding } from '../policy/types.ts';
import { certificateReasons } from './reasons/certificate.ts';
import { circumstanceReasons } from './reasons/circumstance.ts';
import type { ReasonEntry } from './reasons/entry.ts';
import { holdReasons } from './reasons/hold.ts';
import { stateReasons } from './reasons/state.ts';
import type { Reason } from './types.ts';

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
const codeRank: ReadonlyMap<string, number> = new Map(reasonCodes.map((code, index) => [code, index]));
/** An author's own reasons come after the last of `network` and before the first of `policy`. */
const customRank = reasonCodes.findIndex((code) => code.startsWith('policy.')) - 0.5;

/** What a room found, or what a policy told in its author's own words. */
export type AnyFinding = Finding | CustomFinding;

/** A finding as it is told, with the words of the catalogue, or of the bundle that declares it. */
export function makeReason(finding: AnyFinding): Reason {
  if (isCustom(finding)) return customReason(finding);
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

function isCustom(finding: AnyFinding): finding is CustomFinding {
  return 'declared' in finding;
}

function customReason(finding: CustomFinding): Reason {
  const { code, declared } = finding;
  return {
    class: declared.class,
    code,
    ...(hasDetail(finding) && { detail: finding.detail }),
    message: declared.text,
    remediation: declared.remediation,
    severity: declared.severity,
  };
}

/** What a told reason was made from. */
export function findingOf({ code, detail, ...told }: Reason): AnyFinding {
  const found = detail === undefined ? undefined : { detail };
  if (isReasonCode(code)) return { code, ...found };
  const { severity, message: text, remediation = '' } = told;
  const declared = { class: told.class ?? 'not_authorized', remediation, severity, text };
  return { code, declared, ...found };
}

/** Whether a finding keeps a connection out. */
export function denies(finding: AnyFinding): boolean {
  return (isCustom(finding) ? finding.declared : catalogue[finding.code]).severity === 'deny';
}

/** Whether the cause is on our side; never of an author's own reason, which is about the connection. */
export function isOurs(code: ToldCode): boolean {
  return isReasonCode(code) && catalogue[code].ours;
}

/** What a device is told that is denied for this reason. */
export function classOf({ code, class: declared }: Pick<Reason, 'code' | 'class'>): CoarseClass {
  return isReasonCode(code) ? catalogue[code].class : (declared ?? 'not_authorized');
}

/**
 * Reasons in the order in which they are told: deny, warn, info; within a severity the order of the closed list, an
 * author's own between network and policy by their names; within a code as they came. The same code with the same detail
 * is told once, and a bare code gives way to the same code with a detail: several rooms may have noticed the same thing.
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
    (a, b) => severityRank[a.severity] - severityRank[b.severity] || compareCodes(a.code, b.code),
  );
}

function compareCodes(a: ToldCode, b: ToldCode): number {
  const [first, second] = [codeRank.get(a) ?? customRank, codeRank.get(b) ?? customRank];
  if (first !== customRank || second !== customRank || a === b) return first - second;
  return a < b ? -1 : 1;
}

function hasDetail(
  finding: Pick<Finding, 'detail'>,
): finding is { readonly detail: NonNullable<Finding['detail']> } {
  return finding.detail !== undefined && Object.keys(finding.detail).length > 0;
}
