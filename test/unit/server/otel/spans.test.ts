import test from 'ava';
import { watchedOutlet } from '../../../helpers/span-outlet.ts';
import type { FinishedSpan } from '../../../../src/telemetry/tracing.ts';

function span(number: number, deviceId = `meter-${number}`): FinishedSpan {
  return {
    traceId: number.toString(16).padStart(32, 'a'),
    spanId: number.toString(16).padStart(16, 'b'),
    parentSpanId: undefined,
    door: 'native',
    start: 1_763_000_000_000,
    events: [{ name: 'facts', at: 0.125 }],
    duration: 0.5,
    decision: {
      decision_id: `d${number}`,
      tenant: 'default',
      outcome: 'allow',
      enforced: true,
      reasons: [{ code: 'policy.ok' }],
      device_id: deviceId,
      assurance: 'device_proved',
      versions: {
        program: '0.1.0',
        bundle: 'b'.repeat(64),
        configuration: 'c0',
        anchors: 'a0',
        classes: 'k0',
        catalogue: 'r0',
        epochs: { local: number },
      },
      faults: [],
    },
  };
}

test('spans that wait for long, over several pieces of memory, are all sent whole and in order', (t) => {
  const { outlet, sent } = watchedOutlet();
  const spans = Array.from({ length: 1000 }, (_, number) => span(number));
  for (const each of spans) outlet.take(each);
  t.deepEqual(
    sent().map(({ traceId, spanId, attributes }) => [
      traceId,
      spanId,
      attributes['device.id'],
      attributes['portreeve.versions.epochs'],
    ]),
    spans.map(({ traceId, spanId, decision }) => [
      traceId,
      spanId,
      decision.device_id,
      [`local=${decision.versions.epochs['local']}`],
    ]),
  );
  t.true(sent().every(({ duration }) => duration === 500_000n));
});

test('a span that is larger than a piece of memory is sent like any other', (t) => {
  const { outlet, sent } = watchedOutlet();
  const long = 'm'.repeat(200_000);
  for (const each of [span(1), span(2, long), span(3)]) outlet.take(each);
  t.deepEqual(
    sent().map(({ attributes }) => attributes['device.id']),
    ['meter-1', long, 'meter-3'],
  );
});

test('what a PEP says in its traceparent is followed as the variables ask for', (t) => {
  const parent = (traceFlags: number) => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags });
  const asks = (env: Readonly<Record<string, string>>): readonly boolean[] => {
    const { outlet } = watchedOutlet(env);
    const remote = [0, 1].map((flags) => ({ ...parent(flags), isRemote: true }));
    return [undefined, ...remote].map((from) => outlet.samples('a'.repeat(32), 'm', from));
  };
  t.deepEqual(asks({}), [true, false, true]);
  t.deepEqual(asks({ OTEL_TRACES_SAMPLER: 'always_on' }), [true, true, true]);
  t.deepEqual(asks({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }), [false, false, true]);
});
