import test from 'ava';
import { readTiming } from '../../../src/api/deadline.ts';

const clock = { now: () => 1_000_000, monotonic: () => 500 };

/** Milliseconds left of a call with these timeouts and a budget of 150 ms. */
function left(grpcMs: number | undefined, ...expected: string[]): number {
  const call = {
    getDeadline: () => (grpcMs === undefined ? Infinity : 1_000_000 + grpcMs),
    metadata: { get: (name: string) => (name === 'x-envoy-expected-rq-timeout-ms' ? expected : []) },
  };
  const { arrived, deadline } = readTiming(call, clock, 150);
  return deadline - arrived;
}

test('the least of the three counts, less 10 ms', (t) => {
  t.is(left(undefined), 140);
  t.is(left(100), 90);
  t.is(left(undefined, '50'), 40);
  t.is(left(100, '50'), 40);
  t.is(left(30, '50'), 20);
  t.is(left(undefined, '90', '60'), 50);
});

test('values above the budget are clipped to it', (t) => {
  t.is(left(3_600_000_000, '99999999999999999999999'), 140);
});

test('a timeout that has overflowed into the past leaves the budget', (t) => {
  t.is(left((35_792 * 60_000) | 0), 140);
});

test('malformed values leave the budget', (t) => {
  for (const text of ['', 'abc', '1e9', '0x10', '5.5', '12ms', 'NaN', 'Infinity'])
    t.is(left(undefined, text), 140, text);
});

test('zero and less have already passed', (t) => {
  t.true(left(0) < 0);
  t.true(left(-5) < 0);
  t.true(left(undefined, '0') < 0);
  t.true(left(undefined, '-5') < 0);
});

test('a Date is understood', (t) => {
  const call = { getDeadline: () => new Date(1_000_060), metadata: { get: () => [] } };
  t.is(readTiming(call, clock, 150).deadline, 550);
});
