import { makeReason } from '../../decision/reasons.ts';
import type { DecideResponse } from './wire.ts';

/** The denial that is left where a decision cannot be encoded. */
export function lastDenial(decisionId: string | undefined): DecideResponse {
  return {
    ...(decisionId !== undefined && { decision_id: decisionId }),
    outcome: 'OUTCOME_DENY',
    enforcement: 'ENFORCEMENT_ENFORCED',
    reasons: [{ ...makeReason({ code: 'system.internal' }), severity: 'SEVERITY_DENY' }],
  };
}
