import test from 'ava';
import { startDecisionSpan, traceTo } from '../../../src/telemetry/tracing.ts';
import type { FinishedSpan, SpanEnd, SpanOutlet } from '../../../src/telemetry/tracing.ts';
import { watchedOutlet } from '../../helpers/span-outlet.ts';

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

test('a decision is one server span below the traceparent of the PEP, with its stages as events', (t) => {
  const { outlet, sent } = watchedOutlet();
  const span = startDecisionSpan(
    { traceparent: `00-${traceId}-${spanId}-01`, door: 'ext_authz_http' },
    outlet,
  );
  span.event('facts');
  span.event('policy');
  t.is(sent().length, 0);
  span.end(made);
  const [only, ...others] = sent();
  t.deepEqual(others, []);
  t.is(only?.kind, 2);
  t.is(only?.name, 'envoy.service.auth.v3.Authorization/Check');
  t.is(only?.traceId, traceId);
  t.is(only?.parentSpanId, spanId);
  t.is(only?.spanId, span.spanId);
  t.not(span.spanId, spanId);
  t.deepEqual(span.trace, { trace_id: traceId, span_id: span.spanId });
  t.deepEqual(only?.events, ['facts', 'policy']);
  t.deepEqual(only?.attributes, {
    'rpc.system.name': 'grpc',
    'rpc.method': 'envoy.service.auth.v3.Authorization/Check',
    'portreeve.door': 'ext_authz_http',
    'portreeve.decision_id': made.decision_id,
    'portreeve.tenant': 'default',
    'portreeve.outcome': 'deny',
    'portreeve.enforced': true,
    'portreeve.reason': 'revocation.revoked',
    'portreeve.reasons': ['revocation.revoked', 'policy.denied'],
    'portreeve.assurance': 'device_proved',
    'device.id': 'meter-1',
    'portreeve.versions.program': '0.1.0',
    'portreeve.versions.bundle': 'b0',
    'portreeve.versions.configuration': 'c0',
    'portreeve.versions.anchors': 'a0',
    'portreeve.versions.classes': 'k0',
    'portreeve.versions.catalogue': 'r0',
    'portreeve.versions.epochs': ['local=7'],
  });
  t.deepEqual(only?.resource, { 'service.name': 'portreeve', 'service.instance.id': 'i0' });
  t.is(only?.status, 0);
});

test('a fault sets the error status, a malformed traceparent starts a new trace', (t) => {
  const { outlet, sent } = watchedOutlet();
  const span = startDecisionSpan({ traceparent: 'nonsense', door: 'native' }, outlet);
  span.end({ ...made, device_id: null, faults: [{ code: 'policy.timeout', message: 'late' }] });
  const [only] = sent();
  t.is(only?.parentSpanId, '');
  t.is(only?.traceId, span.traceId);
  t.is(only?.name, 'portreeve.v1.DecisionService/Decide');
  t.is(only?.status, 2);
  t.is(only?.attributes['error.type'], 'policy.timeout');
  t.deepEqual(only?.attributes['portreeve.faults'], ['policy.timeout']);
  t.false('device.id' in (only?.attributes ?? {}));
});

test('a span begins and ends when the decision does, and its events lie between in their order', (t) => {
  const finished: FinishedSpan[] = [];
  const outlet: SpanOutlet = { samples: () => true, take: (span) => void finished.push(span) };
  const before = Date.now();
  const span = startDecisionSpan({ door: 'native' }, outlet);
  const after = Date.now();
  span.event('facts');
  span.event('policy');
  span.end(made);
  const [{ start = NaN, events = [], duration = NaN } = {}] = finished;
  t.true(before <= start && start <= after);
  const times = [0, ...events.map(({ at }) => at), duration];
  t.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  t.true(duration > 0);
});

test('a span that ends again is sent once', (t) => {
  const { outlet, sent } = watchedOutlet();
  const span = startDecisionSpan({ door: 'native' }, outlet);
  span.end(made);
  span.end(made);
  t.is(sent().length, 1);
});

test('a span that is not sampled is not sent, and the record names it all the same', (t) => {
  const { outlet, sent } = watchedOutlet();
  const below = startDecisionSpan({ traceparent: `00-${traceId}-${spanId}-00`, door: 'native' }, outlet);
  below.event('facts');
  below.end(made);
  t.is(below.trace?.trace_id, traceId);
  t.not(below.trace?.span_id, spanId);
  const never = watchedOutlet({ OTEL_TRACES_SAMPLER: 'always_off' });
  const root = startDecisionSpan({ door: 'native' }, never.outlet);
  root.end(made);
  t.regex(root.trace?.trace_id ?? '', /^[0-9a-f]{32}$/);
  t.regex(root.trace?.span_id ?? '', /^[0-9a-f]{16}$/);
  t.deepEqual([...sent(), ...never.sent()], []);
});

test('the sampler is asked about the trace, by the method and the span of the PEP', (t) => {
  const asked: unknown[] = [];
  const outlet: SpanOutlet = {
    samples: (...about) => {
      asked.push(about);
      return false;
    },
    take: () => t.fail(),
  };
  const method = 'portreeve.v1.DecisionService/Decide';
  const root = startDecisionSpan({ door: 'native' }, outlet);
  startDecisionSpan({ traceparent: `00-${traceId}-${spanId}-01`, door: 'native' }, outlet).end(made);
  t.deepEqual(asked, [
    [root.traceId, method, undefined],
    [traceId, method, { traceId, spanId, traceFlags: 1, isRemote: true }],
  ]);
});

test('a ratio samples about so many of the traces', (t) => {
  const { outlet, sent } = watchedOutlet({
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.5',
  });
  for (let count = 0; count < 1000; count++) startDecisionSpan({ door: 'native' }, outlet).end(made);
  const { length } = sent();
  // Ten standard deviations either way.
  t.true(length > 340 && length < 660, String(length));
});

test('spans go where the process sends them, until it sends them nowhere', (t) => {
  const { outlet, sent } = watchedOutlet();
  traceTo(outlet);
  startDecisionSpan({ door: 'native' }).end(made);
  traceTo(undefined);
  startDecisionSpan({ door: 'native' }).end(made);
  t.is(sent().length, 1);
});

test('where nothing traces the trace of the PEP is still known to the record, and none is made up', (t) => {
  const carried = startDecisionSpan({ traceparent: `00-${traceId}-${spanId}-01`, door: 'native' });
  t.deepEqual(carried.trace, { trace_id: traceId, span_id: spanId });
  carried.event('facts');
  carried.end(made);
  const none = startDecisionSpan({ door: 'native' });
  t.is(none.trace, null);
  t.is(none.traceId, '0'.repeat(32));
  none.event('facts');
  none.end(made);
});
