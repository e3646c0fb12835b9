import test from 'ava';
import fc from 'fast-check';
import { parseTraceparent } from '../../../src/telemetry/traceparent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

test('a well-formed traceparent gives its ids and the sampled flag', (t) => {
  t.deepEqual(parseTraceparent(`00-${traceId}-${spanId}-01`), {
    traceId,
    spanId,
    traceFlags: 1,
    isRemote: true,
  });
  t.is(parseTraceparent(`00-${traceId}-${spanId}-02`)?.traceFlags, 0);
});

test('a later version may carry more fields, version 00 may not', (t) => {
  t.is(parseTraceparent(`cc-${traceId}-${spanId}-01-more`)?.traceId, traceId);
  t.is(parseTraceparent(`00-${traceId}-${spanId}-01-more`), undefined);
  t.is(parseTraceparent(`cc-${traceId}-${spanId}-01more`), undefined);
});

for (const [why, text] of [
  ['version ff', `ff-${traceId}-${spanId}-01`],
  ['an all-zero trace id', `00-${'0'.repeat(32)}-${spanId}-01`],
  ['an all-zero span id', `00-${traceId}-${'0'.repeat(16)}-01`],
  ['upper-case hex', `00-${traceId.toUpperCase()}-${spanId}-01`],
  ['surrounding space', ` 00-${traceId}-${spanId}-01`],
  ['a short id', `00-${traceId.slice(1)}-${spanId}-01`],
  ['nothing', ''],
] as const) {
  test(`traceparent with ${why} is refused`, (t) => {
    t.is(parseTraceparent(text), undefined);
  });
}

test('no text makes the reader throw, and what it accepts is always valid', (t) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (text) => {
      const parsed = parseTraceparent(text);
      return parsed === undefined || (/^[0-9a-f]{32}$/.test(parsed.traceId) && !/^0+$/.test(parsed.spanId));
    }),
    { numRuns: 200 * Number(process.env.SOAK_FACTOR ?? 1) },
  );
  t.pass();
});
