import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import test from 'ava';
import { samplerFrom } from '../../../../src/server/otel/sampler.ts';

const traceId = 'ffffffffffffffffffffffffffffffff';

function samples(env: Readonly<Record<string, string>>, parentFlags?: number): boolean {
  const context =
    parentFlags === undefined
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, {
          traceId,
          spanId: '00f067aa0ba902b7',
          traceFlags: parentFlags,
          isRemote: true,
        });
  const { decision } = samplerFrom(env).shouldSample(context, traceId, 'x', SpanKind.SERVER, {}, []);
  return decision === SamplingDecision.RECORD_AND_SAMPLED;
}

test('by default, and for unknown names, everything is sampled unless the caller says otherwise', (t) => {
  for (const env of [{}, { OTEL_TRACES_SAMPLER: 'whatever' }] as Record<string, string>[]) {
    t.true(samples(env));
    t.true(samples(env, 1));
    t.false(samples(env, 0));
  }
});

test('the named samplers do what their names say', (t) => {
  t.true(samples({ OTEL_TRACES_SAMPLER: 'always_on' }, 0));
  t.false(samples({ OTEL_TRACES_SAMPLER: 'always_off' }, 1));
  t.false(samples({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, 1));
  t.false(samples({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }));
  t.true(samples({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, 1));
  t.false(samples({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }));
  t.true(samples({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, 1));
});

test('a ratio that is none samples everything rather than nothing', (t) => {
  t.true(samples({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: 'many' }));
});
