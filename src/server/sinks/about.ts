import type { EpochMs } from '../../lib/clock.ts';
import { parseInstant } from '../../lib/clock.ts';

/** How much a record asks to be looked at. */
export type Urgency = 'info' | 'notice' | 'warning' | 'error';

/** What a sink's own fields are filled from. */
export interface RecordAbout {
  /** Letters, digits and `_`; `unknown` for what is no record. */
  readonly kind: string;
  /** The record's own time; 0 where it has none. */
  readonly time: EpochMs;
  readonly urgency: Urgency;
  /** Of a decision alone. */
  readonly decisionId: string | null;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly tenant: string | null;
  /** Hexadecimal, both or neither. */
  readonly trace: { readonly traceId: string; readonly spanId: string } | null;
}

/** Reads what is told of an entry. Never throws: what is no record is sent as well. */
export function aboutOf(bytes: Uint8Array): RecordAbout {
  const record = recordIn(bytes) ?? {};
  const { kind, time, trace_id: traceId, span_id: spanId } = record;
  const [reason] = Array.isArray(record['reasons']) ? (record['reasons'] as unknown[]) : [];
  return {
    kind: typeof kind === 'string' && /^[a-z_]{1,32}$/.test(kind) ? kind : 'unknown',
    time: (typeof time === 'string' ? parseInstant(time) : undefined) ?? 0,
    urgency: urgencyOf(record),
    decisionId: textOf(record['decision_id']),
    outcome: textOf(record['outcome']),
    reason: textOf((reason as { code?: unknown } | undefined)?.code),
    tenant: textOf(record['tenant']),
    trace:
      isHex(traceId, 32) && isHex(spanId, 16) ? { traceId: String(traceId), spanId: String(spanId) } : null,
  };
}

/** The JSON object that an entry is; undefined for anything else. */
export function recordIn(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(),
    );
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Denials warn, faults are errors, acts are worth a look. */
function urgencyOf(record: Readonly<Record<string, unknown>>): Urgency {
  const { kind, outcome, enforced, faults } = record;
  if (Array.isArray(faults) && faults.length > 0) return 'error';
  if (kind === 'merged' || outcome === 'deny' || (kind === 'decision' && enforced === false))
    return 'warning';
  return kind === 'act' ? 'notice' : 'info';
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function isHex(value: unknown, length: number): boolean {
  return typeof value === 'string' && value.length === length && /^[0-9a-f]+$/.test(value);
}
