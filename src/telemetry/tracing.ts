import { ROOT_CONTEXT, SpanKind, SpanStatusCode, isSpanContextValid, trace } from '@opentelemetry/api';
import type { Attributes, Tracer } from '@opentelemetry/api';
import { attribute, methodOfDoor, scopeName, semantic } from './names.ts';
import { parseTraceparent } from './traceparent.ts';

/** What the end of a decision tells its span: the part of a decision that tracing cares about. */
export interface SpanEnd {
  readonly decision_id: string;
  readonly tenant: string;
  readonly outcome: string;
  readonly enforced: boolean;
  /** First one primary. */
  readonly reasons: readonly { readonly code: string }[];
  readonly device_id: string | null;
  readonly assurance: string;
  readonly versions: {
    readonly program: string;
    readonly bundle: string | null;
    readonly configuration: string;
    readonly anchors: string;
    readonly classes: string;
    readonly catalogue: string;
    readonly epochs: Readonly<Record<string, number>>;
  };
  readonly faults: readonly { readonly code: string; readonly message: string }[];
}

/** The span of one decision. All calls are cheap and harmless where tracing is off. */
export interface DecisionSpan {
  /** Lower-case hex; all zeros where nothing traces and the PEP sent no `traceparent`. */
  readonly traceId: string;
  readonly spanId: string;
  /** For the record; null where there is no trace at all. */
  readonly trace: { readonly trace_id: string; readonly span_id: string } | null;
  /** Marks the end of a stage of the flow. */
  event(name: string, attributes?: Attributes): void;
  /** Writes what was decided and ends the span. A decision with faults has error status, a denial does not. */
  end(decision: SpanEnd): void;
}

/**
 * Starts the one SERVER span of a decision. `traceparent` is the PEP's header, untrusted; a malformed one starts a
 * new trace. `door` names the RPC method.
 */
export function startDecisionSpan(
  from: { readonly traceparent?: string; readonly door: string },
  tracer: Tracer = trace.getTracer(scopeName),
): DecisionSpan {
  const parent = parseTraceparent(from.traceparent);
  const method = methodOfDoor[from.door] ?? from.door;
  const span = tracer.startSpan(
    method,
    {
      kind: SpanKind.SERVER,
      attributes: {
        [semantic.rpcSystem]: 'grpc',
        [semantic.rpcMethod]: method,
        [attribute.door]: from.door,
      },
    },
    parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
  );
  const context = span.spanContext();
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    trace: isSpanContextValid(context) ? { trace_id: context.traceId, span_id: context.spanId } : null,
    event: (name, attributes) => {
      if (span.isRecording()) span.addEvent(name, attributes);
    },
    end: (decision) => {
      if (span.isRecording()) {
        span.setAttributes(attributesOf(decision));
        const fault = decision.faults[0];
        if (fault) {
          span.setAttribute(semantic.errorType, fault.code);
          span.setStatus({ code: SpanStatusCode.ERROR, message: fault.message });
        }
      }
      span.end();
    },
  };
}

function attributesOf(decision: SpanEnd): Attributes {
  const { versions } = decision;
  return {
    [attribute.decisionId]: decision.decision_id,
    [attribute.tenant]: decision.tenant,
    [attribute.outcome]: decision.outcome,
    [attribute.enforced]: decision.enforced,
    [attribute.reason]: decision.reasons[0]?.code ?? '',
    [attribute.reasons]: decision.reasons.map((reason) => reason.code),
    [attribute.assurance]: decision.assurance,
    ...(decision.device_id === null ? {} : { [semantic.deviceId]: decision.device_id }),
    ...(decision.faults.length === 0
      ? {}
      : { [attribute.faults]: decision.faults.map((fault) => fault.code) }),
    [attribute.versionProgram]: versions.program,
    ...(versions.bundle === null ? {} : { [attribute.versionBundle]: versions.bundle }),
    [attribute.versionConfiguration]: versions.configuration,
    [attribute.versionAnchors]: versions.anchors,
    [attribute.versionClasses]: versions.classes,
    [attribute.versionCatalogue]: versions.catalogue,
    [attribute.versionEpochs]: Object.entries(versions.epochs).map(([origin, epoch]) => `${origin}=${epoch}`),
  };
}
