import type { AuditRecord } from '../../audit/record.ts';
import type { MadeDecision } from '../../decision/types.ts';

/** A recorded decision as it was made, for what tells decisions to people. */
export function madeOf(record: AuditRecord): MadeDecision {
  const { decision_id, tenant, time, outcome, enforced, reasons, device_id, assurance } = record;
  const { obligations, valid_until, versions, faults, trace_id: trace, span_id: span } = record;
  return {
    decision: {
      ...{ decision_id, tenant, time, outcome, enforced, reasons, device_id, assurance },
      ...{ obligations, valid_until, versions, faults },
    },
    ...{ facts: record.facts, input: record.input, verdict: record.verdict },
    ...(record.document && { document: record.document }),
    ...{ pep: record.pep, door: record.door, connection_id: record.connection_id },
    trace: trace === null || span === null ? null : { trace_id: trace, span_id: span },
    timings: { facts: 0, policy: 0, conclude: 0, total: 0 },
  };
}
