import { differencesOf } from '../decision/differences.ts';
import type { Difference } from '../decision/differences.ts';
import type { Decision } from '../decision/types.ts';
import { buildRecord } from './record.ts';
import type { AuditRecord } from './record.ts';

/**
 * Where a record says of its decision something else than its own facts: class, owner, site, tags, leaf, key, issuer,
 * serial, enforcement point, door, tenant, connection. What the decision itself says is compared by concluding it again.
 * Without facts, enforcement point, door and connection are taken as they stand; trace ids always are.
 */
export function derivedDifferences(record: AuditRecord): readonly Difference[] {
  const { facts } = record;
  const made = {
    decision: { ...decisionOf(record), tenant: facts?.tenant ?? record.tenant },
    facts,
    input: record.input,
    verdict: record.verdict,
    ...(record.document && { document: record.document }),
    pep: facts?.pep ?? record.pep,
    door: facts?.door ?? record.door,
    request_id: record.request_id ?? null,
    connection_id: facts ? facts.connection.connection_id : record.connection_id,
    trace:
      record.trace_id === null || record.span_id === null
        ? null
        : { trace_id: record.trace_id, span_id: record.span_id },
    timings: { facts: 0, policy: 0, conclude: 0, total: 0 },
  };
  const again = buildRecord(made, record.audit_mode);
  const notDerived = { supersedes: undefined, cut: undefined, redacted: undefined };
  return differencesOf('', { ...record, ...notDerived }, { ...sinceThen(record, again), ...notDerived });
}

function decisionOf(record: AuditRecord): Decision {
  const { decision_id, tenant, time, outcome, enforced, reasons, device_id, assurance } = record;
  const { obligations, valid_until, versions, faults } = record;
  return {
    ...{ decision_id, tenant, time, outcome, enforced, reasons, device_id, assurance },
    ...{ obligations, valid_until, versions, faults },
  };
}

/** Older records lack what was added later. */
function sinceThen(record: AuditRecord, again: AuditRecord) {
  return {
    ...again,
    gateway: record.gateway === undefined ? undefined : again.gateway,
    request_id: record.request_id === undefined ? undefined : again.request_id,
  };
}
