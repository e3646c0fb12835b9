import type { SpanContext } from '@opentelemetry/api';
import { systemClock } from '../lib/clock.ts';
import type { EpochMs } from '../lib/clock.ts';
import { methodOf } from './span-attributes.ts';
import type { SpanEnd } from './span-attributes.ts';
import { newSpanId, newTraceId } from './span-ids.ts';
import { parseTraceparent } from './traceparent.ts';

export type { SpanEnd } from './span-attributes.ts';

/** The span of one decision. All calls are cheap and harmless where tracing is off. */
export interface DecisionSpan {
  /** Lower-case hex; all zeros where nothing traces and the PEP sent no `traceparent`. */
  readonly traceId: string;
  readonly spanId: string;
  /** For the record; null where there is no trace at all. */
  readonly trace: { readonly trace_id: string; readonly span_id: string } | null;
  /** Marks the end of a stage of the flow. */
  event(name: string): void;
  /** Writes what was decided and ends the span. A decision with faults has error status, a denial does not. */
  end(decision: SpanEnd): void;
}

/** A decision's span, whole: all that is sent of it. */
export interface FinishedSpan {
  /** Lower-case hex, as every id. */
  readonly traceId: string;
  readonly spanId: string;
  /** Of the PEP; undefined at the root of a trace. */
  readonly parentSpanId: string | undefined;
  readonly door: string;
  readonly start: EpochMs;
  readonly events: readonly SpanEvent[];
  /** Milliseconds. */
  readonly duration: number;
  readonly decision: SpanEnd;
}

export interface SpanEvent {
  readonly name: string;
  /** Milliseconds after the span's start. */
  readonly at: number;
}

/** Where spans go. */
export interface SpanOutlet {
  /** Whether a span that begins now is sent. `parent` is the PEP's. */
  samples(traceId: string, method: string, parent: SpanContext | undefined): boolean;
  take(span: FinishedSpan): void;
}

let everyones: SpanOutlet | undefined;

/** Sends the spans of this process's decisions from now on; undefined: nowhere, and nothing traces. */
export function traceTo(outlet: SpanOutlet | undefined): void {
  everyones = outlet;
}

/**
 * Starts the one SERVER span of a decision. `traceparent` is the PEP's header, untrusted; a malformed one starts a
 * new trace. `door` names the RPC method.
 */
export function startDecisionSpan(
  from: { readonly traceparent?: string; readonly door: string },
  outlet: SpanOutlet | undefined = everyones,
): DecisionSpan {
  const parent = parseTraceparent(from.traceparent);
  if (outlet === undefined) return parent === undefined ? nothing : unsent(parent.traceId, parent.spanId);
  const spanId = newSpanId();
  const traceId = parent?.traceId ?? newTraceId();
  const { door } = from;
  if (!outlet.samples(traceId, methodOf(door), parent)) return unsent(traceId, spanId);
  const start = systemClock.now();
  const began = systemClock.monotonic();
  const events: SpanEvent[] = [];
  let ended = false;
  return {
    ...{ traceId, spanId, trace: { trace_id: traceId, span_id: spanId } },
    event: (name) => void events.push({ name, at: systemClock.monotonic() - began }),
    end: (decision) => {
      if (ended) return;
      ended = true;
      const duration = systemClock.monotonic() - began;
      const parentSpanId = parent?.spanId;
      outlet.take({ traceId, spanId, parentSpanId, door, start, events, duration, decision });
    },
  };
}

/** A span that only the record knows. */
function unsent(traceId: string, spanId: string): DecisionSpan {
  return { traceId, spanId, trace: { trace_id: traceId, span_id: spanId }, event: ignore, end: ignore };
}

function ignore(): void {}

const nothing: DecisionSpan = {
  ...{ traceId: '0'.repeat(32), spanId: '0'.repeat(16), trace: null },
  ...{ event: ignore, end: ignore },
};
