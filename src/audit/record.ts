import type { Pep } from '../context/types.ts';
import type { Decision, Facts, MadeDecision } from '../decision/types.ts';
import type { RecordedDocument } from '../decision/recorded-document.ts';
import { fitRecord } from './cut.ts';
import type { CutPart } from './cut.ts';
import type { PolicyInput, Verdict } from '../policy/types.ts';
import type { RecordMode } from './home.ts';

/** Format of decision records and records of acts; `record.schema.json` and `act.schema.json` describe it. */
export const recordFormat = 1;

/**
 * The record of one decision, faults included: the decision as it was answered, what it was found by, and what it
 * was made from, so that it can be concluded again. Times are RFC 3339, instants in `facts` milliseconds since
 * 1970, digests and serials lower-case hex. No certificate, header or token is in it, but for `document`.
 */
export interface AuditRecord extends Decision {
  readonly schema: typeof recordFormat;
  readonly kind: 'decision';
  /** How it was kept; absent from records of programs that had one way alone. */
  readonly audit_mode?: RecordMode;
  readonly class: string | null;
  readonly owner: string | null;
  /** The device's, else its enforcement point's. */
  readonly site: string | null;
  readonly tags: readonly string[];
  /** What a policy that was written for another program saw of the request; absent where it saw none. */
  readonly document?: RecordedDocument;
  readonly pep: Pep;
  readonly door: string;
  readonly connection_id: string | null;
  /** The gateway that speaks for the device, or through which it connects; absent from older records, as the next. */
  readonly gateway?: string | null;
  /** Id of the request that the PEP gave (Envoy's `x-request-id`). */
  readonly request_id?: string | null;
  /** What was left out because the record would be too long; absent where nothing was. */
  readonly cut?: readonly CutPart[];
  /** JSON pointers of the texts that stand as commitments (`audit.redact`); absent where none does. */
  readonly redacted?: readonly string[];
  /** SHA-256 of the leaf, and of its SubjectPublicKeyInfo. */
  readonly leaf: string | null;
  readonly key: string | null;
  readonly issuer: string | null;
  readonly issuer_key: string | null;
  readonly serial: string | null;
  readonly trace_id: string | null;
  readonly span_id: string | null;
  readonly facts: Facts | null;
  readonly input: PolicyInput | null;
  readonly verdict: Verdict | null;
}

/**
 * Writes the record of a decision. Pure; the same decision gives the same record. Members stand in canonical order,
 * here as in all that records hold, so that writing them need not sort.
 */
export function buildRecord(made: MadeDecision, mode?: RecordMode): AuditRecord {
  const { decision, facts, input, verdict, pep, door, trace } = made;
  const { credential = null, device = null } = facts ?? {};
  return {
    assurance: decision.assurance,
    ...(mode && { audit_mode: mode }),
    class: device?.class ?? null,
    connection_id: made.connection_id,
    decision_id: decision.decision_id,
    device_id: decision.device_id,
    ...(made.document && { document: made.document }),
    door,
    enforced: decision.enforced,
    facts,
    faults: decision.faults,
    gateway: facts?.gateway?.id ?? null,
    input,
    issuer: credential?.issuer_name ?? null,
    issuer_key: credential?.issuer_key ?? null,
    key: credential?.key_digest ?? null,
    kind: 'decision',
    leaf: credential?.fingerprint ?? null,
    obligations: decision.obligations,
    outcome: decision.outcome,
    owner: device?.owner ?? null,
    pep,
    reasons: decision.reasons,
    request_id: facts ? facts.connection.request_id : (made.request_id ?? null),
    schema: recordFormat,
    serial: credential?.serial ?? null,
    site: device?.site ?? pep.site ?? null,
    span_id: trace?.span_id ?? null,
    tags: device?.tags ?? [],
    tenant: decision.tenant,
    time: decision.time,
    trace_id: trace?.trace_id ?? null,
    valid_until: decision.valid_until,
    verdict,
    versions: decision.versions,
  };
}

/**
 * The record's line without its line feed: RFC 8785 text, so that equal records are equal bytes; of at most 65,535 bytes,
 * with what was cut for that named under `cut`.
 */
export function recordBytes(record: object): string {
  return fitRecord(record);
}
