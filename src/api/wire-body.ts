import { classOf } from '../decision/reasons.ts';
import type { CoarseClass } from '../decision/reasons.ts';
import type { Decision } from '../decision/types.ts';
import { rowOf, tellingReason } from './status-table.ts';

/** What a denied device may do about it, and no more: nothing of lists, anchors or the inventory. */
export function coarseClass(decision: Decision): CoarseClass {
  if (rowOf(decision) === 'unavailable') return 'retry_later';
  const reason = tellingReason(decision);
  return reason ? classOf(reason) : 'not_authorized';
}

/** The body of a denial: JSON with the decision's id, for whoever asks the operator, and the coarse class. */
export function wireBody(decision: Decision): string {
  return JSON.stringify({ decision_id: decision.decision_id, class: coarseClass(decision) });
}
