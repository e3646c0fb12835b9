import type { EpochMs } from '../../lib/clock.ts';
import { isCustomCode, isReasonCode } from '../../lib/reason-code.ts';
import { isWords } from './merge.ts';
import { readMoment } from './moment.ts';
import type { Assurance } from '../../policy/types.ts';
import type { ExpectedResponse } from './response.ts';
import type { ExpectedReason, Expectation } from './types.ts';
import type { Words } from './words.ts';

type Refuse = (place: readonly (string | number)[], message: string) => void;

/** Reads one expectation, which fits the schema. Offsets of `valid_until` count from `at`, the time of the decision. */
export function readExpectation(words: Words, at: EpochMs, refuse: Refuse): Expectation | undefined {
  const { outcome, enforced, device_id: deviceId, assurance, obligations, valid_until: until } = words;
  if (outcome === undefined) {
    refuse(['outcome'], 'is missing');
    return undefined;
  }
  return {
    outcome: outcome as Expectation['outcome'],
    ...readReasons(words['reasons'], refuse),
    ...(enforced !== undefined && { enforced: enforced as boolean }),
    ...(deviceId !== undefined && { deviceId: deviceId as string | null }),
    ...(assurance !== undefined && { assurance: assurance as Assurance }),
    ...(isWords(obligations) && { obligations: readObligations(obligations) }),
    ...(until !== undefined && {
      validUntil: until === null ? null : readMoment(until as string, at),
    }),
  };
}

function readReasons(reasons: unknown, refuse: Refuse): Pick<Expectation, 'reasons' | 'contains' | 'lacks'> {
  if (reasons === undefined) return {};
  const read = (list: unknown, place: readonly string[]) =>
    (list as readonly unknown[]).map((one, index) => readReason(one, [...place, index], refuse));
  if (Array.isArray(reasons)) return { reasons: read(reasons, ['reasons']) };
  const { contains, lacks } = reasons as { contains?: readonly unknown[]; lacks?: readonly string[] };
  for (const [index, code] of (lacks ?? []).entries())
    refuseUnknown(code, ['reasons', 'lacks', index], refuse);
  return {
    ...(contains && { contains: read(contains, ['reasons', 'contains']) }),
    ...(lacks && { lacks }),
  };
}

function readReason(one: unknown, place: readonly (string | number)[], refuse: Refuse): ExpectedReason {
  const reason = typeof one === 'string' ? { code: one } : (one as ExpectedReason);
  refuseUnknown(reason.code, place, refuse);
  return reason;
}

/** A code that no decision can have would make an expectation that says nothing, or that nothing meets. */
function refuseUnknown(code: string, place: readonly (string | number)[], refuse: Refuse): void {
  if (isReasonCode(code) || isCustomCode(code)) return;
  refuse(
    place,
    `${JSON.stringify(code)} is no reason: docs/reasons.md lists them, and a policy's own begin with custom.`,
  );
}

function readObligations(words: Words): NonNullable<Expectation['obligations']> {
  const { entitlements, headers, session_limit_s: limit, response } = words;
  return {
    ...(entitlements !== undefined && { entitlements: entitlements as readonly string[] }),
    ...(headers !== undefined && { headers: headers as Readonly<Record<string, string>> }),
    ...(limit !== undefined && { sessionLimitS: limit as number | null }),
    ...(response !== undefined && { response: response as ExpectedResponse }),
  };
}

/** Codes of a policy's own that are expected, or expected not to come. */
export function ownCodesIn({ reasons = [], contains = [], lacks = [] }: Expectation): readonly string[] {
  return [...[...reasons, ...contains].map(({ code }) => code), ...lacks].filter(isCustomCode);
}
