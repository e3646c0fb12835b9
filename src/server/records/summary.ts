import type { MadeDecision } from '../../decision/types.ts';
import type { CountedKind } from '../../telemetry/metrics.ts';

/** What the parent is told of one decision where somebody wants to see each: enough to print it in one line. */
export interface DecisionSummary extends CountedKind {
  readonly decision_id: string;
  readonly tenant: string;
  /** RFC 3339. */
  readonly time: string;
  readonly pep: string;
  readonly device_id: string | null;
  /** The primary reason in words. */
  readonly message: string;
}

/** The summary of a decision; plain data, because it crosses the channel. */
export function summarize(made: MadeDecision): DecisionSummary {
  const { decision } = made;
  const primary = decision.reasons[0];
  return {
    decision_id: decision.decision_id,
    tenant: decision.tenant,
    time: decision.time,
    door: made.door,
    pep: made.pep.name,
    device_id: decision.device_id,
    assurance: decision.assurance,
    outcome: decision.outcome,
    enforced: decision.enforced,
    reason: primary?.code ?? '',
    message: primary?.message ?? '',
    reasons: decision.reasons.map(({ code, severity }) => ({ code, severity })),
    faults: decision.faults.map(({ code, stage }) => ({ code, stage })),
  };
}
