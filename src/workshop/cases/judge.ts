import { formatInstant, parseInstant } from '../../lib/clock.ts';
import type { Fault, Reason } from '../../decision/types.ts';
import { responseDifferences } from './response.ts';
import type { CaseDifference, CaseResult, ExpectedReason, Expectation } from './types.ts';

/** What was expected and did not come, in the order of the decision; empty where all came. */
export function differencesOf(expect: Expectation, { decision }: CaseResult): readonly CaseDifference[] {
  const differences: CaseDifference[] = [];
  const compare = (what: string, expected: unknown, got: unknown) => {
    if (expected !== undefined && !same(expected, got)) differences.push({ what, expected, got });
  };
  const { obligations } = expect;
  compare('outcome', expect.outcome, decision.outcome);
  compare('enforced', expect.enforced, decision.enforced);
  differences.push(...reasonDifferences(expect, decision.reasons));
  compare('device_id', expect.deviceId, decision.device_id);
  compare('assurance', expect.assurance, decision.assurance);
  compare(
    'obligations.entitlements',
    sorted(obligations?.entitlements),
    sorted(decision.obligations.entitlements),
  );
  compare('obligations.headers', obligations?.headers, decision.obligations.headers);
  compare('obligations.session_limit_s', obligations?.sessionLimitS, decision.obligations.session_limit_s);
  if (obligations?.response)
    differences.push(...responseDifferences(obligations.response, decision.obligations.response));
  const until = decision.valid_until === null ? null : (parseInstant(decision.valid_until) as number);
  if (expect.validUntil !== undefined && expect.validUntil !== until)
    differences.push({ what: 'valid_until', expected: shown(expect.validUntil), got: shown(until) });
  const faults = unexpectedFaults(expect, decision.faults);
  if (faults.length > 0) differences.push({ what: 'faults', expected: [], got: faults });
  return differences;
}

/** A denial because something broke is none that was meant, unless its reason was. */
function unexpectedFaults(
  { reasons = [], contains = [] }: Expectation,
  faults: readonly Fault[],
): readonly string[] {
  const named = new Set([...reasons, ...contains].map(({ code }) => code));
  return faults
    .filter(({ code }) => !named.has(code))
    .map(({ code, stage, message }) => `${code} in ${stage}: ${message}`);
}

/** A difference in one line. */
export function differenceText({ what, expected, got }: CaseDifference): string {
  return `${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`;
}

function shown(at: number | null): string | null {
  return at === null ? null : formatInstant(at);
}

function reasonDifferences(
  { reasons, contains, lacks }: Expectation,
  got: readonly Reason[],
): readonly CaseDifference[] {
  const differences: CaseDifference[] = [];
  if (reasons && !isExactly(reasons, got))
    differences.push({ what: 'reasons', expected: reasons, got: got.map((one) => told(one, reasons)) });
  const missing = (contains ?? []).filter((one) => !got.some((reason) => matches(one, reason)));
  if (missing.length > 0)
    differences.push({
      what: 'reasons.contains',
      expected: missing,
      got: got.map((one) => told(one, missing)),
    });
  const unwanted = (lacks ?? []).filter((code) => got.some((reason) => reason.code === code));
  if (unwanted.length > 0)
    differences.push({ what: 'reasons.lacks', expected: unwanted, got: got.map(({ code }) => code) });
  return differences;
}

function isExactly(expected: readonly ExpectedReason[], got: readonly Reason[]): boolean {
  return expected.length === got.length && expected.every((one, index) => matches(one, got[index] as Reason));
}

function matches({ code, severity, detail }: ExpectedReason, reason: Reason): boolean {
  return (
    code === reason.code &&
    (severity === undefined || severity === reason.severity) &&
    Object.entries(detail ?? {}).every(([name, value]) => reason.detail?.[name] === value)
  );
}

/** A reason that came, with as much of its detail as is expected of any of its code. */
function told({ code, severity, detail }: Reason, expected: readonly ExpectedReason[]): ExpectedReason {
  const alike = expected.filter((one) => one.code === code);
  const names = alike.flatMap((one) => Object.keys(one.detail ?? {}));
  return {
    code,
    ...(alike.some((one) => one.severity !== undefined) && { severity }),
    ...(names.length > 0 && {
      detail: Object.fromEntries(
        names.flatMap((name) => (detail?.[name] === undefined ? [] : [[name, detail[name]]])),
      ),
    }),
  };
}

function sorted(list: readonly string[] | undefined): readonly string[] | undefined {
  return list?.toSorted();
}

/** Equal as JSON, in any order of members. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keys.length === others.length &&
    keys.every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}
