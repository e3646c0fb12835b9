import test from 'ava';
import { newSpanId, newTraceId } from '../../../src/telemetry/span-ids.ts';

test('ids are hex of their length, and no two are the same, however many are drawn', (t) => {
  // Over several draws of random bytes, whose length is no multiple of what one span takes.
  const ids = Array.from({ length: 1000 }, () => [newTraceId(), newSpanId()] as const);
  t.true(ids.every(([traceId, spanId]) => /^[0-9a-f]{32}$/.test(traceId) && /^[0-9a-f]{16}$/.test(spanId)));
  t.is(new Set(ids.flatMap(([traceId, spanId]) => [traceId, spanId])).size, 2000);
  // Nor do they share their begin: what is random is the whole id.
  t.true(new Set(ids.map(([traceId]) => traceId.slice(0, 8))).size > 990);
});
