/* Spans written straight to bytes against the SDK's own spans and serializer for the same decisions: the same bytes. */
import assert from 'node:assert/strict';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, HrTime } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import test from 'ava';
import fc from 'fast-check';
import { requestWriter } from '../../src/server/otel/span-exporter.ts';
import { createSpanOutlet } from '../../src/server/otel/spans.ts';
import type { WrittenSpan } from '../../src/server/otel/spans.ts';
import { samplerFrom } from '../../src/server/otel/sampler.ts';
import { scopeName } from '../../src/telemetry/names.ts';
import {
  callAttributes,
  faultAttributes,
  methodOf,
  outcomeAttributes,
  ownAttributes,
  versionAttributes,
} from '../../src/telemetry/span-attributes.ts';
import type { FinishedSpan } from '../../src/telemetry/tracing.ts';

const numRuns = 300 * Number(process.env.SOAK_FACTOR ?? 1);

const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    ...[127, 128, 16_383, 16_384].map((length) => 'v'.repeat(length)),
    'é'.repeat(64),
    'a\ud800b',
  ),
);
const hex = (length: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .filter((bytes) => bytes.some((byte) => byte > 0))
    .map((bytes) => Buffer.from(bytes).toString('hex'));
const few = fc.constantFrom('a', 'é');
const codes = fc.array(fc.record({ code: fc.oneof({ weight: 9, arbitrary: few }, text) }), { maxLength: 2 });

/** Few, so that one decision's are often the last one's, or differ from them in one place. */
const versions = fc.record({
  program: fc.constantFrom('0.1.0', '0.2.0'),
  bundle: fc.constantFrom(null, 'b'.repeat(64)),
  configuration: fc.constantFrom('c'.repeat(64), 'd'.repeat(64)),
  anchors: fc.constantFrom('a', 'b'),
  classes: fc.constantFrom('k', 'l'),
  catalogue: fc.constantFrom('r', 's'),
  epochs: fc.constantFrom<Readonly<Record<string, number>>[]>(
    {},
    { local: 1 },
    { local: 2 },
    { other: 1 },
    { local: 1, other: 1 },
    { other: 1, local: 1 },
  ),
});
const decision = fc.record({
  decision_id: text,
  tenant: fc.oneof(few, text),
  outcome: few,
  enforced: fc.boolean(),
  reasons: codes,
  device_id: fc.option(text),
  assurance: few,
  versions,
  faults: fc.array(fc.record({ code: text, message: text }), { maxLength: 2 }),
});
/** Milliseconds in whole microseconds: what is nearer to a nanosecond's middle may be rounded either way. */
const span = fc.integer({ min: 0, max: 5_000_000 }).map((micros) => micros / 1000);
const finished: fc.Arbitrary<FinishedSpan> = fc.record({
  traceId: hex(16),
  spanId: hex(8),
  parentSpanId: fc.option(hex(8), { nil: undefined }),
  door: fc.constantFrom('ext_authz_http', 'ext_authz_l4', 'native', 'another'),
  start: fc.integer({ min: 0, max: 4_102_444_800_000 }),
  events: fc.array(fc.record({ name: fc.constantFrom('facts', 'policy', 'é'), at: span }), { maxLength: 5 }),
  duration: span,
  decision,
});

const resource = resourceFromAttributes({ 'service.name': 'portreeve', 'service.version': '0.1.0', é: 'è' });

test('spans are written as the SDK writes them', (t) => {
  const write = requestWriter(resource);
  fc.assert(
    fc.property(fc.array(finished, { minLength: 1, maxLength: 6 }), (spans) => {
      assert.equal(Buffer.from(write(written(spans))).toString('hex'), bySdk(spans));
    }),
    { numRuns },
  );
  t.pass();
});

function written(spans: readonly FinishedSpan[]): readonly WrittenSpan[] {
  const taken: WrittenSpan[] = [];
  const processor = { onEnd: (ended: unknown) => void taken.push(ended as WrittenSpan) };
  const outlet = createSpanOutlet({ sampler: samplerFrom({}), processor, resource });
  for (const each of spans) outlet.take(each);
  return taken;
}

/** Tracer, span, exporter: all of it the library's. */
function bySdk(spans: readonly FinishedSpan[]): string {
  const exporter = new InMemorySpanExporter();
  let ids: Pick<FinishedSpan, 'traceId' | 'spanId'> | undefined;
  const provider = new TracerProvider({
    resource,
    idGenerator: { generateTraceId: () => ids?.traceId ?? '', generateSpanId: () => ids?.spanId ?? '' },
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer(scopeName);
  for (const each of spans) {
    ids = each;
    const { traceId, parentSpanId, door, start, events, duration, decision: made } = each;
    const parent = parentSpanId && { traceId, spanId: parentSpanId, traceFlags: 1, isRemote: true };
    const open = tracer.startSpan(
      methodOf(door),
      { kind: SpanKind.SERVER, attributes: attributes(callAttributes(door)), startTime: timeOf(start, 0) },
      parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
    );
    for (const { name, at } of events) open.addEvent(name, timeOf(start, at));
    open.setAttributes(attributes(ownAttributes(made)));
    open.setAttributes(attributes(outcomeAttributes(made)));
    open.setAttributes(attributes(versionAttributes(made.versions)));
    open.setAttributes(attributes(faultAttributes(made)));
    const [fault] = made.faults;
    if (fault) open.setStatus({ code: SpanStatusCode.ERROR, message: fault.message });
    open.end(timeOf(start, duration));
  }
  return Buffer.from(
    ProtobufTraceSerializer.serializeRequest(exporter.getFinishedSpans()) as Uint8Array,
  ).toString('hex');
}

function attributes(of: object): Attributes {
  return { ...of };
}

function timeOf(start: number, after: number): HrTime {
  const nanos = BigInt(start) * 1_000_000n + BigInt(Math.round(after * 1e6));
  return [Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n)];
}
