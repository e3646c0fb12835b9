import type { Config } from '../config/types.ts';
import type { Pep } from '../context/types.ts';
import { formatInstant } from '../lib/clock.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Finding, ToldCode } from '../lib/reason-code.ts';
import type { Verdict } from '../policy/types.ts';
import { enforcementOf } from './enforcement.ts';
import { floorFindings } from './floor.ts';
import { denies, findingOf, makeReason, sortReasons } from './reasons.ts';
import type { AnyFinding } from './reasons.ts';
import type { Decision, Facts, Fault, Obligations, Reason, Versions } from './types.ts';

/** What a decision is concluded from; the same again gives the same decision. */
export interface Material {
  readonly decisionId: string;
  readonly tenant: string;
  readonly now: EpochMs;
  readonly pep: Pep;
  /** Null where none could be gathered; then there is a fault that says why. */
  readonly facts: Facts | null;
  /** Null where the policy gave none; then there is a fault that says why. */
  readonly verdict: Verdict | null;
  readonly faults: readonly Fault[];
  /** Details of faults, for the auditor. */
  readonly findings: readonly Finding[];
  readonly versions: Versions;
}

/** The part of the configuration that conclusions depend on. */
export type ConcludeSettings = Pick<Config, 'enforcement'>;

/** No denial is without a reason, not even one that cannot come about. */
const unexplained: Finding = { code: 'system.internal', detail: { problem: 'denied for no reason' } };

const noObligations: Obligations = { entitlements: [], headers: {}, session_limit_s: null };

/** An allow for which nothing else sets an end holds this long; every allow has an end. */
const longestWithoutLimit = 5 * 60_000;

/**
 * Verdict and floor together make the decision: an allow only where the policy allows, nothing denies, nothing went
 * wrong and the floor holds. Pure.
 */
export function conclude(material: Material, settings: ConcludeSettings): Decision {
  const { facts, verdict, now } = material;
  const findings = allFindings(material);
  if (facts === null || !verdict?.allow || material.faults.length > 0 || findings.some(denies)) {
    return denial(material, findings, settings);
  }
  const until = validUntil(facts, verdict);
  if (until <= now) return denial(expired(material), [...findings, { code: 'system.internal' }], settings);
  return {
    ...frame(material),
    outcome: 'allow',
    enforced: true,
    reasons: sortReasons([...findings, { code: 'policy.ok' } as const].map(makeReason)),
    obligations: {
      entitlements: verdict.entitlements,
      headers: verdict.headers,
      ...(verdict.response && { response: verdict.response }),
      session_limit_s: verdict.session_limit_s,
    },
    valid_until: formatInstant(until),
  };
}

/** The same decision turned into a denial by something that went wrong after it was made. */
export function denyInstead(
  decision: Decision,
  fault: Fault,
  material: Pick<Material, 'facts' | 'pep' | 'now'>,
  settings: ConcludeSettings,
): Decision {
  const denied: Material = {
    ...material,
    decisionId: decision.decision_id,
    tenant: decision.tenant,
    versions: decision.versions,
    verdict: null,
    faults: [...decision.faults, fault],
    findings: [],
  };
  const before = decision.reasons.filter((reason) => reason.code !== 'system.break_glass_used');
  return denial(denied, [...before.map(findingOf), { code: fault.code }], settings);
}

/** What the rooms found stands for a code that the policy names too: it has the compared values. */
function allFindings({ facts, verdict, faults, findings }: Material): readonly AnyFinding[] {
  const found: readonly Finding[] = [
    ...findings,
    ...faults.map(({ code }) => ({ code })),
    ...(facts === null ? [] : [...facts.findings, ...floorFindings(facts)]),
  ];
  if (verdict === null) return found;
  if (found.length === 0) return verdictFindings(verdict);
  const codes = new Set<string>(found.map((finding) => finding.code));
  return [...found, ...verdictFindings(verdict).filter((finding) => !codes.has(finding.code))];
}

/** A policy that refuses without a reason of its own says so, lest another's reason stand for its refusal. */
function verdictFindings(verdict: Verdict): readonly AnyFinding[] {
  if (verdict.allow || verdict.reasons.some(denies)) return verdict.reasons;
  return [...verdict.reasons, { code: 'policy.denied' }];
}

function denial(material: Material, findings: readonly AnyFinding[], settings: ConcludeSettings): Decision {
  const against = findings.some(denies) ? findings : [...findings, unexplained];
  const reasons: readonly Reason[] = against
    .filter((finding) => finding.code !== 'policy.ok')
    .map(makeReason);
  const codes = reasons.filter((reason) => reason.severity === 'deny').map((reason) => reason.code);
  const { pep, facts, now } = material;
  const enforcement = enforcementOf({ codes, pep, facts, now }, settings.enforcement);
  return {
    ...frame(material),
    outcome: 'deny',
    enforced: enforcement.enforced,
    reasons: sortReasons([...reasons, ...enforcement.findings.map(makeReason)]),
    obligations: obligationsOfDenial(material, codes),
    valid_until: null,
  };
}

/** What the policy answers with its denial, unless something else denies too: then the denial is not its own. */
function obligationsOfDenial({ verdict, faults }: Material, codes: readonly ToldCode[]): Obligations {
  const response = verdict?.allow === false ? verdict.response : undefined;
  const own = faults.length === 0 && codes.every((code) => code === 'policy.denied');
  return response && own ? { ...noObligations, response } : noObligations;
}

/** What allow and denial have in common. */
function frame(material: Material) {
  const { facts, versions, faults } = material;
  return {
    decision_id: material.decisionId,
    tenant: material.tenant,
    time: formatInstant(material.now),
    device_id: facts?.device_id ?? null,
    assurance: facts?.assurance ?? 'none',
    versions,
    faults,
  } satisfies Partial<Decision>;
}

/** The earliest end of what the allow relies on and of the policy's own term. */
function validUntil(facts: Facts, verdict: Verdict): EpochMs {
  const ends = facts.limits.map((limit) => limit.until);
  const term = verdict.ttl_s === null ? longestWithoutLimit : verdict.ttl_s * 1000;
  return Math.min(...ends, facts.now + term);
}

function expired(material: Material): Material {
  const fault: Fault = {
    code: 'system.internal',
    stage: 'conclude',
    message: 'the policy allows what would not be valid any more at the time of the decision',
  };
  return { ...material, faults: [...material.faults, fault] };
}
