import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import test from 'ava';
import { startDecisionSpan } from '../../../src/telemetry/tracing.ts';
import type { SpanEnd } from '../../../src/telemetry/tracing.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const made: SpanEnd = {
  decision_id: '0190a1b2-0000-7000-8000-000000000001',
  tenant: 'default',
  outcome: 'deny',
  enforced: true,
  reasons: [{ code: 'revocation.revoked' }, { code: 'policy.denied' }],
  device_id: 'meter-1',
  assurance: 'device_proved',
  versions: {
    program: '0.1.0',
    bundle: 'b0',
    configuration: 'c0',
    anchors: 'a0',
    classes: 'k0',
    catalogue: 'r0',
    epochs: { local: 7 },
  },
  faults: [],
};

function traced() {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  return { exporter, provider, tracer: provider.getTracer('test') };
}

test('a decision is one server span below the traceparent of the PEP, with its stages as events', async (t) => {
  const { exporter, provider, tracer } = traced();
  const span = startDecisionSpan(
    { traceparent: `00-${traceId}-${spanId}-01`, door: 'ext_authz_http' },
    tracer,
  );
  span.event('facts');
  span.event('policy');
  span.end(made);
  await provider.forceFlush();
  const spans = exporter.getFinishedSpans();
  t.is(spans.length, 1);
  const [only] = spans;
  t.is(only?.kind, SpanKind.SERVER);
  t.is(only?.name, 'envoy.service.auth.v3.Authorization/Check');
  t.is(only?.spanContext().traceId, traceId);
  t.is(only?.parentSpanContext?.spanId, spanId);
  t.deepEqual(span.trace, { trace_id: traceId, span_id: span.spanId });
  t.deepEqual(
    only?.events.map((event) => event.name),
    ['facts', 'policy'],
  );
  t.like(only?.attributes, {
    'rpc.system.name': 'grpc',
    'rpc.method': 'envoy.service.auth.v3.Authorization/Check',
    'portreeve.outcome': 'deny',
    'portreeve.enforced': true,
    'portreeve.reason': 'revocation.revoked',
    'portreeve.assurance': 'device_proved',
    'portreeve.decision_id': made.decision_id,
    'portreeve.versions.bundle': 'b0',
    'device.id': 'meter-1',
  });
  t.deepEqual(only?.attributes['portreeve.reasons'], ['revocation.revoked', 'policy.denied']);
  t.deepEqual(only?.attributes['portreeve.versions.epochs'], ['local=7']);
  t.is(only?.status.code, SpanStatusCode.UNSET);
});

test('a fault sets the error status, a malformed traceparent starts a new trace', async (t) => {
  const { exporter, provider, tracer } = traced();
  const span = startDecisionSpan({ traceparent: 'nonsense', door: 'native' }, tracer);
  span.end({ ...made, device_id: null, faults: [{ code: 'policy.timeout', message: 'late' }] });
  await provider.forceFlush();
  const [only] = exporter.getFinishedSpans();
  t.is(only?.parentSpanContext, undefined);
  t.is(only?.name, 'portreeve.v1.DecisionService/Decide');
  t.is(only?.status.code, SpanStatusCode.ERROR);
  t.is(only?.attributes['error.type'], 'policy.timeout');
  t.false('device.id' in (only?.attributes ?? {}));
});

test('without a tracer provider the trace of the PEP is still known to the record, and none is made up', (t) => {
  const carried = startDecisionSpan({ traceparent: `00-${traceId}-${spanId}-01`, door: 'native' });
  t.is(carried.trace?.trace_id, traceId);
  carried.event('facts');
  carried.end(made);
  t.is(startDecisionSpan({ door: 'native' }).trace, null);
});
